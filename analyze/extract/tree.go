package extract

import (
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of the tree. A page is never refused; what is beyond a limit is read
// with less structure, and a note says so.
const (
	// maxElements bounds memory (about 100 bytes each). A page of 20 MB that is
	// not made to attack has fewer; tags beyond are skipped, their text is kept.
	maxElements = 500_000
	// noteDepth is the depth from which html.Parse refuses a page.
	noteDepth = 512
	// maxSearch bounds how far an end tag looks for its start tag, which keeps
	// a million of them linear.
	maxSearch = 512
	// maxSiblingTypes bounds the book-keeping for :nth-of-type below one parent.
	maxSiblingTypes = 32
)

// element is a node of the tree. Elements are numbered in the order of their
// start tags, so a parent comes before its children. Element 0 is the root.
type element struct {
	tag        string // lower case
	atom       atom.Atom
	kind       tagKind
	heading    bool // is or lies in a heading
	more       bool // another sibling of the same tag follows
	attrCount  uint16
	parent     int32 // -1 for the root
	previous   int32 // sibling, -1 for the first
	last       int32 // child, -1 if there is none
	nthChild   int32 // from 1
	nthOfType  int32 // from 1; 0 if not counted
	attrs      int32 // index of the first
	fragment   int32
	start, end int32 // of the start tag, in the fragment
}

// eventKind is what an event tells.
type eventKind uint8

const (
	eventOpen     eventKind = iota
	eventClose              // of elements that matter for regions: blocks and links
	eventText               // text with character references
	eventRaw                // text without
	eventComment            // between the comment's marks
	eventLiteral            // a string of a script: the whole view
	eventRedirect           // a script that sends visitors of search engines elsewhere
)

// event is a step of the walk through the page in the order of its source.
type event struct {
	kind       eventKind
	element    int32
	fragment   int32
	start, end int32
}

// sheet is a style sheet of the page: text in it, or the URL of an external one.
type sheet struct {
	fragment   int32
	start, end int32
	link       int32 // the link element; 0 for a style element
	media      string
}

// frame is an open element.
type frame struct {
	element int32
	types   []siblingType
}

// siblingType counts the children of one tag below an open element.
type siblingType struct {
	tag    string
	count  int32
	latest int32
}

// fragment is a text that is read as HTML, CSS or a script: the source itself,
// or what a script in it produces.
type fragment struct {
	mapped.Text
	// hiding is how text of this fragment is hidden: HidingWritten or
	// HidingTemplate; empty for the source itself.
	hiding qianshao.Hiding
	owner  int32 // the script element that produced the text; 0 for the source
	depth  int   // how many scripts one within the other produced the text
}

// tree is a page as parsed.
type tree struct {
	fragments []fragment
	elements  []element
	attrs     []attr
	events    []event
	sheets    []sheet
	hides     []string // ids of elements that a script hides
	base      int32    // the first base element with a href; 0 if there is none
	deep      bool
	tooMany   bool
}

// builder makes a tree from the tokens of x/net/html's tokenizer. It is no
// complete WHATWG tree construction: it knows void elements, implied end tags,
// misnested formatting, and the scopes that keep an end tag inside its table
// cell. In exchange it knows where everything stands, has no limit of depth
// (html.Parse refuses pages nested deeper than 512) and is linear.
type builder struct {
	tree
	frames []frame
	floor  int // frames below belong to another page than the one being read
	open   map[string]int32
	head   bool // a head is open
	body   int32
	xml    bool
	budget int // bytes that scripts may still write
}

// build parses a page's source.
func build(source string) *tree {
	b := newBuilder(source)
	b.feed(0)
	b.popTo(1)
	b.tooMany = b.tooMany || b.budget < 0
	return &b.tree
}

func newBuilder(source string) *builder {
	b := &builder{
		open:   make(map[string]int32, 64),
		floor:  1,
		xml:    strings.HasPrefix(strings.TrimLeft(source[:min(len(source), 256)], " \t\r\n\uFEFF"), "<?xml"),
		budget: len(source) + maxWritten,
	}
	b.fragments = []fragment{{Text: mapped.Source(source)}}
	b.elements = make([]element, 1, 64+len(source)/48)
	b.events = make([]event, 0, 64+len(source)/24)
	b.attrs = make([]attr, 0, 64+len(source)/64)
	b.elements[0] = element{tag: "html", atom: atom.Html, parent: -1, previous: -1, last: -1, nthChild: 1, nthOfType: 1}
	b.frames = append(b.frames, frame{})
	return b
}

// feed reads the text of a view into the tree, at the place where the builder stands.
func (b *builder) feed(fi int32) {
	text := b.fragments[fi].Content
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
			name, _ := z.TagName()
			tag, a := tagOf(name)
			if a == atom.Noscript || b.foreign() {
				z.NextIsNotRawText()
			}
			b.startTag(fi, start, pos, tag, a, kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			name, _ := z.TagName()
			b.endTag(tagOf(name))
		case html.CommentToken:
			b.comment(fi, start, pos)
		}
	}
}

// tagOf returns a tag's name without a copy where it is a known one.
func tagOf(name []byte) (string, atom.Atom) {
	if a := atom.Lookup(name); a != 0 {
		return a.String(), a
	}
	return string(name), 0
}

func (b *builder) foreign() bool { return b.open["svg"] > 0 || b.open["math"] > 0 }

func (b *builder) top() *element { return &b.elements[b.frames[len(b.frames)-1].element] }

func (b *builder) comment(fi int32, start, end int) {
	text := b.fragments[fi].Content[start:end]
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
	if from < to {
		b.event(eventComment, b.frames[len(b.frames)-1].element, fi, from, to)
	}
}

func (b *builder) event(kind eventKind, el, fi int32, start, end int) {
	b.events = append(b.events, event{kind, el, fi, int32(start), int32(end)})
}

// addText takes a text token. That of a style or script element is not text.
func (b *builder) addText(fi int32, start, end int) {
	text := b.fragments[fi].Content
	top := b.top()
	switch top.atom {
	case atom.Style:
		el := b.frames[len(b.frames)-1].element
		b.sheets = append(b.sheets, sheet{fragment: fi, start: int32(start), end: int32(end), media: b.value(el, "media")})
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
	kind := eventText
	if top = b.top(); top.atom == atom.Iframe || top.atom == atom.Xmp || top.atom == atom.Noembed || top.atom == atom.Noframes || top.atom == atom.Plaintext {
		kind = eventRaw
	}
	if b.xml && strings.HasPrefix(text[start:end], "<![CDATA[") {
		kind, start = eventRaw, start+len("<![CDATA[")
		if strings.HasSuffix(text[start:end], "]]>") {
			end -= len("]]>")
		}
	}
	b.event(kind, b.frames[len(b.frames)-1].element, fi, start, end)
}

// startTag opens an element, after closing what its start implies the end of.
func (b *builder) startTag(fi int32, start, end int, tag string, a atom.Atom, selfClosing bool) {
	kind := tagKinds[a]
	switch {
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
	el := b.append(fi, start, end, tag, a, kind)
	if el == 0 {
		return
	}
	b.event(eventOpen, el, fi, start, end)
	if a == atom.Body {
		b.body = el
	}
	b.collect(el)
	if kind&void != 0 || selfClosing && (foreign || b.xml) {
		return
	}
	b.push(el)
}

// collect notes what later passes need without a search.
func (b *builder) collect(el int32) {
	switch b.elements[el].atom {
	case atom.Base:
		if b.base == 0 && b.value(el, "href") != "" {
			b.base = el
		}
	case atom.Link:
		if isStylesheetRel(b.value(el, "rel")) && b.value(el, "href") != "" {
			b.sheets = append(b.sheets, sheet{link: el, media: b.value(el, "media")})
		}
	}
}

// openBody opens the body that every page has, written or not.
func (b *builder) openBody() {
	if b.body != 0 || b.xml || b.floor > 1 {
		return
	}
	if a := b.top().atom; a != atom.Html && a != atom.Head {
		return
	}
	b.popTo(b.floor)
	b.body = b.append(0, 0, 0, "body", atom.Body, block)
	b.push(b.body)
}

// adopt gives an element that exists already the attributes of another tag of
// its kind: the second <body style=…> of a page still counts if the first had none.
func (b *builder) adopt(el, fi int32, start, end int) {
	e := &b.elements[el]
	if e.attrCount > 0 {
		return
	}
	e.fragment, e.start, e.end = fi, int32(start), int32(end)
	e.attrs = int32(len(b.attrs))
	b.attrs = appendAttributes(b.attrs, b.fragments[fi].Content, start, end)
	e.attrCount = uint16(len(b.attrs) - int(e.attrs))
}

// append makes an element below the open one; 0 if there are too many.
func (b *builder) append(fi int32, start, end int, tag string, a atom.Atom, kind tagKind) int32 {
	if len(b.elements) >= maxElements {
		b.tooMany = true
		return 0
	}
	f := &b.frames[len(b.frames)-1]
	parent := &b.elements[f.element]
	el := int32(len(b.elements))
	e := element{
		tag: tag, atom: a, kind: kind, parent: f.element, previous: parent.last, last: -1, nthChild: 1,
		fragment: fi, start: int32(start), end: int32(end), attrs: int32(len(b.attrs)),
		heading: kind&heading != 0 || parent.heading,
	}
	if e.previous >= 0 {
		e.nthChild = b.elements[e.previous].nthChild + 1
	}
	parent.last = el
	e.nthOfType = b.countType(f, tag, el)
	b.attrs = appendAttributes(b.attrs, b.fragments[fi].Content, start, end)
	e.attrCount = uint16(len(b.attrs) - int(e.attrs))
	b.elements = append(b.elements, e)
	return el
}

// countType returns the element's number among its siblings of one tag.
func (b *builder) countType(f *frame, tag string, el int32) int32 {
	for i := range f.types {
		if t := &f.types[i]; t.tag == tag {
			t.count++
			b.elements[t.latest].more = true
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
	if n < cap(b.frames) { // take up the memory of a frame that was closed
		b.frames = b.frames[:n+1]
		b.frames[n].element, b.frames[n].types = el, b.frames[n].types[:0]
	} else {
		b.frames = append(b.frames, frame{element: el})
	}
	if n > noteDepth {
		b.deep = true
	}
	b.open[b.elements[el].tag]++
}

func (b *builder) pop() {
	n := len(b.frames) - 1
	b.closed(b.frames[n].element)
	b.frames = b.frames[:n]
}

// closed does what the end of an element brings with it.
func (b *builder) closed(el int32) {
	e := &b.elements[el]
	b.open[e.tag]--
	if e.kind&block != 0 || e.atom == atom.A {
		b.event(eventClose, el, e.fragment, 0, 0)
	}
}

// popTo closes frames until n are left.
func (b *builder) popTo(n int) {
	for len(b.frames) > n {
		b.pop()
	}
}

// attributes returns the element's attributes.
func (t *tree) attributes(el int32) []attr {
	e := &t.elements[el]
	return t.attrs[e.attrs : e.attrs+int32(e.attrCount)]
}

// value returns an attribute's value, references resolved; "" if it is missing.
func (t *tree) value(el int32, name string) string {
	v, _ := t.lookup(el, name)
	return v
}

// lookup returns an attribute's value, and whether the element has the attribute.
func (t *tree) lookup(el int32, name string) (string, bool) {
	e := &t.elements[el]
	for _, a := range t.attributes(el) {
		if a.name == name {
			return mapped.Unescape(t.fragments[e.fragment].Content[a.start:a.end]), true
		}
	}
	return "", false
}
