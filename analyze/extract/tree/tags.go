package tree

import "golang.org/x/net/html/atom"

// TagKind is a bit set of the properties of a tag.
type TagKind uint16

// The properties of tags.
const (
	void       TagKind = 1 << iota // has no content and no end tag
	Block                          // starts a new line, ends a region and closes an open p
	heading                        // h1 to h6
	formatting                     // may be misnested with blocks: <b><p></b>
	inHead                         // may stand in the head
	boundary                       // an end tag inside cannot close what is outside
	listScope                      // an li or dd inside belongs to this list
	tablePart                      // cell, row or section
	Fallback                       // its content is for browsers that cannot show it
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
