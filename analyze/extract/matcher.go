package extract

import (
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
	"golang.org/x/net/html/atom"
)

// names is a Bloom filter of tags, ids and classes, with one bit a name. Most
// selectors that end in "a" are ruled out by it, as ".footer a" is for every
// link outside of a footer (the idea is WebKit's ancestor filter).
type names [2]uint64

// add puts a name in, unless it is empty.
func (n *names) add(name string) {
	if name == "" {
		return
	}
	h := uint32(2166136261) // FNV-1a
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	h ^= h >> 15
	n[h>>6&1] |= 1 << (h & 63)
}

// lacks says that some of want are certainly not in n.
func (n *names) lacks(want *names) bool { return want[0]&^n[0] != 0 || want[1]&^n[1] != 0 }

// matcher matches selectors against the elements of a tree, counting its steps.
type matcher struct {
	*tree
	around          []names // of each element with those around it
	steps, maxSteps int
}

func newMatcher(t *tree, maxSteps int) matcher {
	return matcher{tree: t, around: make([]names, len(t.elements)), maxSteps: maxSteps}
}

// matches says whether element el is what the selector selects.
func (m *matcher) matches(s *selector, el int32) bool {
	m.steps++
	if p := m.elements[el].parent; p >= 0 && m.around[p].lacks(&s.above) {
		return false
	}
	return m.from(s, 0, el)
}

// enter notes the names of an element for those inside. Parents come first.
func (m *matcher) enter(el int32) {
	e := &m.elements[el]
	n := &m.around[el]
	if e.parent >= 0 {
		*n = m.around[e.parent]
	}
	n.add(e.tag)
	if e.attrCount == 0 {
		return
	}
	id, _ := m.attribute(el, "id")
	n.add(id)
	list, _ := m.attribute(el, "class")
	ascii.EachWord(list, n.add)
}

func (m *matcher) from(s *selector, i int, el int32) bool {
	if !m.is(&s.compounds[i], el) {
		return false
	}
	if i == len(s.combinators) {
		return true
	}
	e := &m.elements[el]
	switch s.combinators[i] {
	case '>':
		return e.parent >= 0 && m.from(s, i+1, e.parent)
	case '+':
		return e.previous >= 0 && m.from(s, i+1, e.previous)
	case '~':
		for p := e.previous; p >= 0 && m.steps < m.maxSteps; p = m.elements[p].previous {
			if m.from(s, i+1, p) {
				return true
			}
		}
	default:
		for p := e.parent; p >= 0 && m.steps < m.maxSteps; p = m.elements[p].parent {
			if m.from(s, i+1, p) {
				return true
			}
		}
	}
	return false
}

// maxSelectable bounds how much of an attribute selectors look at.
const maxSelectable = 2048

// attribute is lookup for selectors.
func (m *matcher) attribute(el int32, name string) (string, bool) {
	e := &m.elements[el]
	for _, a := range m.attributes(el) {
		if a.name == name {
			v := m.fragments[e.fragment].Content[a.start:min(a.end, a.start+maxSelectable)]
			m.steps += len(v) / 64
			return mapped.Unescape(v), true
		}
	}
	return "", false
}

// is says whether an element is all that a compound asks.
func (m *matcher) is(c *compound, el int32) bool {
	m.steps++
	e := &m.elements[el]
	if c.tag != "" && c.tag != e.tag {
		return false
	}
	if c.id != "" {
		if id, _ := m.attribute(el, "id"); id != c.id {
			return false
		}
	}
	if len(c.classes) > 0 {
		have, _ := m.attribute(el, "class")
		for _, class := range c.classes {
			if !ascii.HasWord(have, class) {
				return false
			}
		}
	}
	for i := range c.attrs {
		if !m.passes(&c.attrs[i], el) {
			return false
		}
	}
	for i := range c.pseudos {
		if !m.hasPseudo(&c.pseudos[i], el) {
			return false
		}
	}
	return true
}

func (m *matcher) passes(t *attrTest, el int32) bool {
	v, ok := m.attribute(el, t.name)
	if !ok || t.op == 0 {
		return ok
	}
	want := t.value
	if t.fold {
		v, want = strings.ToLower(v), strings.ToLower(want)
	}
	switch t.op {
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

func (m *matcher) hasPseudo(p *pseudo, el int32) bool {
	e := &m.elements[el]
	switch p.name {
	case "not":
		return !m.isAny(p.any, el)
	case "is", "where", "matches", "-webkit-any":
		return m.isAny(p.any, el)
	case "first-child":
		return e.previous < 0 && e.parent >= 0
	case "last-child":
		return m.isLast(el)
	case "only-child":
		return e.previous < 0 && m.isLast(el)
	case "first-of-type":
		return e.nthOfType == 1
	case "last-of-type":
		return e.nthOfType > 0 && !e.more
	case "nth-child":
		return isNth(p.a, p.b, e.nthChild)
	case "nth-of-type":
		return isNth(p.a, p.b, e.nthOfType)
	case "root":
		return el == 0
	case "link", "any-link":
		_, ok := m.lookup(el, "href")
		return ok && (e.atom == atom.A || e.atom == atom.Area)
	case "enabled":
		_, off := m.lookup(el, "disabled")
		return !off && (e.atom == atom.Input || e.atom == atom.Button || e.atom == atom.Select || e.atom == atom.Textarea)
	}
	return false
}

func (m *matcher) isLast(el int32) bool {
	parent := m.elements[el].parent
	return parent >= 0 && m.elements[parent].last == el
}

func (m *matcher) isAny(list []compound, el int32) bool {
	for i := range list {
		if m.is(&list[i], el) {
			return true
		}
	}
	return false
}

// isNth says whether n = a·k + b for some k ≥ 0.
func isNth(a, b, n int32) bool {
	if n <= 0 {
		return false
	}
	if a == 0 {
		return n == b
	}
	return (n-b)%a == 0 && (n-b)/a >= 0
}
