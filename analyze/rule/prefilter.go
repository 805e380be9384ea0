package rule

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Running a regular expression costs some hundred nanoseconds a character, so
// each one is run only on texts that hold what every match of it holds. As in
// R. Cox, "Regular Expression Matching with a Trigram Index" (2012), that is an
// and/or query drawn from the expression's syntax; here its leaves are single
// characters and literals instead of trigrams, since a Chinese character tells
// as much as three Latin ones. One pass over a text notes which of the
// characters of all queries occur in it.
//
// The automaton of the terms is not used for this: it keeps terms off the
// middle of Latin words and drops dear disguises; expressions know no such rules.

// maxNeededRunes bounds a character class that is worth asking for; a wider
// one, like [^。], is in every text.
const maxNeededRunes = 128

// needOp says what a need asks of a text.
type needOp uint8

const (
	needNothing needOp = iota
	needRune           // one of runes
	needLiteral        // runes in a row
	needAll            // all kids
	needOne            // one of kids
)

// need is a query that every text with a match of an expression satisfies.
type need struct {
	op    needOp
	runes []rune
	kids  []need
}

// needOf draws the query from a simplified expression.
func needOf(re *syntax.Regexp) need {
	switch re.Op {
	case syntax.OpLiteral:
		return needOfLiteral(re)
	case syntax.OpCharClass:
		return needOfClass(re.Rune)
	case syntax.OpCapture, syntax.OpPlus:
		return needOf(re.Sub[0])
	case syntax.OpConcat:
		out := need{op: needAll}
		for _, sub := range re.Sub {
			out.add(needOf(sub))
		}
		return out.plain()
	case syntax.OpAlternate:
		out := need{op: needOne}
		for _, sub := range re.Sub {
			kid := needOf(sub)
			if kid.op == needNothing {
				return kid
			}
			out.kids = append(out.kids, kid)
		}
		return out.plain()
	}
	return need{}
}

// needOfLiteral asks for the characters in a row or, under (?i), for each of
// them in one of its forms: k has three, with the Kelvin sign.
func needOfLiteral(re *syntax.Regexp) need {
	if re.Flags&syntax.FoldCase == 0 {
		return need{op: needLiteral, runes: re.Rune}
	}
	out := need{op: needAll}
	for _, r := range re.Rune {
		forms := []rune{r}
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			forms = append(forms, f)
		}
		slices.Sort(forms)
		out.add(need{op: needRune, runes: forms})
	}
	return out.plain()
}

// needOfClass takes pairs of first and last characters.
func needOfClass(ranges []rune) need {
	out := need{op: needRune}
	for i := 0; i+1 < len(ranges); i += 2 {
		if int(ranges[i+1]-ranges[i])+len(out.runes) >= maxNeededRunes {
			return need{}
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			out.runes = append(out.runes, r)
		}
	}
	if len(out.runes) == 0 {
		return need{} // [^\x00-\x{10FFFF}]: matches nothing, and says so quickly
	}
	return out
}

// add adds a kid to a needAll, unless it is there already, as the digits of \d{11} are.
func (n *need) add(kid need) {
	same := func(k need) bool { return k.op == kid.op && len(k.kids) == 0 && slices.Equal(k.runes, kid.runes) }
	switch {
	case kid.op == needNothing:
	case kid.op == needAll:
		for _, k := range kid.kids {
			n.add(k)
		}
	case len(kid.kids) > 0 || !slices.ContainsFunc(n.kids, same):
		n.kids = append(n.kids, kid)
	}
}

// plain does without a node of no kid or one.
func (n need) plain() need {
	switch len(n.kids) {
	case 0:
		return need{}
	case 1:
		return n.kids[0]
	}
	return n
}

// trigger returns characters of which one stands in every text that satisfies
// n, and roughly how often they occur; no characters if there are none such.
func (n need) trigger() (runes []rune, frequency int) {
	switch n.op {
	case needRune:
		for _, r := range n.runes {
			frequency += usualness(r)
		}
		return n.runes, frequency
	case needLiteral:
		rarest := slices.MinFunc(n.runes, func(x, y rune) int { return usualness(x) - usualness(y) })
		return []rune{rarest}, usualness(rarest)
	case needAll:
		for _, kid := range n.kids {
			if r, f := kid.trigger(); len(r) > 0 && (runes == nil || f < frequency) {
				runes, frequency = r, f
			}
		}
	case needOne:
		for _, kid := range n.kids {
			r, f := kid.trigger()
			runes, frequency = append(slices.Clip(runes), r...), frequency+f
		}
	}
	return runes, frequency
}

// usualCharacters are those that stand in most sentences.
const usualCharacters = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里天家多好小日月用"

// usualness is a rough count of a character in ordinary Chinese text, in
// parts of ten thousand. It only steers the choice of triggers.
func usualness(r rune) int {
	switch {
	case strings.ContainsRune(usualCharacters, r):
		return 80
	case r >= '0' && r <= '9':
		return 60
	case r < utf8.RuneSelf && unicode.IsLetter(r):
		return 20
	case !unicode.IsLetter(r):
		return 30
	}
	return 5
}

// prefilter holds the queries of all expressions of a set.
type prefilter struct {
	// ids numbers the characters of all queries, from 1 and in their order, so
	// that a class is a few ranges of bits.
	ids      []uint16 // of the basic plane
	others   map[rune]uint16
	triggers [][]int32 // expressions by character
	always   []int32   // those that any text may match
	checks   []check   // by expression
	words    int       // of a bitmap of characters
}

// check is a need over bitmaps.
type check struct {
	op      needOp
	bits    []bitsOfWord
	runes   []rune // of a needLiteral that is worth looking for
	literal string // the same
	kids    []check
}

type bitsOfWord struct {
	word int
	bits uint64
}

// maxNeedIDs is how many characters fit the numbering; what more there is is not asked for.
const maxNeedIDs = 1<<16 - 1

func newPrefilter(patterns []*pattern) *prefilter {
	f := &prefilter{ids: make([]uint16, 1<<16), others: map[rune]uint16{}, checks: make([]check, len(patterns))}
	needs := make([]need, len(patterns))
	distinct := map[rune]bool{}
	for i, p := range patterns {
		needs[i] = p.need()
		needs[i].each(func(r rune) { distinct[r] = true })
	}
	runes := make([]rune, 0, len(distinct))
	for r := range distinct {
		runes = append(runes, r)
	}
	slices.Sort(runes)
	for i, r := range runes[:min(len(runes), maxNeedIDs)] {
		if r < 1<<16 {
			f.ids[r] = uint16(i + 1)
		} else {
			f.others[r] = uint16(i + 1)
		}
	}
	f.triggers = make([][]int32, len(runes)+1)
	f.words = len(runes)/64 + 1
	for i := range needs {
		f.compile(int32(i), needs[i])
	}
	return f
}

// need returns the expression's query. Load has parsed it, so it parses.
func (p *pattern) need() need {
	tree, err := syntax.Parse(p.text, syntax.Perl)
	if err != nil {
		return need{}
	}
	return needOf(tree.Simplify())
}

func (n need) each(f func(rune)) {
	for _, r := range n.runes {
		f(r)
	}
	for _, kid := range n.kids {
		kid.each(f)
	}
}

func (f *prefilter) compile(index int32, n need) {
	f.checks[index] = f.check(n)
	runes, _ := n.trigger()
	if len(runes) == 0 || slices.ContainsFunc(runes, func(r rune) bool { return f.id(r) == 0 }) {
		f.always = append(f.always, index)
		return
	}
	slices.Sort(runes)
	for _, r := range slices.Compact(runes) {
		f.triggers[f.id(r)] = append(f.triggers[f.id(r)], index)
	}
}

func (f *prefilter) id(r rune) uint16 {
	if r < 1<<16 {
		return f.ids[r]
	}
	return f.others[r]
}

func (f *prefilter) check(n need) check {
	out := check{op: n.op}
	for _, r := range n.runes {
		id := int(f.id(r))
		if id == 0 {
			return check{}
		}
		if last := len(out.bits) - 1; last < 0 || out.bits[last].word != id/64 {
			out.bits = append(out.bits, bitsOfWord{word: id / 64})
		}
		out.bits[len(out.bits)-1].bits |= 1 << (id % 64)
	}
	// A stray byte matches as U+FFFD and is not spelt like it.
	if n.op == needLiteral && len(n.runes) > 1 && !slices.Contains(n.runes, utf8.RuneError) {
		out.runes, out.literal = n.runes, string(n.runes)
	}
	for _, kid := range rarestFirst(n.kids) {
		k := f.check(kid)
		switch {
		case k.op != needNothing:
			out.kids = append(out.kids, k)
		case n.op == needOne:
			return check{}
		}
	}
	return out
}

// rarestFirst sorts kids so that an and is refuted soon.
func rarestFirst(kids []need) []need {
	frequency := func(n need) int {
		_, f := n.trigger()
		return f
	}
	return slices.SortedStableFunc(slices.Values(kids), func(x, y need) int { return frequency(x) - frequency(y) })
}

// holds says whether a text satisfies the check: s or, if it is empty, runes.
func (c *check) holds(seen []uint64, s string, runes []rune) bool {
	switch c.op {
	case needRune:
		for _, b := range c.bits {
			if seen[b.word]&b.bits != 0 {
				return true
			}
		}
		return false
	case needLiteral:
		for _, b := range c.bits {
			if seen[b.word]&b.bits != b.bits {
				return false
			}
		}
		return c.runes == nil || s != "" && strings.Contains(s, c.literal) || s == "" && containsRunes(runes, c.runes)
	case needAll:
		for i := range c.kids {
			if !c.kids[i].holds(seen, s, runes) {
				return false
			}
		}
	case needOne:
		for i := range c.kids {
			if c.kids[i].holds(seen, s, runes) {
				return true
			}
		}
		return false
	}
	return true
}

func containsRunes(text, literal []rune) bool {
	for i := 0; i+len(literal) <= len(text); i++ {
		if text[i] == literal[0] && slices.Equal(text[i:i+len(literal)], literal) {
			return true
		}
	}
	return false
}

// occurrence is what one text holds, and which expressions may match it. Its
// memory is used again for the next text.
type occurrence struct {
	filter    *prefilter
	seen      []uint64 // bitmap of characters
	present   []uint16 // the same as a list
	asked     []bool   // expressions whose check was made
	askedList []int32
	may       []bool  // expressions that may match
	mayList   []int32 // the same as a list
}

func newOccurrence(f *prefilter) occurrence {
	return occurrence{filter: f, seen: make([]uint64, f.words), asked: make([]bool, len(f.checks)), may: make([]bool, len(f.checks))}
}

func (o *occurrence) reset() {
	for _, id := range o.present {
		o.seen[id/64] = 0
	}
	for _, p := range o.askedList {
		o.asked[p], o.may[p] = false, false
	}
	o.present, o.askedList, o.mayList = o.present[:0], o.askedList[:0], o.mayList[:0]
}

func (o *occurrence) note(id uint16) {
	if id != 0 && o.seen[id/64]>>(id%64)&1 == 0 {
		o.seen[id/64] |= 1 << (id % 64)
		o.present = append(o.present, id)
	}
}

// ofString finds out which expressions may match s.
func (o *occurrence) ofString(s string) {
	o.reset()
	for _, r := range s {
		o.note(o.filter.id(r))
	}
	o.ask(s, nil)
}

// ofRunes finds out which expressions may match the text of these characters.
func (o *occurrence) ofRunes(runes []rune) {
	o.reset()
	for _, r := range runes {
		o.note(o.filter.id(r))
	}
	o.ask("", runes)
}

func (o *occurrence) ask(s string, runes []rune) {
	ask := func(list []int32) {
		for _, p := range list {
			if o.asked[p] {
				continue
			}
			o.asked[p] = true
			o.askedList = append(o.askedList, p)
			if o.filter.checks[p].holds(o.seen, s, runes) {
				o.may[p] = true
				o.mayList = append(o.mayList, p)
			}
		}
	}
	ask(o.filter.always)
	for _, id := range o.present {
		ask(o.filter.triggers[id])
	}
}
