package qianshao

import (
	"sort"
	"unicode/utf8"
)

// Document is a parsed page: its decoded source and the pieces of text in it, each with its place
// in the source.
type Document struct {
	// Charset is the IANA name of the charset that Source was decoded from, lower case.
	Charset string
	// CharsetFrom says how it was found: bom, header, meta, xml, detected, default;
	// with "corrected" where the declaration was wrong ("meta corrected").
	CharsetFrom string
	// Source is the decoded page, valid UTF-8. Every Span points into it.
	Source string
	// Form is what the document is judged as; empty means FormPage.
	Form    Form
	Title   string
	Regions []Region
	// Pictures are the references of the pictures that the page shows, each once, in the
	// order of the page: absolute URLs, and short data URIs.
	Pictures []string
	Links    []Link
	// MetaRobots are the contents of the meta elements for robots, in the order of the page. They
	// are recorded on findings, as Page.RobotsTags are.
	MetaRobots []string
	// Notes name what was unusual: see the Note constants.
	Notes []Note

	lineStarts []int // byte offsets, built on the first Position
}

// Note is a named peculiarity of a page that a reader of a finding should know.
type Note string

const (
	NoteTruncated    Note = "truncated"       // the body was cut at the size cap
	NoteBinary       Note = "binary"          // not text at all; nothing was extracted
	NoteEmpty        Note = "empty"           // no bytes
	NoteTooDeep      Note = "nested_too_deep" // the parser gave up; the tokenizer's view is used
	NoteTooMany      Note = "too_many_regions"
	NoteWrongCharset Note = "wrong_charset" // declared one charset but is in another
	NoteStyleBudget  Note = "style_budget"  // the style sheets were too costly to apply in full: text that counts as visible may be hidden
	NoteRuleBudget   Note = "rule_budget"   // the rules' regular expressions were too costly to run on the whole page
	NoteBadBytes     Note = "undecodable_bytes"
)

// Region is a piece of text that belongs together: the inline text of one
// block, an attribute, a comment, a string in a script. Text that is hidden and
// text that is visible never share a region, so junk hidden between the
// characters of a word does not break the word.
type Region struct {
	Kind RegionKind
	// Name is the name of the attribute or meta tag; empty for other kinds.
	Name string
	// Path is a CSS selector that leads to the element: "body > div:nth-of-type(2) > a".
	Path string
	// Hidden says how the region is kept from a visitor's eyes; empty if it is visible.
	Hidden Hiding
	// Script is the URL of the external script that holds or writes the text; empty if the page
	// itself does. If it is set, Map leads to where the page refers to the script.
	Script string
	// Picture says in which picture the text was read: its URL, "data:" with a hash, or
	// PictureScreenshot; empty for text in the source. If it is set, Name is NamePicture or
	// NameQRCode, and Map leads to where the page shows the picture.
	Picture string
	// Text is the decoded text: entities resolved, white space collapsed.
	Text string
	// Map leads from Text back to Source: runs in ascending order of Text.
	Map []Run
}

// RegionKind says what part of a page a region is.
type RegionKind string

const (
	RegionTitle   RegionKind = "title"
	RegionMeta    RegionKind = "meta" // content of meta keywords, description, og:*; Name says which
	RegionHeading RegionKind = "heading"
	RegionText    RegionKind = "text"
	RegionAnchor  RegionKind = "anchor" // text of a link
	RegionURL     RegionKind = "url"    // a link's target; Name is the attribute
	RegionAttr    RegionKind = "attr"   // alt, title, placeholder, value…, and any that holds Chinese words; Name says which
	RegionComment RegionKind = "comment"
	RegionScript  RegionKind = "script" // a string literal of a script
)

// RegionKinds returns all kinds, for the rule language's region filter.
func RegionKinds() []RegionKind {
	return []RegionKind{
		RegionTitle, RegionMeta, RegionHeading, RegionText, RegionAnchor,
		RegionURL, RegionAttr, RegionComment, RegionScript,
	}
}

// Hiding names a way in which text is kept from a visitor's eyes.
type Hiding string

const (
	HidingNone          Hiding = ""
	HidingDisplayNone   Hiding = "display-none"
	HidingVisibility    Hiding = "visibility-hidden"
	HidingOpacity       Hiding = "transparent"
	HidingOffScreen     Hiding = "off-screen"
	HidingClipped       Hiding = "clipped"
	HidingZeroSize      Hiding = "zero-size"
	HidingZeroFont      Hiding = "zero-font"
	HidingSameColour    Hiding = "same-colour"
	HidingAttribute     Hiding = "hidden-attribute"
	HidingMarquee       Hiding = "marquee"
	HidingCovered       Hiding = "covered"
	HidingTemplate      Hiding = "template"
	HidingNoScript      Hiding = "noscript"
	HidingWritten       Hiding = "document-write"    // put into the page by an inline script
	HidingEntityEncoded Hiding = "entity-encoded"    // a title or meta spelt in numeric entities
	HidingMisused       Hiding = "misused-attribute" // words among the numbers of an attribute, such as a drawing's path
	HidingUnshown       Hiding = "unshown-attribute" // an attribute that no browser shows: data-*, the value of an option
	HidingComment       Hiding = "comment"           // plain for any page
	HidingScript        Hiding = "script"            // plain for any page
)

// Concealed says whether authors use this way of hiding to keep text from visitors. Comments,
// scripts, noscript and data attributes are on every page and mean nothing by themselves.
func (h Hiding) Concealed() bool {
	switch h {
	case HidingNone, HidingComment, HidingScript, HidingNoScript, HidingTemplate, HidingUnshown:
		return false
	}
	return true
}

// Link is an outgoing reference with the text that a visitor would click.
type Link struct {
	// URL is absolute, resolved against the page's base.
	URL    string
	Anchor string
	// Rel is the rel attribute, lower case.
	Rel    string
	Hidden Hiding
	// Region is the index in Document.Regions of the RegionURL that holds the target.
	Region int
}

// Span is a half-open range of bytes.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Len returns the number of bytes.
func (s Span) Len() int { return s.End - s.Start }

// Run ties a stretch of a region's text to the stretch of source it came
// from. If both have the same length, they correspond byte by byte; otherwise (an entity, collapsed
// white space) the run is indivisible.
type Run struct {
	Text   Span
	Source Span
}

// SourceSpan returns the source range from which Text[start:end] came. Text that is
// read from right to left, or assembled by a script, is not in the order of its source; the range
// then covers all of it.
func (r *Region) SourceSpan(start, end int) Span {
	if len(r.Map) == 0 {
		return Span{}
	}
	i := r.runAt(start)
	if end <= start || i == len(r.Map) || r.Map[i].Text.Start >= end {
		at := r.sourceAt(start)
		return Span{at, at}
	}
	span := r.Map[i].sourceOf(start, end)
	for i++; i < len(r.Map) && r.Map[i].Text.Start < end; i++ {
		more := r.Map[i].sourceOf(start, end)
		span = Span{min(span.Start, more.Start), max(span.End, more.End)}
	}
	return span
}

// sourceOf returns the source range of that part of the run which is in Text[start:end].
func (r Run) sourceOf(start, end int) Span {
	if r.Text.Len() != r.Source.Len() {
		return r.Source
	}
	return Span{r.Source.Start + max(0, start-r.Text.Start), r.Source.End - max(0, r.Text.End-end)}
}

// runAt returns the index of the first run that ends after an offset of Text.
func (r *Region) runAt(offset int) int {
	return sort.Search(len(r.Map), func(i int) bool { return r.Map[i].Text.End > offset })
}

// sourceAt returns the source offset of a byte offset of Text.
func (r *Region) sourceAt(offset int) int {
	i := r.runAt(offset)
	if i == len(r.Map) {
		return r.Map[i-1].Source.End
	}
	return r.Map[i].sourceOf(offset, r.Map[i].Text.End).Start
}

// Span returns the source range that the whole region came from.
func (r *Region) Span() Span {
	if len(r.Map) == 0 {
		return Span{}
	}
	return r.SourceSpan(r.Map[0].Text.Start, r.Map[len(r.Map)-1].Text.End)
}

// Position returns the line and column, both from 1, of a byte offset in
// Source. The column counts characters, not bytes. It is not safe for
// concurrent use.
func (d *Document) Position(offset int) (line, column int) {
	if d.lineStarts == nil {
		d.lineStarts = []int{0}
		for i := range len(d.Source) {
			if d.Source[i] == '\n' {
				d.lineStarts = append(d.lineStarts, i+1)
			}
		}
	}
	offset = min(max(offset, 0), len(d.Source))
	line = sort.SearchInts(d.lineStarts, offset+1)
	return line, 1 + utf8.RuneCountInString(d.Source[d.lineStarts[line-1]:offset])
}

// AddNote records a peculiarity once.
func (d *Document) AddNote(n Note) {
	for _, have := range d.Notes {
		if have == n {
			return
		}
	}
	d.Notes = append(d.Notes, n)
}
