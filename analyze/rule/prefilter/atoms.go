package prefilter

import (
	"cmp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/fold"
)

// The atoms are taken from the syntax of an expression, as in R. Cox, "Regular Expression Matching
// with a Trigram Index" (2012).
//
// The atoms are folded, and so is the text in which they are looked for. Folding works character by
// character, so a match folds to a part of the folded region. Folding does not change a text that
// is folded already, so the same is true of a match in the folded text. One pass therefore serves
// both, and 元\s*彩\s*金 has the atom 元彩金. A symbol that folding drops, like + or 🍎, is an atom by
// itself. It is looked for between the folded characters.

// form is a folded form of a part of an expression, with 0 for every digit; or symbolMark followed
// by one character that folding drops.
type form = string

const symbolMark = "\x00"

const (
	maxForms  = 300  // of one part; more of them exclude little, and multiply
	maxClass  = 128  // characters of a class that is worth listing
	maxSets   = 3    // of atoms of one expression; more hardly make candidates rarer
	maxAtom   = 8    // characters; more do not make it rarer
	tooCommon = 0.05 // the frequency of atoms that most regions contain
)

// info is what is known of the folded forms of the texts that a part of an expression matches. The
// empty form stands for any text.
type info struct {
	exact bool // prefix lists all forms; suffix is the same list
	// Each form begins with one of prefix and ends with one of suffix.
	prefix, suffix []form
	atoms          []set // each form contains one of each set; the rarest set comes first
}

// set is a set of forms and their frequency.
type set struct {
	forms     []form
	frequency float64
}

func setOf(forms []form) set { return set{forms, frequency(forms)} }

func anything() info { return info{prefix: []form{""}, suffix: []form{""}} }

func exactly(list ...form) info { return info{true, list, list, rarest([]set{setOf(list)})} }

// folder folds single characters, each of them only once.
type folder struct {
	text  fold.Text
	known map[rune]form
}

// infoOf derives the info of a simplified expression.
func (f *folder) infoOf(re *syntax.Regexp) info {
	switch re.Op {
	case syntax.OpLiteral:
		out := exactly("")
		for _, r := range re.Rune {
			out = concat(out, exactly(f.formsOfRune(r, re.Flags&syntax.FoldCase != 0)...))
		}
		return out
	case syntax.OpCharClass:
		return f.infoOfClass(re.Rune)
	case syntax.OpNoMatch:
		return exactly()
	case syntax.OpCapture:
		return f.infoOf(re.Sub[0])
	case syntax.OpQuest:
		return either(f.infoOf(re.Sub[0]), exactly(""))
	case syntax.OpPlus:
		sub := f.infoOf(re.Sub[0])
		sub.exact = sub.vanishes()
		return sub
	case syntax.OpStar:
		if f.infoOf(re.Sub[0]).vanishes() {
			return exactly("")
		}
		return anything()
	case syntax.OpConcat:
		out := exactly("")
		for _, sub := range re.Sub {
			out = concat(out, f.infoOf(sub))
		}
		return out
	case syntax.OpAlternate:
		out := exactly()
		for _, sub := range re.Sub {
			out = either(out, f.infoOf(sub))
		}
		return out
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpRepeat:
		return anything()
	}
	return exactly("") // the empty-width operators
}

// vanishes is true if folding drops all that the part can match, as for \s.
func (f info) vanishes() bool {
	kept := func(x form) bool { return x != "" && !strings.HasPrefix(x, symbolMark) }
	return f.exact && !slices.ContainsFunc(f.prefix, kept)
}

// formsOfRune returns the forms of a character or, under (?i), of all its cases: k has three cases,
// one of which is the Kelvin sign.
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
	case r == utf8.RuneError || r == 0 || unicode.IsSpace(r): // a stray byte may be spelt in another way; spaces are everywhere
		return ""
	}
	return symbolMark + string(r)
}

// infoOfClass takes a class as pairs of first and last characters.
func (f *folder) infoOfClass(ranges []rune) info {
	size := 0
	for i := 0; i+1 < len(ranges); i += 2 {
		if size += int(ranges[i+1]-ranges[i]) + 1; size > maxClass {
			return anything()
		}
	}
	out := make([]form, 0, size)
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			out = append(out, f.formOf(r))
		}
	}
	out = distinct(out)
	if slices.Contains(out, "") {
		out = slices.DeleteFunc(out, func(x form) bool { return strings.HasPrefix(x, symbolMark) })
	}
	return exactly(out...)
}

func distinct(list []form) []form {
	slices.Sort(list)
	return slices.Compact(list)
}

// concat is x followed by y.
func concat(x, y info) info {
	out := info{prefix: x.prefix, suffix: y.suffix}
	sets := append(slices.Clone(x.atoms), y.atoms...)
	if joined, ok := cross(x.suffix, y.prefix); ok {
		if x.exact {
			out.prefix = joined
		}
		if y.exact {
			out.suffix = joined
		}
		out.exact = x.exact && y.exact
		sets = append(sets, setOf(joined))
	}
	out.atoms = rarest(sets)
	return out
}

// cross returns every form of x followed by every form of y; ok is false if there are too many.
func cross(x, y []form) (out []form, ok bool) {
	if len(x)*len(y) > maxForms {
		return nil, false
	}
	out = make([]form, 0, len(x)*len(y))
	for _, a := range x {
		for _, b := range y {
			out = append(out, join(a, b))
		}
	}
	return distinct(out), true
}

// join is a followed by b. A symbol is not part of a folded text, so it is kept only if there is
// nothing rarer beside it.
func join(a, b form) form {
	switch symbolA, symbolB := strings.HasPrefix(a, symbolMark), strings.HasPrefix(b, symbolMark); {
	case symbolA && b == "", symbolA && symbolB:
		return a
	case symbolA:
		return b
	case symbolB && a != "":
		return a
	}
	return a + b
}

// either is x or y.
func either(x, y info) info {
	both := func(a, b []form) []form { return distinct(slices.Concat(a, b)) }
	out := info{exact: x.exact && y.exact, prefix: both(x.prefix, y.prefix), suffix: both(x.suffix, y.suffix)}
	if len(out.prefix) > maxForms || len(out.suffix) > maxForms {
		out = anything()
	}
	for i := range max(len(x.atoms), len(y.atoms)) {
		if len(x.atoms) > 0 && len(y.atoms) > 0 {
			a, b := x.atoms[min(i, len(x.atoms)-1)], y.atoms[min(i, len(y.atoms)-1)]
			out.atoms = append(out.atoms, setOf(both(a.forms, b.forms)))
		}
	}
	out.atoms = rarest(out.atoms)
	return out
}

// rarest returns the sets that are rarest in ordinary text, without those that another set implies.
func rarest(sets []set) (out []set) {
	slices.SortStableFunc(sets, func(a, b set) int { return cmp.Compare(a.frequency, b.frequency) })
	for _, s := range sets {
		implied := func(by set) bool {
			return !slices.ContainsFunc(by.forms, func(x form) bool {
				return !slices.ContainsFunc(s.forms, func(y form) bool { return contains(x, y) })
			})
		}
		if len(out) < maxSets && s.frequency < tooCommon && !slices.ContainsFunc(out, implied) {
			out = append(out, s)
		}
	}
	return out
}

// contains says whether every text that contains the form x also contains y.
func contains(x, y form) bool {
	return x == y || x != "" && x[0] != 0 && strings.Contains(x, y)
}

// frequency is a rough estimate of how often one of the forms begins at a character of ordinary
// Chinese text. The small addend accounts for the automaton, which grows with each form.
func frequency(list []form) (sum float64) {
	for _, x := range list {
		sum += frequencyOf(x) + 2e-7
	}
	return sum
}

func frequencyOf(x form) float64 {
	f, last := 1.0, rune(0)
	for _, r := range strings.TrimPrefix(x, symbolMark) {
		switch {
		case r == '0' && last == '0': // numbers of a single digit are rare
			f *= 0.5
		case r < utf8.RuneSelf && last > 0 && last < utf8.RuneSelf:
			f *= 0.2
		default:
			f *= shareOf(r)
		}
		last = r
	}
	return f
}

// commonCharacters occur in most sentences.
const commonCharacters = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里天家多好小日月用"

// shareOf is the approximate share of a character in ordinary Chinese text. It only guides the
// choice of atoms.
func shareOf(r rune) float64 {
	switch {
	case strings.ContainsRune(commonCharacters, r):
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

// atoms returns sets of strings. Every match of the expression contains a string of each set.
func (f *folder) atoms(tree *syntax.Regexp) (sets [][]form) {
	for _, s := range f.infoOf(tree).atoms {
		sets = append(sets, shortest(s.forms))
	}
	return sets
}

// canFold says whether an expression can match a folded text: it cannot if it requires a dot or a
// capital letter.
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

// shortest shortens long forms and leaves out those that contain another one.
func shortest(list []form) (out []form) {
	cut := make([]form, len(list))
	for i, x := range list {
		cut[i] = x
		if r := []rune(x); len(r) > maxAtom {
			cut[i] = string(r[:maxAtom])
		}
	}
	cut = distinct(cut)
	for _, x := range cut {
		if !slices.ContainsFunc(cut, func(y form) bool { return x != y && contains(x, y) }) {
			out = append(out, x)
		}
	}
	return out
}
