package rule

import (
	"cmp"
	"math/bits"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/match"
)

// Running a regular expression costs some hundred nanoseconds a character, so
// each one is run only on regions that hold its needles: strings of which every
// match has one or, for some expressions, one of each of two or three sets.
// They are drawn from the expression's syntax, as in R. Cox, "Regular Expression
// Matching with a Trigram Index" (2012), and all needles of all expressions
// share one automaton.
//
// The needles are folded, and so is the text that they are looked for in. As
// folding goes character by character, what a match consists of folds to a
// piece of the folded region; as it changes nothing that is folded, the same
// holds for a match in the folded text. So one pass answers for both, and
// 元\s*彩\s*金 has the needle 元彩金. What folds to nothing, like + or 🍎, is
// a needle by itself and looked for between the folded characters.

// form is a folded form of a piece of an expression, with 0 for every digit;
// or, behind signMark, one character that folding drops.
type form = string

const signMark = "\x00"

const (
	maxForms  = 300  // of one piece; more say little, and multiply
	maxClass  = 128  // characters of a class that is worth writing out
	maxSets   = 3    // of needles of one expression; more make it little rarer
	maxNeedle = 8    // characters; more make it no rarer
	tooUsual  = 0.05 // the frequency of needles that are in most regions
)

// forms is what is known of the folded forms of what a piece of an expression
// matches. The empty form stands for any text.
type forms struct {
	exact bool // prefix, and suffix, which is the same, list all of them
	// Each of them begins with one of prefix and ends with one of suffix.
	prefix, suffix []form
	needles        [][]form // each of them holds one of each set; the rarest first
}

func anything() forms { return forms{prefix: []form{""}, suffix: []form{""}} }

func exactly(list ...form) forms { return forms{true, list, list, rarest([][]form{list})} }

// folder folds single characters, each once.
type folder struct {
	text  fold.Text
	known map[rune]form
}

// formsOf reads a simplified expression.
func (f *folder) formsOf(re *syntax.Regexp) forms {
	switch re.Op {
	case syntax.OpLiteral:
		out := exactly("")
		for _, r := range re.Rune {
			out = concat(out, exactly(f.formsOfRune(r, re.Flags&syntax.FoldCase != 0)...))
		}
		return out
	case syntax.OpCharClass:
		return f.formsOfClass(re.Rune)
	case syntax.OpNoMatch:
		return exactly()
	case syntax.OpCapture:
		return f.formsOf(re.Sub[0])
	case syntax.OpQuest:
		return either(f.formsOf(re.Sub[0]), exactly(""))
	case syntax.OpPlus:
		sub := f.formsOf(re.Sub[0])
		sub.exact = sub.vanishes()
		return sub
	case syntax.OpStar:
		if f.formsOf(re.Sub[0]).vanishes() {
			return exactly("")
		}
		return anything()
	case syntax.OpConcat:
		out := exactly("")
		for _, sub := range re.Sub {
			out = concat(out, f.formsOf(sub))
		}
		return out
	case syntax.OpAlternate:
		out := exactly()
		for _, sub := range re.Sub {
			out = either(out, f.formsOf(sub))
		}
		return out
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpRepeat:
		return anything()
	}
	return exactly("") // the empty-width operators
}

// vanishes is true for what folding drops altogether, as it does with \s.
func (f forms) vanishes() bool {
	kept := func(x form) bool { return x != "" && !strings.HasPrefix(x, signMark) }
	return f.exact && !slices.ContainsFunc(f.prefix, kept)
}

// formsOfRune returns those of a character or, under (?i), of all its cases: k
// has three, with the Kelvin sign.
func (f *folder) formsOfRune(r rune, anyCase bool) (out []form) {
	out = append(out, f.formOf(r))
	for c := unicode.SimpleFold(r); anyCase && c != r; c = unicode.SimpleFold(c) {
		out = append(out, f.formOf(c))
	}
	return distinct(out)
}

func (f *folder) formOf(r rune) form {
	known, ok := f.known[r]
	if !ok {
		known = f.fold(r)
		f.known[r] = known
	}
	return known
}

func (f *folder) fold(r rune) form {
	f.text.Fold(string(r))
	for i, c := range f.text.Runes {
		if c >= '0' && c <= '9' {
			f.text.Runes[i] = '0'
		}
	}
	switch {
	case f.text.Len() > 0:
		return string(f.text.Runes)
	case r == utf8.RuneError || r == 0 || unicode.IsSpace(r): // a stray byte is spelt otherwise; spaces are everywhere
		return ""
	}
	return signMark + string(r)
}

// formsOfClass takes pairs of first and last characters.
func (f *folder) formsOfClass(ranges []rune) forms {
	var out []form
	for i := 0; i+1 < len(ranges); i += 2 {
		if int(ranges[i+1]-ranges[i])+len(out) >= maxClass {
			return anything()
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			out = append(out, f.formOf(r))
		}
	}
	out = distinct(out)
	if slices.Contains(out, "") {
		out = slices.DeleteFunc(out, func(x form) bool { return strings.HasPrefix(x, signMark) })
	}
	return exactly(out...)
}

func distinct(list []form) []form {
	slices.Sort(list)
	return slices.Compact(list)
}

// concat is x with y behind it.
func concat(x, y forms) forms {
	out := forms{prefix: x.prefix, suffix: y.suffix}
	sets := append(slices.Clone(x.needles), y.needles...)
	if seam, ok := cross(x.suffix, y.prefix); ok {
		if x.exact {
			out.prefix = seam
		}
		if y.exact {
			out.suffix = seam
		}
		out.exact = x.exact && y.exact
		sets = append(sets, seam)
	}
	out.needles = rarest(sets)
	return out
}

// cross returns every form of x with every form of y behind it; ok is false if
// they are too many.
func cross(x, y []form) (out []form, ok bool) {
	if len(x)*len(y) > maxForms {
		return nil, false
	}
	for _, a := range x {
		for _, b := range y {
			out = append(out, join(a, b))
		}
	}
	return distinct(out), true
}

// join is a with b behind it. A dropped character is not part of a folded text,
// so it stays only if nothing rarer stands beside it.
func join(a, b form) form {
	switch isA, isB := strings.HasPrefix(a, signMark), strings.HasPrefix(b, signMark); {
	case isA && b == "", isA && isB:
		return a
	case isA:
		return b
	case isB && a != "":
		return a
	}
	return a + b
}

// either is x or y.
func either(x, y forms) forms {
	both := func(a, b []form) []form { return distinct(append(slices.Clone(a), b...)) }
	out := forms{exact: x.exact && y.exact, prefix: both(x.prefix, y.prefix), suffix: both(x.suffix, y.suffix)}
	if len(out.prefix) > maxForms || len(out.suffix) > maxForms {
		out = anything()
	}
	for i := range max(len(x.needles), len(y.needles)) {
		if len(x.needles) > 0 && len(y.needles) > 0 {
			out.needles = append(out.needles, both(x.needles[min(i, len(x.needles)-1)], y.needles[min(i, len(y.needles)-1)]))
		}
	}
	out.needles = rarest(out.needles)
	return out
}

// rarest returns the sets that ordinary text holds least often, without those
// that say nothing new.
func rarest(sets [][]form) (out [][]form) {
	slices.SortStableFunc(sets, func(a, b []form) int { return cmp.Compare(frequency(a), frequency(b)) })
	for _, set := range sets {
		implied := func(by []form) bool {
			return !slices.ContainsFunc(by, func(x form) bool {
				return !slices.ContainsFunc(set, func(y form) bool { return holds(x, y) })
			})
		}
		if len(out) < maxSets && frequency(set) < tooUsual && !slices.ContainsFunc(out, implied) {
			out = append(out, set)
		}
	}
	return out
}

// holds says whether each text with the form x has y.
func holds(x, y form) bool {
	return x == y || x != "" && x[0] != 0 && strings.Contains(x, y)
}

// frequency is a rough count of how often one of the forms begins at a
// character of ordinary Chinese text; each makes the automaton larger, too.
func frequency(list []form) (sum float64) {
	for _, x := range list {
		sum += frequencyOf(x) + 2e-7
	}
	return sum
}

func frequencyOf(x form) float64 {
	f, last := 1.0, rune(0)
	for _, r := range strings.TrimPrefix(x, signMark) {
		switch {
		case r == '0' && last == '0': // few numbers have one digit
			f *= 0.5
		case r < utf8.RuneSelf && last > 0 && last < utf8.RuneSelf:
			f *= 0.2
		default:
			f *= usualness(r)
		}
		last = r
	}
	return f
}

// usualCharacters are those that stand in most sentences.
const usualCharacters = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里天家多好小日月用"

// usualness is a rough share of a character in ordinary Chinese text. It only
// steers the choice of needles.
func usualness(r rune) float64 {
	switch {
	case strings.ContainsRune(usualCharacters, r):
		return 0.008
	case r == '0': // any digit
		return 0.02
	case r < utf8.RuneSelf && unicode.IsLetter(r):
		return 0.002
	case !unicode.IsLetter(r):
		return 0.003
	}
	return 0.0005
}

// tree returns the expression's simplified syntax. Load has parsed it, so it parses.
func (p *pattern) tree() *syntax.Regexp {
	tree, err := syntax.Parse(p.text, syntax.Perl)
	if err != nil {
		return &syntax.Regexp{Op: syntax.OpNoMatch}
	}
	return tree.Simplify()
}

// needles returns sets of strings of which every match of the expression holds one each.
func (f *folder) needles(tree *syntax.Regexp) [][]form {
	sets := f.formsOf(tree).needles
	for i, set := range sets {
		sets[i] = shortest(set)
	}
	return sets
}

// canFold says whether an expression can match a folded text: one that asks for
// a dot or a capital letter cannot.
func (f *folder) canFold(re *syntax.Regexp) bool {
	stays := func(r rune) bool {
		form := f.formOf(r)
		return form == string(r) || form == "0" && r >= '0' && r <= '9'
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			ok := stays(r)
			for c := unicode.SimpleFold(r); !ok && re.Flags&syntax.FoldCase != 0 && c != r; c = unicode.SimpleFold(c) {
				ok = stays(c)
			}
			if !ok {
				return false
			}
		}
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if r-re.Rune[i] >= maxClass || stays(r) {
					return true
				}
			}
		}
		return false
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !f.canFold(sub) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, f.canFold)
	case syntax.OpCapture, syntax.OpPlus:
		return f.canFold(re.Sub[0])
	}
	return true
}

// shortest cuts what is long and leaves out what holds another one.
func shortest(list []form) (out []form) {
	cut := make([]form, len(list))
	for i, x := range list {
		cut[i] = x
		if r := []rune(x); len(r) > maxNeedle {
			cut[i] = string(r[:maxNeedle])
		}
	}
	cut = distinct(cut)
	for _, x := range cut {
		if !slices.ContainsFunc(cut, func(y form) bool { return x != y && holds(x, y) }) {
			out = append(out, x)
		}
	}
	return out
}

// haystack finds the expressions that may match in a text. For each of the
// maxSets sets that an expression may have, a row of bits tells which
// expressions have had a needle of theirs.
type haystack struct {
	literals *match.Literals
	postings [][]rowBits        // by literal: whose needle it is
	signs    map[rune][]rowBits // the same by dropped character
	first    [256 / 64]uint64   // which bytes those begin with
	words    int                // of a row
	lacking  []uint64           // rows of the expressions that have no such set
	folds    []bool             // by expression: it can match a folded text
	reach    []int16            // by expression: see reachOf
	needles  [][]literalOf      // by expression: those of the sets that have no sign
}

// rowBits are bits of one word of the rows.
type rowBits struct {
	word int
	bits uint64
}

func (h *haystack) addBit(to []rowBits, pattern, set int) []rowBits {
	word, bit := set*h.words+pattern/64, uint64(1)<<(pattern%64)
	for i := range to {
		if to[i].word == word {
			to[i].bits |= bit
			return to
		}
	}
	return append(to, rowBits{word, bit})
}

// literalOf is a needle of a set, one bit, of an expression.
type literalOf struct {
	literal int32
	set     uint8
}

// newHaystack takes the expressions in the order of their index.
func newHaystack(patterns []*pattern) *haystack {
	h := &haystack{signs: map[rune][]rowBits{}, words: (len(patterns) + 63) / 64}
	h.lacking = make([]uint64, maxSets*h.words)
	f := &folder{known: map[rune]form{}}
	var literals [][]rune
	index, runes := map[string]int{}, map[rune]bool{}
	for i, p := range patterns {
		tree := p.tree()
		h.folds, h.reach, h.needles = append(h.folds, f.canFold(tree)), append(h.reach, f.reachOf(tree)), append(h.needles, nil)
		sets := f.needles(tree)
		for _, x := range slices.Concat(sets...) {
			for _, r := range x {
				runes[r] = true
			}
		}
		if len(runes) > match.MaxLiteralRunes {
			sets = nil // it may match anywhere
		}
		for k := len(sets); k < maxSets; k++ {
			h.lacking[k*h.words+i/64] |= 1 << (i % 64)
		}
		for k, set := range sets {
			signs := slices.ContainsFunc(set, func(x form) bool { return strings.HasPrefix(x, signMark) })
			for _, x := range set {
				if sign, ok := strings.CutPrefix(x, signMark); ok {
					r, _ := utf8.DecodeRuneInString(sign)
					h.signs[r] = h.addBit(h.signs[r], i, k)
					h.first[sign[0]/64] |= 1 << (sign[0] % 64)
					continue
				}
				at, ok := index[x]
				if !ok {
					at = len(literals)
					index[x] = at
					literals, h.postings = append(literals, []rune(x)), append(h.postings, nil)
				}
				h.postings[at] = h.addBit(h.postings[at], i, k)
				if !signs {
					h.needles[i] = append(h.needles[i], literalOf{int32(at), 1 << k})
				}
			}
		}
	}
	h.literals = match.CompileLiterals(literals)
	return h
}

// search is a haystack's answer for one text. Its memory is used again.
type search struct {
	*haystack
	rows    []uint64 // of the expressions whose needles were seen
	found   []int32  // expressions that may match
	present []int32  // literals in the text
	known   []bool   // the same by literal
}

func newSearch(h *haystack) *search {
	return &search{haystack: h, rows: make([]uint64, len(h.lacking)), known: make([]bool, len(h.postings))}
}

func (s *search) add(needles []rowBits) {
	for _, n := range needles {
		s.rows[n.word] |= n.bits
	}
}

// in returns the expressions that may match in a text or in its folded form, in
// the order of their index. The list is valid until the next call.
func (s *search) in(t *fold.Text) []int32 {
	s.look(t.Runes)
	source := t.Source()
	behind := int32(0)
	for i := range t.Gaps {
		if t.Gaps[i].Width == 0 {
			continue
		}
		if i > 0 {
			behind = t.End[i-1]
		}
		s.between(source[behind:t.Start[i]])
	}
	if n := t.Len(); n > 0 {
		behind = t.End[n-1]
	}
	s.between(source[behind:])
	return s.collect()
}

// inFolded returns the expressions that may match in a folded text.
func (s *search) inFolded(text []rune) []int32 {
	s.look(text)
	return s.collect()
}

// look notes the literals of a text.
func (s *search) look(text []rune) {
	clear(s.rows)
	s.present = s.literals.Find(text, s.known, s.present[:0])
	for _, literal := range s.present {
		s.known[literal] = false
		s.add(s.postings[literal])
	}
}

// collect lists the expressions of which a needle of each set was seen.
func (s *search) collect() []int32 {
	s.found = s.found[:0]
	for word := range s.words {
		all := ^uint64(0)
		for at := word; at < len(s.rows); at += s.words {
			all &= s.rows[at] | s.lacking[at]
		}
		for ; all != 0; all &= all - 1 {
			if pattern := word*64 + bits.TrailingZeros64(all); pattern < len(s.folds) {
				s.found = append(s.found, int32(pattern))
			}
		}
	}
	return s.found
}

// between looks for signs among characters that folding dropped.
func (s *search) between(gap string) {
	for i := 0; i < len(gap); i++ {
		if b := gap[i]; s.first[b/64]>>(b%64)&1 != 0 {
			if r, _ := utf8.DecodeRuneInString(gap[i:]); r != utf8.RuneError {
				s.add(s.signs[r])
			}
		}
	}
}
