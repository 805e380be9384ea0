// Package tree parses HTML into a tree of elements and into events in the order of the source, both
// with their positions. What inline scripts write is parsed at the place where they write it.
package tree

import (
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/link"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of the tree. No page is refused: beyond a limit it is read with less structure, and
// TooDeep or TooMany says so.
const (
	// maxElements bounds memory (about 100 bytes each). A page of 20 MB that is not an attack has
	// fewer. Beyond it, tags are skipped and their text is kept.
	maxElements = 500_000
	// maxFragments bounds scripts and what they write (80 bytes each). The rest of a script that
	// writes more often is not read.
	maxFragments = 500_000
	// usualPage is the size up to which the number of elements is estimated from the page.
	usualPage = 1 << 20
	// noteDepth is the depth at which html.Parse refuses a page. A page that deep gets a note.
	noteDepth = 512
	// maxSearch bounds how many open elements an end tag looks at, so that a
	// million end tags take linear time.
	maxSearch = 512
	// maxAsides bounds comments and the strings of scripts. Each becomes a region, and a document
	// has no more regions than that.
	maxAsides = 100_000
	// maxTags bounds the number of different tags. Pages have some dozens.
	maxTags = 1 << 16
	// maxSiblingTypes bounds how many different tags under one parent are counted for :nth-of-type.
	maxSiblingTypes = 32
)

// Element is a node of the tree. Elements are numbered in the order of their
// start tags, so a parent comes before its children. Element 0 is the root.
type Element struct {
	*Tag
	Heading bool // a heading, or inside one
	// Turned is how many nested bdo elements turn the text round: it runs from right to left if the
	// number is odd, from left to right if it is even.
	Turned         uint8
	More           bool // another sibling of the same tag follows
	named          bool // it has an id
	AttributeCount uint16
	Parent         int32 // -1 for the root
	Previous       int32 // sibling, -1 for the first
	Last           int32 // child, -1 if there is none
	NthChild       int32 // from 1
	NthOfType      int32 // from 1; 0 if not counted
	attributes     int32 // index of the first
	Fragment       int32
	start, end     int32 // of the start tag, in the fragment
}

// EventKind is the kind of an event.
type EventKind uint8

// The kinds of events.
const (
	Open     EventKind = iota // an element
	Close                     // of a block or a link; other elements have no such event
	Text                      // text with character references
	RawText                   // text without character references
	Comment                   // what is between the comment's marks
	Literal                   // a string of a script
	Redirect                  // code that sends visitors from search engines to another page
)

// Event is something on the page, in the order of the source. Start and End are its range in the
// fragment. Fragment is -1 for an element that was opened again, or without a tag: its attributes
// must not be read.
type Event struct {
	Kind       EventKind
	Element    int32
	Fragment   int32
	Start, End int32
}

// Sheet is a style sheet of the page: a range of a fragment, or a link element.
type Sheet struct {
	Fragment   int32
	Start, End int32
	Link       int32 // the link element; 0 for a style element
	Media      string
}

// frame is an open element.
type frame struct {
	element int32
	types   []siblingType
}

// siblingType counts the children with one tag under an open element.
type siblingType struct {
	tag    *Tag
	count  int32
	latest int32
}

// Fragment is a text that is read as HTML, CSS or a script: the source itself, or what a script in
// it produces.
type Fragment struct {
	mapped.Text
	// Hiding is how text of this fragment is hidden: HidingWritten or HidingTemplate, or empty for
	// the source itself.
	Hiding qianshao.Hiding
	Owner  int32 // the script element that produced the text; 0 for the source
	// Script is the URL of the external script that holds or produced the text, or empty if the
	// page itself did.
	Script string
	nested bool // the text is in the document of an iframe
	depth  int  // how many nested scripts or documents the text is inside
}

// HidingOf returns how text of the fragment is hidden, if its style hides it as given. That a
// script wrote the text explains more than how its style hides it.
func (f *Fragment) HidingOf(byStyle qianshao.Hiding) qianshao.Hiding {
	if f.Hiding != "" && (byStyle == qianshao.HidingNone || byStyle.Concealed()) {
		return f.Hiding
	}
	return byStyle
}

// Tree is a parsed page. Other fields refer to elements and fragments by index.
type Tree struct {
	Fragments  []Fragment
	Elements   []Element
	attributes []Attribute
	Events     []Event
	Sheets     []Sheet
	Scripts    []int32  // script elements with a src attribute
	HiddenIDs  []string // ids of elements that a script hides
	Anchors    int      // number of a elements
	Base       int32    // the first base element with a href; 0 if there is none
	TooDeep    bool
	TooMany    bool
}

// builder builds a tree from the tokens of x/net/html's tokenizer. It does not implement all of
// WHATWG's tree construction: only void elements, implied end tags, misnested formatting, and the
// scopes that keep an end tag inside its table cell. In return it knows the position of everything,
// has no limit of depth (html.Parse refuses pages nested deeper than 512) and takes linear time.
type builder struct {
	Tree
	frames []frame
	floor  int // frames below this one belong to the page around what innerHTML writes
	tags   tags
	head   bool // a head is open
	body   int32
	xml    bool
	budget int // bytes that scripts may still write
	// nestable is how many bytes of nested documents may still be parsed.
	nestable int32
	external External
	asides   int // number of comments and strings of scripts so far
}

// External returns the code of the external script at a reference of the page, and its absolute
// URL. ok is false if it was not fetched, or was read already.
type External func(ref string) (code, url string, ok bool)

// Build parses a page's source. External scripts are read at the places of their elements. external
// may be nil.
func Build(source string, external External) *Tree {
	b := newBuilder(source)
	b.external = external
	b.feed(0)
	b.popTo(1)
	b.TooMany = b.TooMany || b.budget < 0 || b.tags.full()
	t := b.Tree // a copy, to free the builder, which is nearly as large as the tree of a hostile page
	return &t
}

func newBuilder(source string) *builder {
	b := &builder{
		tags:   newTags(),
		floor:  1,
		xml:    strings.HasPrefix(strings.TrimLeft(source[:min(len(source), 256)], " \t\r\n\uFEFF"), "<?xml"),
		budget: len(source) + maxWritten, nestable: maxNested,
	}
	b.Fragments = []Fragment{{Text: mapped.Source(source)}}
	usual := source[:min(len(source), usualPage)]
	marks := strings.Count(usual, "<")
	b.Elements = make([]Element, 1, 32+marks-strings.Count(usual, "</"))
	b.Events = make([]Event, 0, 32+marks*7/4)
	b.attributes = make([]Attribute, 0, 32+strings.Count(usual, "=\""))
	b.Elements[0] = Element{Tag: b.tags.of("html"), Parent: -1, Previous: -1, Last: -1, NthChild: 1, NthOfType: 1}
	b.frames = append(b.frames, frame{})
	return b
}

// feed parses a fragment as HTML, inside the element that is open.
func (b *builder) feed(fi int32) {
	text := b.Fragments[fi].Content
	z := html.NewTokenizer(strings.NewReader(text))
	z.AllowCDATA(b.xml)
	for pos := 0; ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return
		}
		start := pos
		pos += len(z.Raw())
		switch kind {
		case html.TextToken:
			b.addText(fi, start, pos)
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := b.tags.of(nameOf(text[start+len("<") : pos]))
			if tag.Atom == atom.Noscript || b.foreign() {
				z.NextIsNotRawText()
			}
			b.startTag(fi, start, pos, tag, kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			if tag := b.tags.find(nameOf(text[start+len("</") : pos])); tag != nil {
				b.endTag(tag)
			}
		case html.CommentToken:
			b.comment(fi, start, pos)
		}
	}
}

func (b *builder) foreign() bool { return b.tags.svg.open > 0 || b.tags.math.open > 0 }

func (b *builder) top() *Element { return &b.Elements[b.frames[len(b.frames)-1].element] }

func (b *builder) comment(fi int32, start, end int) {
	text := b.Fragments[fi].Content[start:end]
	if !strings.HasPrefix(text, "<!--") {
		return // a doctype or processing instruction
	}
	from, to := start+len("<!--"), end
	for _, mark := range []string{"-->", "--!>", "->", ">"} {
		if strings.HasSuffix(text, mark) {
			to = end - len(mark)
			break
		}
	}
	if from < to && b.aside() {
		b.event(Comment, b.frames[len(b.frames)-1].element, fi, from, to)
	}
}

// aside reports whether there is room for another comment or string of a script.
func (b *builder) aside() bool {
	b.asides++
	b.TooMany = b.TooMany || b.asides > maxAsides
	return b.asides <= maxAsides
}

func (b *builder) event(kind EventKind, el, fi int32, start, end int) {
	b.Events = append(b.Events, Event{kind, el, fi, int32(start), int32(end)})
}

// addText adds a text token, unless it is the content of a style or script element.
func (b *builder) addText(fi int32, start, end int) {
	text := b.Fragments[fi].Content
	top := b.top()
	switch top.Atom {
	case atom.Style:
		if b.Fragments[fi].nested {
			return
		}
		el := b.frames[len(b.frames)-1].element
		b.Sheets = append(b.Sheets, Sheet{Fragment: fi, Start: int32(start), End: int32(end), Media: b.Value(el, "media")})
		return
	case atom.Script:
		el := b.frames[len(b.frames)-1].element
		b.pop()
		b.script(el, fi, start, end)
		return
	case atom.Html, atom.Head:
		if len(strings.Trim(text[start:end], " \t\r\n\f\uFEFF")) == 0 {
			return
		}
		b.openBody()
	}
	kind := Text
	if top = b.top(); top.Atom == atom.Iframe || top.Atom == atom.Xmp || top.Atom == atom.Noembed || top.Atom == atom.Noframes || top.Atom == atom.Plaintext {
		kind = RawText
	}
	if b.xml && strings.HasPrefix(text[start:end], "<![CDATA[") {
		kind, start = RawText, start+len("<![CDATA[")
		if strings.HasSuffix(text[start:end], "]]>") {
			end -= len("]]>")
		}
	}
	b.event(kind, b.frames[len(b.frames)-1].element, fi, start, end)
}

// startTag opens an element, after closing those that end because of it.
func (b *builder) startTag(fi int32, start, end int, tag *Tag, selfClosing bool) {
	a, kind := tag.Atom, tag.Kind
	switch {
	case b.floor > 1 && (a == atom.Html || a == atom.Body || a == atom.Head):
		return // a tag of a nested document, or one that innerHTML drops
	case a == atom.Html:
		b.adopt(0, fi, start, end)
		return
	case a == atom.Body:
		if b.body != 0 {
			b.adopt(b.body, fi, start, end)
			return
		}
		b.popTo(b.floor)
	case a == atom.Head:
		if b.head || b.body != 0 {
			return
		}
		b.head = true
	case kind&inHead == 0:
		b.openBody()
	}
	foreign := b.foreign()
	if !foreign {
		b.implyEnds(a, kind)
	}
	el := b.append(fi, start, end, tag)
	if el == 0 {
		return
	}
	b.event(Open, el, fi, start, end)
	if a == atom.Body {
		b.body = el
	}
	b.collect(el)
	if a == atom.Script {
		b.externalScript(el)
	}
	if kind&void != 0 || selfClosing && (foreign || b.xml) {
		return
	}
	b.push(el)
	if a == atom.Iframe {
		b.nested(el, fi)
	}
}

// collect notes base and link elements, so that they need not be searched for.
func (b *builder) collect(el int32) {
	switch b.Elements[el].Atom {
	case atom.Base:
		if b.Base == 0 && !b.Fragments[b.Elements[el].Fragment].nested && b.Value(el, "href") != "" {
			b.Base = el
		}
	case atom.Link:
		if link.IsStylesheet(b.Value(el, "rel")) && b.Value(el, "href") != "" && !b.Fragments[b.Elements[el].Fragment].nested {
			b.Sheets = append(b.Sheets, Sheet{Link: el, Media: b.Value(el, "media")})
		}
	}
}

// openBody opens the body. Every page has one, even without a tag for it.
func (b *builder) openBody() {
	if b.body != 0 || b.xml || b.floor > 1 {
		return
	}
	if a := b.top().Atom; a != atom.Html && a != atom.Head {
		return
	}
	b.popTo(b.floor)
	b.body = b.append(0, 0, 0, b.tags.of("body"))
	b.push(b.body)
}

// adopt gives an open element the attributes of a further tag of the same name, unless it already
// has some: <body style=…> counts even as the second body tag of a page, if the first had no
// attributes.
func (b *builder) adopt(el, fi int32, start, end int) {
	e := &b.Elements[el]
	if e.AttributeCount > 0 {
		return
	}
	e.Fragment, e.start, e.end = fi, int32(start), int32(end)
	e.attributes = int32(len(b.attributes))
	b.attributes = appendAttributes(b.attributes, b.Fragments[fi].Content, start, end)
	b.count(el)
}

// count notes which attributes are the element's: those that were read last.
func (b *builder) count(el int32) {
	e := &b.Elements[el]
	own := b.attributes[e.attributes:]
	e.AttributeCount, e.named = uint16(len(own)), false
	for i := range own {
		e.named = e.named || own[i].Name == "id"
	}
}

// append adds a child to the open element. It returns 0 if there are too many elements.
func (b *builder) append(fi int32, start, end int, tag *Tag) int32 {
	if len(b.Elements) >= maxElements {
		b.TooMany = true
		return 0
	}
	f := &b.frames[len(b.frames)-1]
	parent := &b.Elements[f.element]
	el := int32(len(b.Elements))
	e := Element{
		Tag: tag, Parent: f.element, Previous: parent.Last, Last: -1, NthChild: 1,
		Fragment: fi, start: int32(start), end: int32(end), attributes: int32(len(b.attributes)),
		Heading: tag.Kind&heading != 0 || parent.Heading,
	}
	if e.Previous >= 0 {
		e.NthChild = b.Elements[e.Previous].NthChild + 1
	}
	parent.Last = el
	if tag.Atom == atom.A {
		b.Anchors++
	}
	e.NthOfType = b.countType(f, tag, el)
	b.attributes = appendAttributes(b.attributes, b.Fragments[fi].Content, start, end)
	b.Elements = append(b.Elements, e)
	b.count(el)
	b.Elements[el].Turned = b.turned(el)
	return el
}

// maxTurned bounds Element.Turned.
const maxTurned = 8

// turned returns an element's Turned.
func (b *builder) turned(el int32) uint8 {
	e := &b.Elements[el]
	around := b.Elements[e.Parent].Turned
	if e.Atom != atom.Bdo || around == maxTurned {
		return around
	}
	dir := b.Value(el, "dir")
	if strings.EqualFold(dir, "rtl") && around%2 == 0 || strings.EqualFold(dir, "ltr") && around%2 == 1 {
		return around + 1
	}
	return around
}

// countType returns the element's number among its siblings with the same tag.
func (b *builder) countType(f *frame, tag *Tag, el int32) int32 {
	for i := range f.types {
		if t := &f.types[i]; t.tag == tag {
			t.count++
			b.Elements[t.latest].More = true
			t.latest = el
			return t.count
		}
	}
	if len(f.types) >= maxSiblingTypes {
		return 0
	}
	f.types = append(f.types, siblingType{tag, 1, el})
	return 1
}

func (b *builder) push(el int32) {
	n := len(b.frames)
	if n < cap(b.frames) { // reuse the memory of a closed frame
		b.frames = b.frames[:n+1]
		b.frames[n].element, b.frames[n].types = el, b.frames[n].types[:0]
	} else {
		b.frames = append(b.frames, frame{element: el})
	}
	if n > noteDepth {
		b.TooDeep = true
	}
	b.Elements[el].open++
}

func (b *builder) pop() {
	n := len(b.frames) - 1
	b.closed(b.frames[n].element)
	b.frames = b.frames[:n]
}

// closed counts an element as no longer open and emits the event of its end.
func (b *builder) closed(el int32) {
	e := &b.Elements[el]
	e.open--
	if e.Kind&Block != 0 || e.Atom == atom.A {
		b.event(Close, el, e.Fragment, 0, 0)
	}
}

// popTo closes frames until n are left.
func (b *builder) popTo(n int) {
	for len(b.frames) > n {
		b.pop()
	}
}

// Attributes returns the element's attributes.
func (t *Tree) Attributes(el int32) []Attribute {
	e := &t.Elements[el]
	return t.attributes[e.attributes : e.attributes+int32(e.AttributeCount)]
}

// Value returns an attribute's value with its references resolved, or "" if there is none.
func (t *Tree) Value(el int32, name string) string {
	v, _ := t.Lookup(el, name)
	return v
}

// Lookup returns an attribute's value, and whether the element has the attribute.
func (t *Tree) Lookup(el int32, name string) (string, bool) {
	e := &t.Elements[el]
	for _, a := range t.Attributes(el) {
		if a.Name == name {
			return mapped.Unescape(t.Fragments[e.Fragment].Content[a.Start:a.End]), true
		}
	}
	return "", false
}
