// Package extract turns the bytes of a page into a qianshao.Document: the
// decoded source and its regions, each visible or hidden, each with its place
// in that source.
//
// The steps, and the packages that take them:
//
//	Parse:    bytes → charset → source → tree, with what scripts write (script)
//	Document: tree and style sheets (css) → style: what is hidden → regions, links
//
// Everything takes linear time in the page's size and is bounded by named limits. A page that
// exceeds a limit is read with less structure, and its document has a note.
package extract

import (
	"maps"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"github.com/qianshao/qianshao/analyze/extract/charset"
	"github.com/qianshao/qianshao/analyze/extract/link"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
	"github.com/qianshao/qianshao/analyze/extract/script"
	"github.com/qianshao/qianshao/analyze/extract/style"
	"github.com/qianshao/qianshao/analyze/extract/tree"
)

// Parsed is a page that was decoded and parsed. The caller can fetch its style sheets before
// Document says what they hide.
type Parsed struct {
	decoded   charset.Decoded
	truncated bool
	tree      *tree.Tree // nil for plain text
	urls      link.Resolver
	pictures  []qianshao.Picture
}

// Parse decodes and parses a page. It never fails. Anything unusual is noted in the document's
// Notes.
func Parse(page qianshao.Page) *Parsed {
	p := &Parsed{decoded: charset.Decode(page.Body, page.ContentType), truncated: page.Truncated, pictures: page.Pictures}
	if isPlainText(p.decoded.Text, page.ContentType) {
		return p
	}
	p.tree = tree.Build(p.decoded.Text, nil)
	base := ""
	if p.tree.Base != 0 {
		base = p.tree.Value(p.tree.Base, "href")
	}
	p.urls = link.NewResolver(page.URL, base)
	return p
}

// Charset returns the charset that the page was in, as in Document.Charset.
func (p *Parsed) Charset() string { return p.decoded.Name }

// maxStylesheets bounds how many style sheets a page can make a crawler fetch.
const maxStylesheets = 32

// Stylesheets returns the absolute URLs of the page's external style sheets, each once, in the
// order in which they stand on the page.
func (p *Parsed) Stylesheets() []string {
	if p.tree == nil {
		return nil
	}
	var urls []string
	for _, sheet := range p.tree.Sheets {
		if sheet.Link == 0 || len(urls) == maxStylesheets {
			continue
		}
		if u := p.urls.Resolve(p.tree.Value(sheet.Link, "href")); u != "" && !slices.Contains(urls, u) {
			urls = append(urls, u)
		}
	}
	return urls
}

// maxScripts bounds how many scripts a page can make a crawler ask for, some of them on other
// sites.
const maxScripts = 64

// Scripts returns the absolute URLs of the page's external scripts, each once, in the order in
// which they stand on the page.
func (p *Parsed) Scripts() []string {
	if p.tree == nil {
		return nil
	}
	var urls []string
	for _, el := range p.tree.Scripts {
		if len(urls) == maxScripts {
			break
		}
		if u := p.urls.Resolve(p.tree.Value(el, "src")); u != "" && !slices.Contains(urls, u) {
			urls = append(urls, u)
		}
	}
	return urls
}

// ScriptMatters reports whether an external script has anything to say, so that the page must be
// read together with it. charset is the page's: the script is decoded from it unless it is UTF-8.
func ScriptMatters(body []byte, charset string) bool { return script.Matters(code(body, charset)) }

// code decodes an external script.
func code(body []byte, page string) string {
	if utf8.Valid(body) {
		return string(body)
	}
	return charset.Decode(body, "text/javascript; charset="+page).Text
}

// ReadScripts parses the page again, together with the external scripts that were fetched. Each
// script, given by its absolute URL, is read at the place of its element.
func (p *Parsed) ReadScripts(scripts map[string][]byte) {
	if p.tree == nil || len(scripts) == 0 {
		return
	}
	left := maps.Clone(scripts)
	p.tree = nil // frees the old tree, so that there are never two in memory
	p.tree = tree.Build(p.decoded.Text, func(ref string) (string, string, bool) {
		url := p.urls.Resolve(ref)
		body, ok := left[url]
		if !ok {
			return "", "", false
		}
		delete(left, url) // reading it again adds nothing, and a page may refer to it a million times
		return code(body, p.decoded.Name), url, true
	})
}

// Document returns what the page says and which of it is hidden. stylesheet returns the external
// style sheet at an absolute URL, if it was fetched. It may be nil. If a sheet is missing, text
// counts as same-colour only against a background that the page itself names.
func (p *Parsed) Document(stylesheet func(url string) ([]byte, bool)) *qianshao.Document {
	doc := &qianshao.Document{
		Charset: p.decoded.Name, CharsetFrom: p.decoded.From, Source: p.decoded.Text, Notes: slices.Clone(p.decoded.Notes),
	}
	if p.truncated {
		doc.AddNote(qianshao.NoteTruncated)
	}
	t := p.tree
	if t == nil {
		paragraphs(doc)
		return doc
	}
	styles := style.Compute(t, &p.urls, stylesheet)
	a := &assembler{Tree: t, doc: doc, styles: styles, urls: &p.urls, pictures: byURL(p.pictures), paths: t.Paths()}
	doc.Regions = make([]qianshao.Region, 0, min(32+len(t.Events)/3, maxRegions))
	a.run()
	a.screenshot()

	if t.TooDeep {
		doc.AddNote(qianshao.NoteTooDeep)
	}
	if t.TooMany {
		doc.AddNote(qianshao.NoteTooMany)
	}
	if styles.OverBudget {
		doc.AddNote(qianshao.NoteStyleBudget)
	}
	return doc
}

// isPlainText reports whether a page is to be read as plain text: its content type says so, or it
// has no markup.
func isPlainText(source, contentType string) bool {
	if kind, _, _ := mime.ParseMediaType(contentType); kind == "text/plain" {
		return true
	}
	for i := 0; ; i++ {
		n := strings.IndexByte(source[i:], '<')
		if n < 0 {
			return !strings.Contains(source, "&#") // character references count as markup, too
		}
		i += n
		if i+1 < len(source) && (ascii.IsAlphanumeric(source[i+1]) || strings.IndexByte("!/?", source[i+1]) >= 0) {
			return false
		}
	}
}

// paragraphs splits a plain text at empty lines.
func paragraphs(doc *qianshao.Document) {
	a := &assembler{doc: doc}
	source := mapped.Source(doc.Source)
	var p piece
	for start := 0; start < len(doc.Source); {
		end := len(doc.Source)
		if n := strings.IndexByte(doc.Source[start:], '\n'); n >= 0 {
			end = start + n
		}
		if strings.TrimSpace(doc.Source[start:end]) == "" && len(p.Text) > 0 && len(doc.Regions) < maxRegions {
			a.emit(&p.Builder, qianshao.Region{Kind: qianshao.RegionText})
			p.Reset()
		}
		end = min(end+1, len(doc.Source))
		p.Add(&source, start, end, mapped.Verbatim)
		start = end
	}
	if len(p.Text) > 0 {
		a.emit(&p.Builder, qianshao.Region{Kind: qianshao.RegionText})
	}
}
