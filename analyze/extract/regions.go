package extract

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/bidi"
	"github.com/qianshao/qianshao/analyze/extract/link"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
	"github.com/qianshao/qianshao/analyze/extract/style"
	"github.com/qianshao/qianshao/analyze/extract/tree"
	"golang.org/x/net/html/atom"
)

// Limits of a document.
const (
	// maxRegions bounds memory (about 200 bytes each). Beyond it, the rest of the page's text is
	// joined into one region for each way of hiding, so that nothing escapes by exceeding the
	// limit. Further attributes are left out.
	maxRegions = 100_000
	// maxRegionText is the length beyond which a text is cut into several regions, at a blank if
	// there is one. Processing a region takes many times its length in memory.
	maxRegionText = 512 << 10
	// maxRuns bounds the memory of all maps to the source (32 bytes for each run). Hostile text has
	// one run for each character. Regions beyond the limit are mapped coarsely.
	maxRuns = 500_000
	// maxLinks bounds Document.Links.
	maxLinks = 50_000
	// maxLinkText bounds the bytes of all their URLs: with a long base, every short reference
	// becomes a long URL.
	maxLinkText = 8 << 20
	// maxAnchor bounds Link.Anchor. The regions hold the whole text.
	maxAnchor = 16 << 10
	// maxURL bounds a URL, and leaves out data: URLs and the like. Browsers accept 2 MB. Sites use
	// 2 KB.
	maxURL = 4096
	// maxBlank is the longest text that is checked for being blank.
	maxBlank = 32
	// runChunk is how many runs are allocated at a time.
	runChunk = 128
)

// redirectName is the name of the region of a script that sends visitors who come from search
// engines to another page.
const redirectName = "referrer-redirect"

// assembler builds the document's regions from the tree's events.
//
// The inline text of a block is one region. A link's text is a region of its own, of kind anchor.
// The block continues after it, with a space in its place. The text of a link with a single
// character stays in the block's region, since 博 and 彩 in two adjacent links are meant to be read
// as one word. No character is in two regions.
type assembler struct {
	*tree.Tree
	doc      *qianshao.Document
	styles   style.Styles
	urls     *link.Resolver
	pictures map[string]*qianshao.Picture // pictures that have no regions yet
	block    textSet
	anchor   textSet
	link     openLink
	scratch  mapped.Builder
	runs     []qianshao.Run // memory for Region.Map
	kept     int            // number of runs of all regions
	linkText int            // bytes of all links' URLs
	paths    *tree.Paths
	pathOf   int32 // the element that lastPath belongs to
	lastPath string
}

// textSet collects the text of one block or link, separately for each way of hiding it.
type textSet struct {
	visible piece
	hidden  []*piece // at most one for each Hiding
}

// piece is the text of a region while it is being collected.
type piece struct {
	mapped.Builder
	hiding  qianshao.Hiding
	element int32
	heading bool
	script  string // as in qianshao.Region
}

// openLink is the link that is being read.
type openLink struct {
	element int32 // 0 if there is none
	index   int   // in Document.Links; -1 if it leads to no page
	visible bool  // some of its text is visible
	hiding  qianshao.Hiding
	text    strings.Builder
}

func (a *assembler) run() {
	for i := range a.Events {
		ev := &a.Events[i]
		switch ev.Kind {
		case tree.Open:
			a.open(ev)
		case tree.Close:
			a.close(ev.Element)
		case tree.Text:
			a.text(ev, mapped.InText)
		case tree.RawText:
			a.text(ev, mapped.Verbatim)
		case tree.Comment:
			a.whole(qianshao.RegionComment, "", qianshao.HidingComment, ev)
		case tree.Literal:
			a.whole(qianshao.RegionScript, "", qianshao.HidingScript, ev)
		case tree.Redirect:
			a.whole(qianshao.RegionScript, redirectName, qianshao.HidingScript, ev)
		}
	}
	a.closeLink()
	a.flush(&a.block, true, true)
}

// full reports whether the limit of regions is reached, and notes it.
func (a *assembler) full() bool {
	if len(a.doc.Regions) < maxRegions {
		return false
	}
	a.doc.AddNote(qianshao.NoteTooMany)
	return true
}

// open starts an element. A block ends the text before it.
func (a *assembler) open(ev *tree.Event) {
	e := &a.Elements[ev.Element]
	if e.Kind&tree.Block != 0 {
		a.boundary(ev.Element)
	}
	switch e.Atom {
	case atom.Br:
		a.lineBreak(ev)
	case atom.A:
		a.closeLink()
		a.link.element, a.link.index, a.link.visible = ev.Element, -1, false
		a.link.hiding = qianshao.HidingNone
		a.link.text.Reset()
	}
	if e.AttributeCount > 0 && ev.Fragment >= 0 {
		a.attributes(ev.Element)
	}
}

func (a *assembler) close(el int32) {
	if a.Elements[el].Atom == atom.A {
		if a.link.element == el {
			a.closeLink()
		}
		return
	}
	a.boundary(el)
}

// boundary ends the regions at the start or end of a block. A block that is hidden as a whole does
// not end the visible text around it: a visitor reads 博<div style="display:none">…</div>彩 as 博彩.
func (a *assembler) boundary(el int32) {
	visible := !a.styles.Sealed(el)
	if a.link.element != 0 {
		a.flushAnchor(visible, false)
	}
	a.flush(&a.block, visible, false)
}

func (a *assembler) lineBreak(ev *tree.Event) {
	at := a.Fragments[ev.Fragment].Span(int(ev.Start), int(ev.End))
	set := a.current()
	set.visible.AddSpace(at)
	for _, p := range set.hidden {
		p.AddSpace(at)
	}
}

// current returns the set that text is added to: that of the open link or else of the block.
func (a *assembler) current() *textSet {
	if a.link.element != 0 {
		return &a.anchor
	}
	return &a.block
}

// text adds a text to its block or link.
func (a *assembler) text(ev *tree.Event, mode mapped.Mode) {
	e := &a.Elements[ev.Element]
	f := &a.Fragments[ev.Fragment]
	if e.Atom == atom.Title && e.Parent >= 0 && !strings.EqualFold(a.Elements[e.Parent].Name, "svg") {
		a.title(ev, f)
		return
	}
	hiding := a.styles.Text(ev.Element)
	if e.Kind&tree.Fallback != 0 && hiding == qianshao.HidingNone {
		hiding = qianshao.HidingNoScript // the fallback text between <iframe> and </iframe>
	}
	hiding = f.HidingOf(hiding)
	p := a.current().piece(hiding)
	before := len(p.Text)
	if before == 0 {
		p.element, p.heading, p.script = ev.Element, e.Heading, f.Script
	}
	if e.Turned > 0 && strings.TrimSpace(f.Content[ev.Start:ev.End]) != "" {
		before, after := bidi.Overrides(int(e.Turned))
		p.Put(f.Span(int(ev.Start), int(ev.Start)), before)
		p.Add(&f.Text, int(ev.Start), int(ev.End), mode)
		p.Put(f.Span(int(ev.End), int(ev.End)), after)
	} else {
		p.Add(&f.Text, int(ev.Start), int(ev.End), mode)
	}
	if a.link.element != 0 && len(p.Text) > before {
		a.link.text.Write(front(p.Text[before:], maxAnchor-a.link.text.Len()))
		if hiding == qianshao.HidingNone {
			a.link.visible = true
		} else if a.link.hiding == qianshao.HidingNone {
			a.link.hiding = hiding
		}
	}
	a.shed(p)
}

// front returns the first characters of a text, in at most limit bytes.
func front(text []byte, limit int) []byte {
	if len(text) <= limit {
		return text
	}
	for limit = max(limit, 0); limit > 0 && !utf8.RuneStart(text[limit]); limit-- {
	}
	return text[:limit]
}

// shed appends the regions of the front of a text that is already too long for one region, so that
// the text of a large page is not held in memory twice.
func (a *assembler) shed(p *piece) {
	kind := p.kind()
	if a.link.element != 0 {
		kind = qianshao.RegionAnchor
	}
	for len(p.Text) > 2*maxRegionText {
		part := p.CutFront(maxRegionText)
		a.add(&part, qianshao.Region{Kind: kind, Hidden: p.hiding, Path: a.selector(p.element)})
	}
}

// kind returns the kind of a block's region.
func (p *piece) kind() qianshao.RegionKind {
	if p.heading {
		return qianshao.RegionHeading
	}
	return qianshao.RegionText
}

func (s *textSet) piece(h qianshao.Hiding) *piece {
	if h == qianshao.HidingNone {
		return &s.visible
	}
	for _, p := range s.hidden {
		if p.hiding == h {
			return p
		}
	}
	p := &piece{hiding: h}
	s.hidden = append(s.hidden, p)
	return p
}

// closeLink ends the open link.
func (a *assembler) closeLink() {
	if a.link.element == 0 {
		return
	}
	a.flushAnchor(true, true)
	if a.link.index >= 0 {
		l := &a.doc.Links[a.link.index]
		l.Anchor = a.link.text.String()
		if l.Hidden == qianshao.HidingNone && !a.link.visible {
			l.Hidden = a.link.hiding
		}
	}
	a.link.element = 0
}

// flushAnchor appends the regions of the link's text, except that a single character goes to the
// block.
func (a *assembler) flushAnchor(visible, last bool) {
	each := func(p *piece) {
		switch {
		case len(p.Text) == 0:
		case a.full() || last && len(p.Text) <= utf8.UTFMax && utf8.RuneCount(p.Text) == 1:
			to := a.block.piece(p.hiding)
			if len(to.Text) == 0 {
				to.element, to.heading, to.script = p.element, p.heading, p.script
			}
			to.Join(&p.Builder)
		default:
			at := p.Runs[0].Source
			a.emitPiece(p, qianshao.RegionAnchor)
			a.block.piece(p.hiding).AddSpace(at)
		}
		p.Reset()
	}
	for _, p := range a.anchor.hidden {
		each(p)
	}
	if visible {
		each(&a.anchor.visible)
	}
}

// flush appends the regions of a block's text. Once the limit of regions is reached, it keeps the
// text until the end of the page.
func (a *assembler) flush(s *textSet, visible, end bool) {
	full := !end && a.full()
	each := func(p *piece) {
		if len(p.Text) == 0 {
			return
		}
		if len(p.Text) <= maxBlank && len(bytes.TrimSpace(p.Text)) == 0 {
			p.Reset() // &nbsp; used for spacing, or the blanks that indent a paragraph
			return
		}
		if full {
			p.AddSpace(p.Runs[len(p.Runs)-1].Source)
			return
		}
		a.emitPiece(p, p.kind())
		p.Reset()
	}
	for _, p := range s.hidden {
		each(p)
	}
	if visible {
		each(&s.visible)
	}
}

func (a *assembler) emitPiece(p *piece, kind qianshao.RegionKind) {
	a.emit(&p.Builder, qianshao.Region{Kind: kind, Hidden: p.hiding, Script: p.script, Path: a.selector(p.element)})
}

// emit appends a region with a builder's text, put into reading order, and its map. It returns the
// region's index. A text that is too long becomes several regions, and the index is that of the
// first.
func (a *assembler) emit(b *mapped.Builder, r qianshao.Region) int {
	if order := bidi.Order(b.Text); order != nil {
		b.Reorder(order)
	}
	first := len(a.doc.Regions)
	for len(b.Text) > maxRegionText {
		part := b.CutFront(maxRegionText)
		a.add(&part, r)
	}
	a.add(b, r)
	return first
}

// add appends one region.
func (a *assembler) add(b *mapped.Builder, r qianshao.Region) {
	if a.kept > maxRuns {
		b.Coarsen()
	}
	if len(b.Runs) == 1 && b.Runs[0].Source.Len() == len(b.Text) && a.doc.Source[b.Runs[0].Source.Start:b.Runs[0].Source.End] == string(b.Text) {
		r.Text = a.doc.Source[b.Runs[0].Source.Start:b.Runs[0].Source.End] // shares the source's memory
	} else {
		r.Text = string(b.Text)
	}
	r.Map = a.keep(b.Runs)
	a.doc.Regions = append(a.doc.Regions, r)
}

// keep copies runs to memory that is shared by regions.
func (a *assembler) keep(runs []qianshao.Run) []qianshao.Run {
	if len(runs) > cap(a.runs)-len(a.runs) {
		a.runs = make([]qianshao.Run, 0, max(runChunk, len(runs)))
	}
	n := len(a.runs)
	a.kept += len(runs)
	a.runs = append(a.runs, runs...)
	return a.runs[n:len(a.runs):len(a.runs)]
}

func (a *assembler) selector(el int32) string {
	if a.lastPath == "" || a.pathOf != el {
		a.pathOf, a.lastPath = el, a.paths.Of(el)
	}
	return a.lastPath
}

// whole appends the whole text of an event as a region, verbatim.
func (a *assembler) whole(kind qianshao.RegionKind, name string, hiding qianshao.Hiding, ev *tree.Event) {
	a.stretch(kind, name, hiding, ev.Element, &a.Fragments[ev.Fragment], int(ev.Start), int(ev.End), mapped.Verbatim)
}

// stretch appends a range of a fragment as a region and returns its index, or -1 if it is empty or
// the limit is reached.
func (a *assembler) stretch(kind qianshao.RegionKind, name string, hiding qianshao.Hiding, el int32, f *tree.Fragment, start, end int, mode mapped.Mode) int {
	if a.full() {
		return -1
	}
	a.scratch.Reset()
	a.scratch.Add(&f.Text, start, end, mode)
	if len(a.scratch.Text) == 0 {
		return -1
	}
	return a.emit(&a.scratch, qianshao.Region{Kind: kind, Name: name, Hidden: hiding, Script: f.Script, Path: a.selector(el)})
}

// title appends the region of a title.
func (a *assembler) title(ev *tree.Event, f *tree.Fragment) {
	hiding := f.HidingOf(qianshao.HidingNone)
	if hiding == qianshao.HidingNone && mapped.IsEntityEncoded(f.Content[ev.Start:ev.End]) {
		hiding = qianshao.HidingEntityEncoded
	}
	n := a.stretch(qianshao.RegionTitle, "", hiding, ev.Element, f, int(ev.Start), int(ev.End), mapped.InText)
	if n >= 0 && a.doc.Title == "" && hiding != qianshao.HidingWritten {
		a.doc.Title = a.doc.Regions[n].Text
	}
}
