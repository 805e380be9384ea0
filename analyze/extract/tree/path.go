package tree

import (
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"golang.org/x/net/html/atom"
)

// maxPathSteps bounds the steps of a path. The path of an element nested deeper has only the
// innermost steps, which are still a valid selector.
const maxPathSteps = 6

// Paths makes the paths of a tree's elements. Successive elements mostly have the same parent, so
// the part of the path that they share is made once.
type Paths struct {
	tree   *Tree
	parent int32 // the element that front is the path of
	front  []byte
	memory []byte
}

// Paths returns a maker of paths for the tree's elements.
func (t *Tree) Paths() *Paths { return &Paths{tree: t} }

// Of returns a CSS selector for the element: "#list > li:nth-of-type(2) > a". It starts at an
// element with an id, at the body or head, or maxPathSteps up. An element that a script writes has
// the path of the script.
func (p *Paths) Of(el int32) string {
	t := p.tree
	for owner := t.Fragments[t.Elements[el].Fragment].Owner; owner != 0 && owner < el; owner = t.Fragments[t.Elements[el].Fragment].Owner {
		el = owner
	}
	b := p.memory[:0]
	if parent := t.Elements[el].Parent; !t.beginsPath(el) && parent != 0 { // html > is left out
		if p.parent != parent {
			p.parent, p.front = parent, append(t.appendSteps(p.front[:0], parent, maxPathSteps-1), " > "...)
		}
		b = append(b, p.front...)
	}
	p.memory = t.appendStep(b, el)
	return string(p.memory)
}

// beginsPath reports whether the element can be found without naming an ancestor.
func (t *Tree) beginsPath(el int32) bool {
	e := &t.Elements[el]
	return e.Parent < 0 || e.Atom == atom.Body || e.Atom == atom.Head || t.plainID(el) != ""
}

// appendSteps appends the last steps of the path to an element, no more of them than most.
func (t *Tree) appendSteps(b []byte, el int32, most int) []byte {
	if parent := t.Elements[el].Parent; most > 1 && !t.beginsPath(el) && parent != 0 {
		b = append(t.appendSteps(b, parent, most-1), " > "...)
	}
	return t.appendStep(b, el)
}

func (t *Tree) appendStep(b []byte, el int32) []byte {
	if id := t.plainID(el); id != "" {
		return append(append(b, '#'), id...)
	}
	e := &t.Elements[el]
	b = append(b, e.Name...)
	if e.NthOfType > 1 || e.NthOfType == 1 && e.More {
		b = append(b, ":nth-of-type("...)
		b = strconv.AppendInt(b, int64(e.NthOfType), 10)
		b = append(b, ')')
	}
	return b
}

// plainID returns the element's id if it needs no escapes in a selector.
func (t *Tree) plainID(el int32) string {
	if !t.Elements[el].named {
		return ""
	}
	id := t.Value(el, "id")
	if id == "" || len(id) > 40 || id[0] >= '0' && id[0] <= '9' || id[0] == '-' {
		return ""
	}
	if strings.IndexFunc(id, func(r rune) bool { return r >= 0x80 || !ascii.IsAlphanumeric(byte(r)) && r != '_' && r != '-' }) >= 0 {
		return ""
	}
	return id
}
