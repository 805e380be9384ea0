package style

import (
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"github.com/qianshao/qianshao/analyze/extract/css"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
	"github.com/qianshao/qianshao/analyze/extract/tree"
	"golang.org/x/net/html/atom"
)

// matcher matches selectors against the elements of a tree, and counts its steps.
type matcher struct {
	*tree.Tree
	names           []css.Names // of each element and its ancestors
	steps, maxSteps int
}

func newMatcher(t *tree.Tree, maxSteps int) matcher {
	return matcher{Tree: t, names: make([]css.Names, len(t.Elements)), maxSteps: maxSteps}
}

func (m *matcher) matches(s *css.Selector, el int32) bool {
	m.steps++
	if p := m.Elements[el].Parent; p >= 0 && m.names[p].Lacks(&s.Above) {
		return false
	}
	return m.from(s, 0, el)
}

// enter notes the names of an element for its descendants. Parents must be entered first.
func (m *matcher) enter(el int32) {
	e := &m.Elements[el]
	n := &m.names[el]
	if e.Parent >= 0 {
		*n = m.names[e.Parent]
	}
	n.Add(e.Name)
	if e.AttributeCount == 0 {
		return
	}
	id, _ := m.attribute(el, "id")
	n.Add(id)
	list, _ := m.attribute(el, "class")
	ascii.EachWord(list, n.Add)
}

// from matches compound i and those after it, against element el and its ancestors and siblings.
func (m *matcher) from(s *css.Selector, i int, el int32) bool {
	if !m.is(&s.Compounds[i], el) {
		return false
	}
	if i == len(s.Combinators) {
		return true
	}
	e := &m.Elements[el]
	switch s.Combinators[i] {
	case '>':
		return e.Parent >= 0 && m.from(s, i+1, e.Parent)
	case '+':
		return e.Previous >= 0 && m.from(s, i+1, e.Previous)
	case '~':
		for p := e.Previous; p >= 0 && m.steps < m.maxSteps; p = m.Elements[p].Previous {
			if m.from(s, i+1, p) {
				return true
			}
		}
	default:
		for p := e.Parent; p >= 0 && m.steps < m.maxSteps; p = m.Elements[p].Parent {
			if m.from(s, i+1, p) {
				return true
			}
		}
	}
	return false
}

// maxSelectable bounds how much of an attribute is matched.
const maxSelectable = 2048

// attribute returns an attribute's value, cut to maxSelectable, and whether the element has it.
func (m *matcher) attribute(el int32, name string) (string, bool) {
	e := &m.Elements[el]
	for _, a := range m.Attributes(el) {
		if a.Name == name {
			v := m.Fragments[e.Fragment].Content[a.Start:min(a.End, a.Start+maxSelectable)]
			m.steps += len(v) / 64
			return mapped.Unescape(v), true
		}
	}
	return "", false
}

// is reports whether an element matches a compound.
func (m *matcher) is(c *css.Compound, el int32) bool {
	m.steps++
	e := &m.Elements[el]
	if c.Tag != "" && c.Tag != e.Name {
		return false
	}
	if c.ID != "" {
		if id, _ := m.attribute(el, "id"); id != c.ID {
			return false
		}
	}
	if len(c.Classes) > 0 {
		have, _ := m.attribute(el, "class")
		for _, class := range c.Classes {
			if !ascii.HasWord(have, class) {
				return false
			}
		}
	}
	for i := range c.Attributes {
		if !m.passes(&c.Attributes[i], el) {
			return false
		}
	}
	for i := range c.Pseudos {
		if !m.hasPseudo(&c.Pseudos[i], el) {
			return false
		}
	}
	return true
}

func (m *matcher) passes(t *css.AttributeTest, el int32) bool {
	v, ok := m.attribute(el, t.Name)
	if !ok || t.Op == 0 {
		return ok
	}
	want := t.Value
	if t.IgnoreCase {
		v, want = strings.ToLower(v), strings.ToLower(want)
	}
	switch t.Op {
	case '=':
		return v == want
	case '~':
		return ascii.HasWord(v, want)
	case '|':
		return v == want || strings.HasPrefix(v, want+"-")
	case '^':
		return want != "" && strings.HasPrefix(v, want)
	case '$':
		return want != "" && strings.HasSuffix(v, want)
	}
	return want != "" && strings.Contains(v, want)
}

func (m *matcher) hasPseudo(p *css.PseudoClass, el int32) bool {
	e := &m.Elements[el]
	switch p.Name {
	case "not":
		return !m.isAny(p.Any, el)
	case "is", "where", "matches", "-webkit-any":
		return m.isAny(p.Any, el)
	case "first-child":
		return e.Previous < 0 && e.Parent >= 0
	case "last-child":
		return m.isLast(el)
	case "only-child":
		return e.Previous < 0 && m.isLast(el)
	case "first-of-type":
		return e.NthOfType == 1
	case "last-of-type":
		return e.NthOfType > 0 && !e.More
	case "nth-child":
		return isNth(p.A, p.B, e.NthChild)
	case "nth-of-type":
		return isNth(p.A, p.B, e.NthOfType)
	case "root":
		return el == 0
	case "link", "any-link":
		_, ok := m.Lookup(el, "href")
		return ok && (e.Atom == atom.A || e.Atom == atom.Area)
	case "enabled":
		_, off := m.Lookup(el, "disabled")
		return !off && (e.Atom == atom.Input || e.Atom == atom.Button || e.Atom == atom.Select || e.Atom == atom.Textarea)
	}
	return false
}

func (m *matcher) isLast(el int32) bool {
	parent := m.Elements[el].Parent
	return parent >= 0 && m.Elements[parent].Last == el
}

func (m *matcher) isAny(list []css.Compound, el int32) bool {
	for i := range list {
		if m.is(&list[i], el) {
			return true
		}
	}
	return false
}

// isNth reports whether n = a·k + b for some k ≥ 0.
func isNth(a, b, n int32) bool {
	if n <= 0 {
		return false
	}
	if a == 0 {
		return n == b
	}
	return (n-b)%a == 0 && (n-b)/a >= 0
}
