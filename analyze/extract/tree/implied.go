package tree

import (
	"slices"

	"golang.org/x/net/html/atom"
)

// implyEnds closes the elements that end because tag a starts (WHATWG 13.1.2.4, optional tags, and
// the tree construction's table modes).
func (b *builder) implyEnds(a atom.Atom, kind TagKind) {
	if kind&Block != 0 && kind&tablePart == 0 && b.tags.p.open > 0 {
		b.closeNearest(boundary, atom.P)
	}
	switch a {
	case atom.Li:
		b.closeNearest(boundary|listScope, atom.Li)
	case atom.Dd, atom.Dt:
		b.closeNearest(boundary|listScope, atom.Dd, atom.Dt)
	case atom.Option:
		b.closeTop(atom.Option)
	case atom.Optgroup:
		b.closeTop(atom.Option)
		b.closeTop(atom.Optgroup)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		b.closeTop(atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6)
	case atom.Td, atom.Th:
		b.closeInTable(atom.Td, atom.Th)
	case atom.Tr:
		b.closeInTable(atom.Tr, atom.Td, atom.Th, atom.Caption, atom.Colgroup)
	case atom.Tbody, atom.Thead, atom.Tfoot:
		b.closeInTable(atom.Tbody, atom.Thead, atom.Tfoot, atom.Tr, atom.Td, atom.Th, atom.Caption, atom.Colgroup)
	case atom.A:
		if b.tags.a.open > 0 {
			b.endFormatting(b.tags.a)
		}
	case atom.Button:
		if b.tags.button.open > 0 {
			b.closeNearest(boundary, atom.Button)
		}
	}
}

func (b *builder) closeTop(tags ...atom.Atom) {
	if len(b.frames) > b.floor && slices.Contains(tags, b.top().Atom) {
		b.pop()
	}
}

// closeNearest closes the nearest open element with one of the tags, unless an element of kind stop
// is in between.
func (b *builder) closeNearest(stop TagKind, tags ...atom.Atom) {
	for i := len(b.frames) - 1; i >= b.searchFloor(); i-- {
		e := &b.Elements[b.frames[i].element]
		if slices.Contains(tags, e.Atom) {
			b.popTo(i)
			return
		}
		if e.Kind&stop != 0 {
			return
		}
	}
}

// closeInTable closes the outermost open element with one of the tags inside the nearest table.
func (b *builder) closeInTable(tags ...atom.Atom) {
	if b.tags.table.open == 0 {
		return
	}
	found := -1
	for i := len(b.frames) - 1; i >= b.searchFloor(); i-- {
		e := &b.Elements[b.frames[i].element]
		if e.Atom == atom.Table || e.Atom == atom.Template {
			break
		}
		if slices.Contains(tags, e.Atom) {
			found = i
		}
	}
	if found >= 0 {
		b.popTo(found)
	}
}

// searchFloor returns the lowest frame that a search may reach.
func (b *builder) searchFloor() int { return max(b.floor, len(b.frames)-maxSearch) }

// endTag closes the element that the tag names, if it is open and within maxSearch.
func (b *builder) endTag(tag *Tag) {
	a, kind := tag.Atom, tag.Kind
	switch {
	case a == atom.Html || a == atom.Body:
		return // text after </body> or </html> still belongs to the body: a popular place for injected links
	case tag.open <= 0:
		return
	case kind&formatting != 0:
		b.endFormatting(tag)
		return
	}
	for i := len(b.frames) - 1; i >= b.searchFloor(); i-- {
		e := &b.Elements[b.frames[i].element]
		if e.Tag == tag {
			b.popTo(i)
			if a == atom.Head {
				b.head = false
			}
			return
		}
		switch {
		case e.Atom == atom.Table && kind&tablePart != 0:
			return
		case kind&tablePart != 0 || a == atom.Table:
			// these close everything up to their table
		case e.Kind&boundary != 0:
			return
		case kind&Block == 0 && e.Kind&Block != 0:
			return // </span> does not end a div
		}
	}
}

// maxReopened bounds how many blocks a misnested formatting tag reopens. WHATWG's adoption agency
// algorithm also gives up after eight.
const maxReopened = 8

// endFormatting ends a formatting element. Blocks still open inside it go on outside it: in
// <b>1<div>2</b>3</div> the 3 is not bold. WHATWG gives such nodes another parent. Here the blocks
// are opened again.
func (b *builder) endFormatting(tag *Tag) {
	for i := len(b.frames) - 1; i >= b.searchFloor(); i-- {
		e := &b.Elements[b.frames[i].element]
		if e.Tag == tag {
			b.reopen(i)
			return
		}
		if e.Kind&boundary != 0 {
			return
		}
	}
}

// reopen closes frame i and all above it, and opens the blocks among them again.
func (b *builder) reopen(i int) {
	var again []int32
	for _, f := range b.frames[i+1:] {
		if b.Elements[f.element].Kind&(Block|formatting) != 0 {
			again = append(again, f.element)
		}
	}
	b.popTo(i)
	if len(again) > maxReopened {
		again = again[len(again)-maxReopened:]
	}
	for _, old := range again {
		e := b.Elements[old]
		el := b.append(e.Fragment, int(e.start), int(e.end), e.Tag)
		if el == 0 {
			return
		}
		b.event(Open, el, -1, 0, 0) // its attributes were read when it was first opened
		b.push(el)
	}
}
