package analyze

import (
	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract"
	"github.com/qianshao/qianshao/analyze/mask"
)

// Extraction extracts a page once for the several steps that need its content: the crawler fetches
// its style sheets, the analyzer judges it, perhaps again with another view of it, and the browser
// is told its charset. It is not safe for concurrent use.
type Extraction struct {
	// Page is the page without its Others. Its Stylesheets, Scripts and Pictures are read by the
	// first call of Document, and by the first one after Forget.
	Page qianshao.Page
	// Others are the page's Others.
	Others []*Extraction

	parsed   *extract.Parsed    // until there is a document
	document *qianshao.Document // nil before the first call of Document
	charset  string             // empty before the page is parsed
}

// NewExtraction returns the extraction of a page and its other views. Each is
// parsed when it is first needed.
func NewExtraction(page qianshao.Page) *Extraction {
	x := &Extraction{Page: page}
	for _, other := range page.Others {
		x.Others = append(x.Others, &Extraction{Page: other})
	}
	x.Page.Others = nil
	return x
}

// Whole returns the page including its other views.
func (x *Extraction) Whole() qianshao.Page {
	page := x.Page
	for _, other := range x.Others {
		page.Others = append(page.Others, other.Page)
	}
	return page
}

// Stylesheets returns the absolute URLs of the style sheets that the page links to.
func (x *Extraction) Stylesheets() []string { return x.parse().Stylesheets() }

// Scripts returns the absolute URLs of the external scripts that the page runs.
func (x *Extraction) Scripts() []string { return x.parse().Scripts() }

// ScriptMatters reports whether an external script may change the judgement of the page, which then
// has to include it: scripts that contain Chinese, write into the page, hide parts of it or
// redirect visitors do; libraries do not.
func (x *Extraction) ScriptMatters(body []byte) bool { return extract.ScriptMatters(body, x.Charset()) }

// Charset returns the page's charset, as in Document.Charset. Forget does not discard it.
func (x *Extraction) Charset() string {
	if x.charset == "" {
		x.parse()
	}
	return x.charset
}

// Document returns the parsed page. Resident identity numbers are masked.
func (x *Extraction) Document() *qianshao.Document {
	if x.document == nil {
		parsed := x.parse()
		parsed.ReadScripts(x.Page.Scripts)
		x.document = parsed.Document(func(url string) ([]byte, bool) {
			css, ok := x.Page.Stylesheets[url]
			return css, ok
		})
		x.document.Form = x.Page.Form()
		x.parsed = nil // the tree takes more memory than the document
		mask.Document(x.document)
	}
	return x.document
}

// Forget frees what was extracted of the page and its other views; it is extracted again on demand.
// A crawler forgets large pages before it waits for the network, since each of its workers may hold
// one.
func (x *Extraction) Forget() {
	x.parsed, x.document = nil, nil
	for _, other := range x.Others {
		other.Forget()
	}
}

func (x *Extraction) parse() *extract.Parsed {
	if x.parsed == nil {
		x.parsed = extract.Parse(x.Page)
		x.charset = x.parsed.Charset()
	}
	return x.parsed
}
