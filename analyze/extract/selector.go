package extract

import (
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
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
		case isSpace(next):
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
func (p *selectorParser) compound(nesting int) (c compound, ok bool) {
	start := p.i
	if p.peek() == '*' {
		p.i++
	} else if tag, found := p.name(); found {
		c.tag = lower(tag)
	}
	for {
		ok := true
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
		c := p.s[p.i]
		if c == '\\' && p.i+1 < len(p.s) {
			escaped = true
			p.i += 2
		} else if isNameByte(c) && c != '$' || c == '-' {
			p.i++
		} else {
			break
		}
	}
	name := p.s[start:p.i]
	if escaped {
		name = unescapeCSS(name)
	}
	return name, name != ""
}

// unescapeCSS resolves \: and \31 ; the latter take up to six digits and a space.
func unescapeCSS(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		n := 0
		for n < 6 && i+1+n < len(s) && isHex(s[i+1+n]) {
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
		t.name = lower(strings.TrimSpace(body))
		return t, t.name != ""
	}
	name := strings.TrimSpace(body[:eq])
	t.op = '='
	if n := len(name); n > 0 && strings.IndexByte("~|^$*", name[n-1]) >= 0 {
		t.op, name = name[n-1], name[:n-1]
	}
	t.name = lower(strings.TrimSpace(name))
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
	ps.name = lower(ps.name)
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
		for isSpace(p.peek()) {
			p.i++
		}
		c, ok := p.compound(nesting)
		if !ok {
			return nil, false
		}
		out = append(out, c)
		for isSpace(p.peek()) {
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
	eachWord(list, n.add)
}

// eachWord calls f with the words of a list separated by white space.
func eachWord(list string, f func(string)) {
	for i := 0; i < len(list); {
		for i < len(list) && isSpace(list[i]) {
			i++
		}
		from := i
		for i < len(list) && !isSpace(list[i]) {
			i++
		}
		if from < i {
			f(list[from:i])
		}
	}
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
	for _, a := range m.attrs[e.attrs : e.attrs+int32(e.attrCount)] {
		if a.name == name {
			v := m.views[e.view].text[a.start:min(a.end, a.start+maxSelectable)]
			m.steps += len(v) / 64
			return unescape(v), true
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
			if !hasWord(have, class) {
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

// hasWord says whether a list separated by white space contains a word.
func hasWord(list, word string) bool {
	for from := 0; from < len(list); {
		i := strings.Index(list[from:], word)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(word)
		if (i == 0 || isSpace(list[i-1])) && (end == len(list) || isSpace(list[end])) {
			return word != ""
		}
		from = i + 1
	}
	return false
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
		return hasWord(v, want)
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
