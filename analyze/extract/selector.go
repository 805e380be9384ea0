package extract

import (
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
)

// selector is one complex selector, "ul.menu > li a", as its compounds from
// right to left.
//
// Selectors are matched here rather than with cascadia, because the time that
// one takes there is the depth of the page to the power of its combinators:
// twenty "div div div …" on a page 500 deep stop a crawler. Here each step is
// counted. A test holds the two to the same answers.
type selector struct {
	compounds   []compound
	combinators []byte // combinators[i] stands between compounds[i+1] and compounds[i]
	specificity uint32 // ids<<16 | classes<<8 | tags
	above       names  // what the elements around must have, for a quick no
}

// compound is what one element must be: tag, id, classes and so on.
type compound struct {
	tag     string // lower case; empty for *
	id      string
	classes []string
	attrs   []attrTest
	pseudos []pseudo
}

// attrTest is [name], [name=value], [name^=value] and so on; op 0 is mere presence.
type attrTest struct {
	name, value string
	op          byte
	fold        bool // [name=value i]
}

// pseudo is a pseudo-class.
type pseudo struct {
	name string
	a, b int32      // of :nth-child(an+b)
	any  []compound // of :not, :is, :where
}

// Limits of selectors; longer ones do not occur in style sheets written for people.
const (
	maxCompounds     = 16
	maxPseudoNesting = 2
)

// parseSelector reads one complex selector. It reports false for what never
// matches an element as the page loads (:hover, ::before) and for what it does
// not know.
func parseSelector(s string) (*selector, bool) {
	p := &selectorParser{s: strings.TrimSpace(s)}
	sel := &selector{}
	for {
		c, ok := p.compound(0)
		if !ok || len(sel.compounds) >= maxCompounds {
			return nil, false
		}
		sel.compounds = append(sel.compounds, c)
		combinator := p.combinator()
		if combinator == 0 {
			break
		}
		sel.combinators = append(sel.combinators, combinator)
	}
	if p.i < len(p.s) {
		return nil, false
	}
	for i, j := 0, len(sel.compounds)-1; i < j; i, j = i+1, j-1 {
		sel.compounds[i], sel.compounds[j] = sel.compounds[j], sel.compounds[i]
	}
	for i, j := 0, len(sel.combinators)-1; i < j; i, j = i+1, j-1 {
		sel.combinators[i], sel.combinators[j] = sel.combinators[j], sel.combinators[i]
	}
	for i, c := range sel.compounds {
		sel.specificity += c.specificity()
		if i > 0 && (sel.combinators[i-1] == ' ' || sel.combinators[i-1] == '>') {
			sel.above.add(c.tag)
			sel.above.add(c.id)
			for _, class := range c.classes {
				sel.above.add(class)
			}
		}
	}
	return sel, true
}

func (c *compound) specificity() uint32 {
	n := uint32(len(c.classes)+len(c.attrs)) << 8
	if c.id != "" {
		n += 1 << 16
	}
	if c.tag != "" {
		n++
	}
	for _, p := range c.pseudos {
		switch {
		case p.any == nil:
			n += 1 << 8
		case p.name != "where":
			var most uint32
			for i := range p.any {
				most = max(most, p.any[i].specificity())
			}
			n += most
		}
	}
	return n
}

// selectorParser reads a selector from left to right.
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

// combinator reads white space, >, + or ~ between two compounds; 0 at the end.
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
func (p *selectorParser) compound(nesting int) (c compound, found bool) {
	start := p.i
	if p.peek() == '*' {
		p.i++
	} else if tag, ok := p.name(); ok {
		c.tag = ascii.Lower(tag)
	}
	for {
		var ok bool
		switch p.peek() {
		case '#':
			p.i++
			c.id, ok = p.name()
		case '.':
			p.i++
			var class string
			class, ok = p.name()
			c.classes = append(c.classes, class)
		case '[':
			var t attrTest
			t, ok = p.attribute()
			c.attrs = append(c.attrs, t)
		case ':':
			var ps pseudo
			ps, ok = p.pseudo(nesting)
			c.pseudos = append(c.pseudos, ps)
		default:
			return c, p.i > start
		}
		if !ok {
			return c, false
		}
	}
}

// name reads an identifier, its escapes resolved.
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

// unescapeCSS resolves \: and \31 ; the latter take up to six digits and a space.
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
func (p *selectorParser) attribute() (t attrTest, ok bool) {
	end := strings.IndexByte(p.s[p.i:], ']')
	if end < 0 {
		return t, false
	}
	body := p.s[p.i+1 : p.i+end]
	p.i += end + 1
	eq := strings.IndexByte(body, '=')
	if eq < 0 {
		t.name = ascii.Lower(strings.TrimSpace(body))
		return t, t.name != ""
	}
	name := strings.TrimSpace(body[:eq])
	t.op = '='
	if n := len(name); n > 0 && strings.IndexByte("~|^$*", name[n-1]) >= 0 {
		t.op, name = name[n-1], name[:n-1]
	}
	t.name = ascii.Lower(strings.TrimSpace(name))
	v := strings.TrimSpace(body[eq+1:])
	if cut, found := strings.CutSuffix(v, " i"); found {
		v, t.fold = strings.TrimSpace(cut), true
	}
	t.value = strings.Trim(v, `"'`)
	return t, t.name != ""
}

// pseudo reads a pseudo-class and its argument.
func (p *selectorParser) pseudo(nesting int) (ps pseudo, ok bool) {
	p.i++
	ps.name, ok = p.name()
	ps.name = ascii.Lower(ps.name)
	if !ok {
		return ps, false
	}
	if p.peek() != '(' {
		return ps, knownPseudo(ps.name)
	}
	p.i++
	switch ps.name {
	case "not", "is", "where", "matches", "-webkit-any":
		ps.any, ok = p.list(nesting + 1)
	case "nth-child", "nth-of-type":
		end := strings.IndexByte(p.s[p.i:], ')')
		if end < 0 {
			return ps, false
		}
		ps.a, ps.b, ok = parseNth(p.s[p.i : p.i+end])
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
func (p *selectorParser) list(nesting int) ([]compound, bool) {
	var out []compound
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
