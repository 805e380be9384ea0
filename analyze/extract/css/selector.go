package css

import (
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
)

// Selector is one complex selector, "ul.menu > li a", as its compounds from
// right to left.
//
// Package style matches selectors itself, because the time that cascadia takes is the depth of the
// page to the power of the number of combinators: twenty "div div div …" on a page 500 deep stop a
// crawler. A test compares the two.
type Selector struct {
	Compounds   []Compound
	Combinators []byte // Combinators[i] is between Compounds[i+1] and Compounds[i]
	Specificity uint32 // ids<<16 | classes<<8 | tags
	Above       Names  // names that ancestors must have; they rule out most elements
}

// Compound is what a selector demands of one element: tag, id, classes and so on.
type Compound struct {
	Tag        string // lower case; empty for *
	ID         string
	Classes    []string
	Attributes []AttributeTest
	Pseudos    []PseudoClass
}

// AttributeTest is [name], [name=value], [name^=value] and so on. Op is the character before "=",
// or "=" itself, or 0 if any value matches.
type AttributeTest struct {
	Name, Value string
	Op          byte
	IgnoreCase  bool // [name=value i]
}

// PseudoClass is a pseudo-class of a compound, such as :not(a, .b).
type PseudoClass struct {
	Name string
	A, B int32      // of :nth-child(an+b)
	Any  []Compound // of :not, :is, :where
}

// Limits of selectors. Hand-written style sheets stay below them.
const (
	maxCompounds     = 16
	maxPseudoNesting = 2
)

// ParseSelector parses one complex selector. ok is false for an unknown one, and for one that
// matches no element of a page as it is loaded (:hover, ::before).
func ParseSelector(s string) (*Selector, bool) {
	p := &selectorParser{s: strings.TrimSpace(s)}
	sel := &Selector{}
	for {
		c, ok := p.compound(0)
		if !ok || len(sel.Compounds) >= maxCompounds {
			return nil, false
		}
		sel.Compounds = append(sel.Compounds, c)
		combinator := p.combinator()
		if combinator == 0 {
			break
		}
		sel.Combinators = append(sel.Combinators, combinator)
	}
	if p.i < len(p.s) {
		return nil, false
	}
	for i, j := 0, len(sel.Compounds)-1; i < j; i, j = i+1, j-1 {
		sel.Compounds[i], sel.Compounds[j] = sel.Compounds[j], sel.Compounds[i]
	}
	for i, j := 0, len(sel.Combinators)-1; i < j; i, j = i+1, j-1 {
		sel.Combinators[i], sel.Combinators[j] = sel.Combinators[j], sel.Combinators[i]
	}
	for i, c := range sel.Compounds {
		sel.Specificity += c.specificity()
		if i > 0 && (sel.Combinators[i-1] == ' ' || sel.Combinators[i-1] == '>') {
			sel.Above.Add(c.Tag)
			sel.Above.Add(c.ID)
			for _, class := range c.Classes {
				sel.Above.Add(class)
			}
		}
	}
	return sel, true
}

func (c *Compound) specificity() uint32 {
	n := uint32(len(c.Classes)+len(c.Attributes)) << 8
	if c.ID != "" {
		n += 1 << 16
	}
	if c.Tag != "" {
		n++
	}
	for _, p := range c.Pseudos {
		switch {
		case p.Any == nil:
			n += 1 << 8
		case p.Name != "where":
			var most uint32
			for i := range p.Any {
				most = max(most, p.Any[i].specificity())
			}
			n += most
		}
	}
	return n
}

type selectorParser struct {
	s string
	i int
}

func (p *selectorParser) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

// combinator reads white space, >, + or ~ between two compounds. It returns 0 at the end.
func (p *selectorParser) combinator() byte {
	c := byte(0)
	for {
		switch next := p.peek(); {
		case ascii.IsSpace(next):
			c = max(c, ' ')
		case next == '>' || next == '+' || next == '~':
			c = next
		default:
			if p.i >= len(p.s) && c == ' ' {
				return 0
			}
			return c
		}
		p.i++
	}
}

// compound reads tag, #id, .class, [attr] and :pseudo up to the next combinator.
func (p *selectorParser) compound(nesting int) (c Compound, found bool) {
	start := p.i
	if p.peek() == '*' {
		p.i++
	} else if tag, ok := p.name(); ok {
		c.Tag = ascii.Lower(tag)
	}
	for {
		var ok bool
		switch p.peek() {
		case '#':
			p.i++
			c.ID, ok = p.name()
		case '.':
			p.i++
			var class string
			class, ok = p.name()
			c.Classes = append(c.Classes, class)
		case '[':
			var t AttributeTest
			t, ok = p.attribute()
			c.Attributes = append(c.Attributes, t)
		case ':':
			var ps PseudoClass
			ps, ok = p.pseudo(nesting)
			c.Pseudos = append(c.Pseudos, ps)
		default:
			return c, p.i > start
		}
		if !ok {
			return c, false
		}
	}
}

// name reads an identifier and resolves its escapes.
func (p *selectorParser) name() (string, bool) {
	start, escaped := p.i, false
	for p.i < len(p.s) {
		if c := p.s[p.i]; c == '\\' && p.i+1 < len(p.s) {
			escaped = true
			p.i++
		} else if !isNameByte(c) {
			break
		}
		p.i++
	}
	name := p.s[start:p.i]
	if escaped {
		name = unescapeCSS(name)
	}
	return name, name != ""
}

func isNameByte(c byte) bool { return ascii.IsAlphanumeric(c) || c == '_' || c == '-' || c >= 0x80 }

// unescapeCSS resolves the escapes of an identifier: "\:" is a colon, "\31" the character with that
// number.
func unescapeCSS(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		n := 0
		for n < 6 && i+1+n < len(s) && ascii.IsHex(s[i+1+n]) {
			n++
		}
		if n == 0 {
			i++
			b.WriteByte(s[i])
			continue
		}
		r, _ := strconv.ParseUint(s[i+1:i+1+n], 16, 32)
		b.WriteRune(rune(r))
		i += n
	}
	return b.String()
}

// attribute reads [name op value i].
func (p *selectorParser) attribute() (t AttributeTest, ok bool) {
	end := strings.IndexByte(p.s[p.i:], ']')
	if end < 0 {
		return t, false
	}
	body := p.s[p.i+1 : p.i+end]
	p.i += end + 1
	eq := strings.IndexByte(body, '=')
	if eq < 0 {
		t.Name = ascii.Lower(strings.TrimSpace(body))
		return t, t.Name != ""
	}
	name := strings.TrimSpace(body[:eq])
	t.Op = '='
	if n := len(name); n > 0 && strings.IndexByte("~|^$*", name[n-1]) >= 0 {
		t.Op, name = name[n-1], name[:n-1]
	}
	t.Name = ascii.Lower(strings.TrimSpace(name))
	v := strings.TrimSpace(body[eq+1:])
	if cut, found := strings.CutSuffix(v, " i"); found {
		v, t.IgnoreCase = strings.TrimSpace(cut), true
	}
	t.Value = strings.Trim(v, `"'`)
	return t, t.Name != ""
}

// pseudo reads a pseudo-class and its argument.
func (p *selectorParser) pseudo(nesting int) (ps PseudoClass, ok bool) {
	p.i++
	ps.Name, ok = p.name()
	ps.Name = ascii.Lower(ps.Name)
	if !ok {
		return ps, false
	}
	if p.peek() != '(' {
		return ps, knownPseudo(ps.Name)
	}
	p.i++
	switch ps.Name {
	case "not", "is", "where", "matches", "-webkit-any":
		ps.Any, ok = p.list(nesting + 1)
	case "nth-child", "nth-of-type":
		end := strings.IndexByte(p.s[p.i:], ')')
		if end < 0 {
			return ps, false
		}
		ps.A, ps.B, ok = parseNth(p.s[p.i : p.i+end])
		p.i += end
	default:
		return ps, false
	}
	if !ok || p.peek() != ')' {
		return ps, false
	}
	p.i++
	return ps, true
}

func knownPseudo(name string) bool {
	switch name {
	case "first-child", "last-child", "only-child", "first-of-type", "last-of-type", "root", "link", "any-link", "enabled":
		return true
	}
	return false
}

// list reads the compounds of :not(a, .b).
func (p *selectorParser) list(nesting int) ([]Compound, bool) {
	var out []Compound
	for nesting <= maxPseudoNesting {
		for ascii.IsSpace(p.peek()) {
			p.i++
		}
		c, ok := p.compound(nesting)
		if !ok {
			return nil, false
		}
		out = append(out, c)
		for ascii.IsSpace(p.peek()) {
			p.i++
		}
		if p.peek() != ',' {
			return out, true
		}
		p.i++
	}
	return nil, false
}

// parseNth reads odd, even, 3, 2n+1, -n+3.
func parseNth(s string) (a, b int32, ok bool) {
	s = strings.ToLower(strings.ReplaceAll(s, " ", ""))
	switch s {
	case "odd":
		return 2, 1, true
	case "even":
		return 2, 0, true
	}
	step, rest, isStep := strings.Cut(s, "n")
	if !isStep {
		n, err := strconv.ParseInt(s, 10, 16)
		return 0, int32(n), err == nil
	}
	switch step {
	case "", "+":
		step = "1"
	case "-":
		step = "-1"
	}
	na, errA := strconv.ParseInt(step, 10, 16)
	nb, errB := int64(0), error(nil)
	if rest != "" {
		nb, errB = strconv.ParseInt(rest, 10, 16)
	}
	return int32(na), int32(nb), errA == nil && errB == nil
}
