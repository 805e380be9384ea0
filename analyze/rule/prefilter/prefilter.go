// Package prefilter finds out where a regular expression can match before it is run. There are
// hundreds of expressions. So their atoms, strings that every match contains, are looked for in one
// pass over all of them. An expression is run only in texts that contain its atoms and, in a long
// text, only around them, within the greatest width of a match.
package prefilter

import (
	"math/bits"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/match"
)

// Index knows the atoms of a list of expressions. An expression has up to maxSets sets of atoms.
// Each set has a row of bits, one for each expression, that tell whether an atom of that set was
// seen. An Index is immutable and safe for concurrent use.
type Index struct {
	literals *match.Literals
	postings [][]rowBits        // by literal: the expressions that have it as an atom
	symbols  map[rune][]rowBits // the same by symbol
	first    [256 / 64]uint64   // the first bytes of the symbols
	words    int                // of a row
	lacking  []uint64           // rows of the expressions that have no such set
	folds    []bool             // by expression: whether it can match a folded text
	widths   []int16            // by expression: maxMatchWidth
	atoms    [][]literalOf      // by expression: those of the sets without symbols
}

// rowBits are bits of one word of the rows.
type rowBits struct {
	word int
	bits uint64
}

// literalOf is an atom of an expression, and the bit of the set that it belongs to.
type literalOf struct {
	literal int32
	set     uint8
}

// New returns the index of expressions in RE2's syntax, which are identified by their position in
// the list. An expression that does not parse can match nowhere.
func New(expressions []string) *Index {
	x := &Index{symbols: map[rune][]rowBits{}, words: (len(expressions) + 63) / 64}
	x.lacking = make([]uint64, maxSets*x.words)
	f := &folder{known: map[rune]form{}}
	var literals [][]rune
	index, runes := map[string]int{}, map[rune]bool{}
	for i, expression := range expressions {
		tree := treeOf(expression)
		x.folds, x.widths, x.atoms = append(x.folds, f.canFold(tree)), append(x.widths, f.maxMatchWidth(tree)), append(x.atoms, nil)
		sets := f.atoms(tree)
		for _, atom := range slices.Concat(sets...) {
			for _, r := range atom {
				runes[r] = true
			}
		}
		if len(runes) > match.MaxLiteralRunes {
			sets = nil // it may match anywhere
		}
		for k := len(sets); k < maxSets; k++ {
			x.lacking[k*x.words+i/64] |= 1 << (i % 64)
		}
		for k, set := range sets {
			hasSymbols := slices.ContainsFunc(set, func(atom form) bool { return strings.HasPrefix(atom, symbolMark) })
			for _, atom := range set {
				if symbol, ok := strings.CutPrefix(atom, symbolMark); ok {
					r, _ := utf8.DecodeRuneInString(symbol)
					x.symbols[r] = x.addBit(x.symbols[r], i, k)
					x.first[symbol[0]/64] |= 1 << (symbol[0] % 64)
					continue
				}
				at, ok := index[atom]
				if !ok {
					at = len(literals)
					index[atom] = at
					literals, x.postings = append(literals, []rune(atom)), append(x.postings, nil)
				}
				x.postings[at] = x.addBit(x.postings[at], i, k)
				if !hasSymbols {
					x.atoms[i] = append(x.atoms[i], literalOf{int32(at), 1 << k})
				}
			}
		}
	}
	x.literals = match.CompileLiterals(literals)
	return x
}

// treeOf returns the expression's simplified syntax tree.
func treeOf(expression string) *syntax.Regexp {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return &syntax.Regexp{Op: syntax.OpNoMatch}
	}
	return tree.Simplify()
}

func (x *Index) addBit(to []rowBits, expression, set int) []rowBits {
	word, bit := set*x.words+expression/64, uint64(1)<<(expression%64)
	for i := range to {
		if to[i].word == word {
			to[i].bits |= bit
			return to
		}
	}
	return append(to, rowBits{word, bit})
}

// CanFold says whether an expression can match a folded text. It cannot if it requires a dot or a
// capital letter.
func (x *Index) CanFold(expression int32) bool { return x.folds[expression] }

// Search searches one text after another. It reuses its memory, so it is for one goroutine.
type Search struct {
	*Index
	rows   []uint64      // of the expressions with atoms that were seen
	found  []int32       // expressions that may match
	places []match.Place // of the literals in the text
	marks  []uint32      // by literal: the mark of the last selection that included it
	mark   uint32        // of the current selection of literals
}

// NewSearch returns the memory for searches.
func (x *Index) NewSearch() *Search {
	return &Search{Index: x, rows: make([]uint64, len(x.lacking)), marks: make([]uint32, len(x.postings))}
}

// In returns the expressions that may match in a text or in its folded form, in
// the order of their index. The list is valid until the next call.
func (s *Search) In(t *fold.Text) []int32 {
	s.findLiterals(t.Runes)
	source := t.Source()
	behind := int32(0)
	for i := range t.Gaps {
		if t.Gaps[i].Width == 0 {
			continue
		}
		if i > 0 {
			behind = t.End[i-1]
		}
		s.findSymbols(source[behind:t.Start[i]])
	}
	if n := t.Len(); n > 0 {
		behind = t.End[n-1]
	}
	s.findSymbols(source[behind:])
	return s.collect()
}

// Places appends to out where atoms begin in the text of the last call of In, as far as Windows.Of
// needs them for the expressions. If out would get longer than most, it appends none.
func (s *Search) Places(expressions []int32, out []match.Place, most int) []match.Place {
	from := len(out)
	s.newMark()
	for _, x := range expressions {
		if s.widths[x] == unbounded {
			continue
		}
		for _, n := range s.atoms[x] {
			s.marks[n.literal] = s.mark
		}
	}
	for _, place := range s.places {
		if s.marks[place.Literal] != s.mark {
			continue
		}
		if len(out) == most {
			return out[:from]
		}
		out = append(out, place)
	}
	return out
}

// newMark chooses a mark that no literal has.
func (s *Search) newMark() {
	if s.mark++; s.mark == 0 {
		clear(s.marks) // after 4 billion marks they repeat
		s.mark++
	}
}

func (s *Search) add(to []rowBits) {
	for _, n := range to {
		s.rows[n.word] |= n.bits
	}
}

// findLiterals notes the literals of a text.
func (s *Search) findLiterals(text []rune) {
	clear(s.rows)
	s.newMark()
	s.places = s.literals.Places(text, s.places[:0])
	for _, place := range s.places {
		if s.marks[place.Literal] != s.mark {
			s.marks[place.Literal] = s.mark
			s.add(s.postings[place.Literal])
		}
	}
}

// findSymbols notes the symbols among characters that folding dropped.
func (s *Search) findSymbols(gap string) {
	for i := 0; i < len(gap); i++ {
		if b := gap[i]; s.first[b/64]>>(b%64)&1 != 0 {
			if r, _ := utf8.DecodeRuneInString(gap[i:]); r != utf8.RuneError {
				s.add(s.symbols[r])
			}
		}
	}
}

// collect lists the expressions of which an atom of each set was seen.
func (s *Search) collect() []int32 {
	s.found = s.found[:0]
	for word := range s.words {
		all := ^uint64(0)
		for at := word; at < len(s.rows) && all != 0; at += s.words {
			all &= s.rows[at] | s.lacking[at]
		}
		for ; all != 0; all &= all - 1 {
			if expression := word*64 + bits.TrailingZeros64(all); expression < len(s.folds) {
				s.found = append(s.found, int32(expression))
			}
		}
	}
	return s.found
}
