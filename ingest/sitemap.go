package ingest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"golang.org/x/net/html/charset"
)

// sitemapEntry is one loc of a sitemap, or of an index of sitemaps.
type sitemapEntry struct {
	loc   string
	index bool
}

// maxSitemapDepth bounds nesting; the format needs four levels with extensions.
const maxSitemapDepth = 32

// sitemapEntries streams the entries of a sitemap (https://www.sitemaps.org/protocol.html),
// at most MaxSitemapURLs. It reads raw tokens, so memory does not grow with the nesting.
// The locs of image and video extensions have a prefix and are left out.
func sitemapEntries(r io.Reader) iter.Seq2[sitemapEntry, error] {
	return func(yield func(sitemapEntry, error) bool) {
		d := xml.NewDecoder(r)
		d.Strict = false
		d.CharsetReader = charset.NewReaderLabel
		p := sitemapParser{}
		for n := 0; n < MaxSitemapURLs; {
			token, err := d.RawToken()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				err = p.token(token)
			}
			if err != nil {
				yield(sitemapEntry{}, fmt.Errorf("at byte %d: %w", d.InputOffset(), err))
				return
			}
			if p.ready {
				p.ready = false
				n++
				if !yield(sitemapEntry{strings.TrimSpace(p.text.String()), p.parent == "sitemap"}, nil) {
					return
				}
			}
		}
	}
}

// sitemapParser keeps track of the entry that it is in.
type sitemapParser struct {
	depth  int
	parent string // "url" or "sitemap", the entry that is open
	inLoc  bool
	ready  bool // text holds a whole loc
	text   strings.Builder
}

func (p *sitemapParser) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		if p.depth++; p.depth > maxSitemapDepth {
			return fmt.Errorf("nested deeper than %d, so it is not a sitemap", maxSitemapDepth)
		}
		if t.Name.Space != "" {
			return nil
		}
		switch name := strings.ToLower(t.Name.Local); name {
		case "url", "sitemap":
			p.parent = name
		case "loc":
			p.inLoc = p.parent != ""
			p.text.Reset()
		case "html":
			return errors.New("an HTML page, not a sitemap")
		}
	case xml.EndElement:
		p.depth--
		if t.Name.Space == "" && strings.EqualFold(t.Name.Local, "loc") && p.inLoc {
			p.inLoc, p.ready = false, p.text.Len() > 0
		}
	case xml.CharData:
		if p.inLoc && p.text.Len() <= 16<<10 { // longer than any URL that is followed
			p.text.Write(t)
		}
	}
	return nil
}
