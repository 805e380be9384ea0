package tree

import (
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"golang.org/x/net/html/atom"
)

// Tag is a tag of a page, shared by all elements that have it.
type Tag struct {
	Name string    // lower case
	Atom atom.Atom // 0 for a tag that HTML does not have
	Kind TagKind
	open int32 // number of open elements
}

// tags are the tags of a page, each once, and some that are often asked for.
type tags struct {
	byName                         map[string]*Tag
	free                           []Tag // memory for the next ones
	svg, math, p, a, button, table *Tag
}

func newTags() tags {
	t := tags{byName: make(map[string]*Tag, 48)}
	t.svg, t.math, t.p, t.a, t.button, t.table = t.of("svg"), t.of("math"), t.of("p"), t.of("a"), t.of("button"), t.of("table")
	return t
}

// nameOf returns the name of the tag that s begins with.
func nameOf(s string) string {
	n := 0
	for n < len(s) && !ascii.IsSpace(s[n]) && s[n] != '/' && s[n] != '>' {
		n++
	}
	return s[:n]
}

// find returns the tag with a name as the page writes it, or nil if the page has had no such tag
// yet.
func (t *tags) find(name string) *Tag {
	if tag := t.byName[name]; tag != nil {
		return tag
	}
	return t.byName[lowerName(name)]
}

// of is find, but adds the tag if there is none.
func (t *tags) of(name string) *Tag {
	if tag := t.byName[name]; tag != nil {
		return tag
	}
	lower := lowerName(name)
	tag := t.byName[lower]
	if tag == nil {
		if len(t.free) == 0 {
			t.free = make([]Tag, 32)
		}
		tag, t.free = &t.free[0], t.free[1:]
		a := atom.Lookup([]byte(lower))
		*tag = Tag{Name: lower, Atom: a, Kind: tagKinds[a]}
	}
	if !t.full() {
		t.byName[lower], t.byName[name] = tag, tag
	}
	return tag
}

// full reports whether the limit of tags is reached. Elements with a further tag do not share one.
func (t *tags) full() bool { return len(t.byName) >= maxTags }

// lowerName lowers the name of a tag as the tokenizer does: only the case of ASCII letters changes.
func lowerName(name string) string {
	lower := []byte(strings.ReplaceAll(name, "\x00", "\uFFFD"))
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower)
}

// TagKind is a bit set of the properties of a tag.
type TagKind uint16

// The properties of tags.
const (
	void       TagKind = 1 << iota // has no content and no end tag
	Block                          // starts a new line, ends a region and closes an open p
	heading                        // h1 to h6
	formatting                     // may be misnested with blocks: <b><p></b>
	inHead                         // may stand in the head
	boundary                       // an end tag inside it cannot close what is outside
	listScope                      // an li or dd inside belongs to this list
	tablePart                      // cell, row or section
	Fallback                       // its content is shown only by browsers that cannot show the element
)

// tagKinds is read only.
var tagKinds = map[atom.Atom]TagKind{
	atom.Area: void, atom.Base: void | inHead, atom.Br: void, atom.Col: void, atom.Embed: void, atom.Hr: void | Block,
	atom.Img: void, atom.Input: void, atom.Link: void | inHead, atom.Meta: void | inHead, atom.Param: void,
	atom.Source: void, atom.Track: void, atom.Wbr: void, atom.Frame: void, atom.Basefont: void, atom.Bgsound: void,

	atom.Title: inHead, atom.Style: inHead, atom.Script: inHead, atom.Noscript: inHead, atom.Template: inHead | boundary,

	atom.Address: Block, atom.Article: Block, atom.Aside: Block, atom.Blockquote: Block, atom.Body: Block,
	atom.Center: Block, atom.Details: Block, atom.Dialog: Block, atom.Div: Block, atom.Fieldset: Block,
	atom.Figcaption: Block, atom.Figure: Block, atom.Footer: Block, atom.Form: Block, atom.Frameset: Block,
	atom.Header: Block, atom.Hgroup: Block, atom.Legend: Block, atom.Listing: Block, atom.Main: Block,
	atom.Nav: Block, atom.P: Block, atom.Pre: Block, atom.Search: Block, atom.Section: Block, atom.Summary: Block,
	atom.Xmp: Block, atom.Plaintext: Block, atom.Optgroup: Block, atom.Option: Block, atom.Marquee: Block | boundary,
	atom.Li: Block, atom.Dd: Block, atom.Dt: Block, atom.Textarea: Block, atom.Select: Block,

	atom.Dir: Block | listScope, atom.Dl: Block | listScope, atom.Menu: Block | listScope,
	atom.Ol: Block | listScope, atom.Ul: Block | listScope,

	atom.H1: Block | heading, atom.H2: Block | heading, atom.H3: Block | heading,
	atom.H4: Block | heading, atom.H5: Block | heading, atom.H6: Block | heading,

	atom.Table: Block | boundary, atom.Caption: Block | boundary, atom.Colgroup: Block,
	atom.Tbody: Block | tablePart, atom.Thead: Block | tablePart, atom.Tfoot: Block | tablePart,
	atom.Tr: Block | tablePart, atom.Td: Block | tablePart | boundary, atom.Th: Block | tablePart | boundary,

	atom.A: formatting, atom.B: formatting, atom.Big: formatting, atom.Code: formatting, atom.Em: formatting,
	atom.Font: formatting, atom.I: formatting, atom.Nobr: formatting, atom.S: formatting, atom.Small: formatting,
	atom.Strike: formatting, atom.Strong: formatting, atom.Tt: formatting, atom.U: formatting,

	atom.Object: boundary | Fallback, atom.Applet: boundary | Fallback, atom.Iframe: Fallback, atom.Noembed: Fallback,
	atom.Noframes: Fallback, atom.Canvas: Fallback, atom.Audio: Fallback, atom.Video: Fallback,
}
