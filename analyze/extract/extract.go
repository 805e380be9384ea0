// Package extract turns the bytes of a page into a qianshao.Document: the
// decoded source and its regions, each visible or hidden, each with its place
// in that source.
package extract

import "github.com/qianshao/qianshao"

// Options of Document. The zero value is usable.
type Options struct {
	// Stylesheets returns the external style sheet at an absolute URL, if the
	// same fetch brought it along. It may be nil.
	Stylesheets func(url string) ([]byte, bool)
}

// Document decodes and understands a page. It never fails: what was unusual
// is in the document's Notes.
func Document(page qianshao.Page, opts Options) *qianshao.Document {
	return &qianshao.Document{Source: string(page.Body)}
}

// Stylesheets returns the absolute URLs of the external style sheets that a
// page links to, each once, in the order of the page.
func Stylesheets(page qianshao.Page) []string { return nil }
