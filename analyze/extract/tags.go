package extract

import "golang.org/x/net/html/atom"

// tagKind is a bit set of what the tree builder and the regions need to know of a tag.
type tagKind uint16

const (
	void       tagKind = 1 << iota // has no content and no end tag
	block                          // starts a new line: ends a region, closes an open p
	heading                        // h1 to h6
	formatting                     // <b><p></b>: survives a block it was opened around
	inHead                         // may stand in the head
	boundary                       // an end tag inside cannot close what is outside
	listScope                      // an li or dd inside belongs to this list
	tablePart                      // cell, row or section
	fallback                       // content is for browsers that cannot show the element
)

// tagKinds is never changed.
var tagKinds = map[atom.Atom]tagKind{
	atom.Area: void, atom.Base: void | inHead, atom.Br: void, atom.Col: void, atom.Embed: void, atom.Hr: void | block,
	atom.Img: void, atom.Input: void, atom.Link: void | inHead, atom.Meta: void | inHead, atom.Param: void,
	atom.Source: void, atom.Track: void, atom.Wbr: void, atom.Frame: void, atom.Basefont: void, atom.Bgsound: void,

	atom.Title: inHead, atom.Style: inHead, atom.Script: inHead, atom.Noscript: inHead, atom.Template: inHead | boundary,

	atom.Address: block, atom.Article: block, atom.Aside: block, atom.Blockquote: block, atom.Body: block,
	atom.Center: block, atom.Details: block, atom.Dialog: block, atom.Div: block, atom.Fieldset: block,
	atom.Figcaption: block, atom.Figure: block, atom.Footer: block, atom.Form: block, atom.Frameset: block,
	atom.Header: block, atom.Hgroup: block, atom.Legend: block, atom.Listing: block, atom.Main: block,
	atom.Nav: block, atom.P: block, atom.Pre: block, atom.Search: block, atom.Section: block, atom.Summary: block,
	atom.Xmp: block, atom.Plaintext: block, atom.Optgroup: block, atom.Option: block, atom.Marquee: block | boundary,
	atom.Li: block, atom.Dd: block, atom.Dt: block, atom.Textarea: block, atom.Select: block,

	atom.Dir: block | listScope, atom.Dl: block | listScope, atom.Menu: block | listScope,
	atom.Ol: block | listScope, atom.Ul: block | listScope,

	atom.H1: block | heading, atom.H2: block | heading, atom.H3: block | heading,
	atom.H4: block | heading, atom.H5: block | heading, atom.H6: block | heading,

	atom.Table: block | boundary, atom.Caption: block | boundary, atom.Colgroup: block,
	atom.Tbody: block | tablePart, atom.Thead: block | tablePart, atom.Tfoot: block | tablePart,
	atom.Tr: block | tablePart, atom.Td: block | tablePart | boundary, atom.Th: block | tablePart | boundary,

	atom.A: formatting, atom.B: formatting, atom.Big: formatting, atom.Code: formatting, atom.Em: formatting,
	atom.Font: formatting, atom.I: formatting, atom.Nobr: formatting, atom.S: formatting, atom.Small: formatting,
	atom.Strike: formatting, atom.Strong: formatting, atom.Tt: formatting, atom.U: formatting,

	atom.Object: boundary | fallback, atom.Applet: boundary | fallback, atom.Iframe: fallback, atom.Noembed: fallback,
	atom.Noframes: fallback, atom.Canvas: fallback, atom.Audio: fallback, atom.Video: fallback,
}
