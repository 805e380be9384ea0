package analyze

import (
	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract"
)

// Reading is a page that is parsed once, although more than one step needs to
// know what is in it: the crawler fetches its style sheets, the analyzer judges
// it, perhaps again when another view of it has come, and the browser is told its
// charset. It is not safe for concurrent use.
type Reading struct {
	// Page is the page without its Others. Its Stylesheets count when Document
	// is first called.
	Page qianshao.Page
	// Others are the page's Others.
	Others []*Reading

	parsed   *extract.Parsed    // until there is a document
	document *qianshao.Document // nil before the first call of Document
}

// Read returns a reading of the page and its other views. Each is parsed when
// it is first needed.
func Read(page qianshao.Page) *Reading {
	r := &Reading{Page: page}
	for _, other := range page.Others {
		r.Others = append(r.Others, &Reading{Page: other})
	}
	r.Page.Others = nil
	return r
}

// Whole returns the page with its other views.
func (r *Reading) Whole() qianshao.Page {
	page := r.Page
	for _, other := range r.Others {
		page.Others = append(page.Others, other.Page)
	}
	return page
}

// Stylesheets returns the absolute URLs of the style sheets that the page links to.
func (r *Reading) Stylesheets() []string { return r.parse().Stylesheets() }

// Document returns the page as understood. Resident identity numbers are masked.
func (r *Reading) Document() *qianshao.Document {
	if r.document == nil {
		r.document = r.parse().Document(func(url string) ([]byte, bool) {
			css, ok := r.Page.Stylesheets[url]
			return css, ok
		})
		r.parsed = nil // the tree takes more memory than the document
		maskResidentIDs(r.document)
	}
	return r.document
}

// Forget frees what was parsed and extracted of the page and its other views. It
// is read again when it is needed: this is for large pages, which must not take
// memory while the network is waited for.
func (r *Reading) Forget() {
	r.parsed, r.document = nil, nil
	for _, other := range r.Others {
		other.Forget()
	}
}

func (r *Reading) parse() *extract.Parsed {
	if r.parsed == nil {
		r.parsed = extract.Parse(r.Page)
	}
	return r.parsed
}
