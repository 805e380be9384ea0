// Package extract turns the bytes of a page into a qianshao.Document: the
// decoded source and its regions, each visible or hidden, each with its place
// in that source.
//
// The way of a page:
//
//	bytes → decode → source → builder (tokens, what scripts write) → tree
//	  → cascade (what the style sheets hide) → assembler → regions and links
//
// Everything is linear in the page's size and bounded by named limits; a page
// that reaches one is read with less structure and has a note.
package extract

import (
	"mime"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"github.com/qianshao/qianshao/analyze/extract/charset"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
)

// Options of Document. The zero value is usable.
type Options struct {
	// Stylesheets returns the external style sheet at an absolute URL, if the
	// same fetch brought it along. It may be nil. Where a sheet is missing, text
	// is called same-colour only against a background that the page itself names.
	Stylesheets func(url string) ([]byte, bool)
}

// Document decodes and understands a page. It never fails: what was unusual
// is in the document's Notes.
func Document(page qianshao.Page, opts Options) *qianshao.Document {
	d := charset.Decode(page.Body, page.ContentType)
	doc := &qianshao.Document{Charset: d.Name, CharsetFrom: d.From, Source: d.Text, Notes: d.Notes}
	if page.Truncated {
		doc.AddNote(qianshao.NoteTruncated)
	}
	if isPlainText(doc.Source, page.ContentType) {
		paragraphs(doc)
		return doc
	}
	b := newBuilder(doc.Source)
	b.feed(0)
	b.popTo(1)
	t := &b.tree

	base := ""
	if t.base != 0 {
		base = t.value(t.base, "href")
	}
	urls := newResolver(page.URL, base)
	c := t.newCascade(urls, opts)
	a := &assembler{tree: t, doc: doc, styles: c.styles, cover: c.cover, urls: urls}
	doc.Regions = make([]qianshao.Region, 0, 32+len(t.events)/3)
	a.run()

	if t.deep {
		doc.AddNote(qianshao.NoteTooDeep)
	}
	if t.tooMany || b.budget < 0 {
		doc.AddNote(qianshao.NoteTooMany)
	}
	if c.steps >= c.maxSteps {
		doc.AddNote(qianshao.NoteStyleBudget)
	}
	return doc
}

// isPlainText says whether a page is to be read as text: it is declared so, or
// there is no markup in it.
func isPlainText(source, contentType string) bool {
	if kind, _, _ := mime.ParseMediaType(contentType); kind == "text/plain" {
		return true
	}
	for i := 0; ; i++ {
		n := strings.IndexByte(source[i:], '<')
		if n < 0 {
			return !strings.Contains(source, "&#") // references are markup, too
		}
		i += n
		if i+1 < len(source) && (ascii.IsAlphanumeric(source[i+1]) || strings.IndexByte("!/?", source[i+1]) >= 0) {
			return false
		}
	}
}

// paragraphs splits a plain text at its empty lines.
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

// Stylesheets returns the absolute URLs of the external style sheets that a
// page links to, each once, in the order of the page, so that a crawler can
// fetch them along. It looks at link tags only.
func Stylesheets(page qianshao.Page) []string {
	source := charset.Decode(page.Body, page.ContentType).Text
	var found []string
	base := ""
	for _, tag := range tagsNamed(source, "base", "link") {
		href, rel := "", ""
		for _, at := range appendAttributes(nil, source, tag.Start, tag.End) {
			switch v := mapped.Unescape(source[at.start:at.end]); at.name {
			case "href":
				href = v
			case "rel":
				rel = v
			}
		}
		if ascii.Lower(source[tag.Start+1:tag.Start+5]) == "base" {
			if base == "" {
				base = href
			}
		} else if isStylesheetRel(rel) && len(found) < maxStylesheets {
			found = append(found, href)
		}
	}
	urls := newResolver(page.URL, base)
	out := found[:0]
	for _, href := range found {
		if u := urls.resolve(href); u != "" && !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	return out
}

// maxStylesheets bounds what a page can make a crawler fetch.
const maxStylesheets = 32

// tagsNamed finds the start tags of the names, all of four letters.
func tagsNamed(source string, names ...string) []qianshao.Span {
	var out []qianshao.Span
	for i := 0; ; {
		n := strings.IndexByte(source[i:], '<')
		if n < 0 || i+n+6 > len(source) {
			return out
		}
		i += n
		if slices.Contains(names, ascii.Lower(source[i+1:i+5])) && !ascii.IsAlphanumeric(source[i+5]) {
			end := strings.IndexByte(source[i:], '>')
			if end < 0 {
				return out
			}
			out = append(out, qianshao.Span{Start: i, End: i + end + 1})
		}
		i++
	}
}
