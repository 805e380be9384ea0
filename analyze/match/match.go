package match

import (
	"fmt"
	"slices"
	"sync"
	"unicode"

	"github.com/qianshao/qianshao/analyze/fold"
)

// Matcher finds many terms in a folded text in one pass. It is immutable and
// safe for concurrent use.
type Matcher struct {
	auto    *automaton
	symbols *symbolTable
	terms   blocks
	// gapped is for the few terms that have separators of their own, and says before which
	// characters.
	gapped map[int32][]bool
	// scanners are reused, because a page has hundreds of short texts.
	scanners sync.Pool
}

// Hit is one term found in a text.
type Hit struct {
	Term        int32     // index in the list given to Compile
	First, Last int32     // first and last character of the folded text, inclusive
	Start, End  int32     // byte range of the folded input
	Steps       fold.Step // transforms of the characters and of what stands between them
	Cost        int       // see the package comment
}

// Compile folds the terms and builds the matcher. It fails if folding leaves nothing of a term. The
// error then has the term's index.
func Compile(terms []string) (*Matcher, error) {
	m := &Matcher{gapped: map[int32][]bool{}}
	m.scanners.New = func() any { return newScanner(m) }
	var text fold.Text
	folded := make([][]rune, len(terms))
	for i, s := range terms {
		text.Fold(s)
		if text.Len() == 0 {
			return nil, fmt.Errorf("term %d (%q) has no letter, digit or character: give it one, or remove it", i, s)
		}
		folded[i] = slices.Clone(text.Runes)
		for k, gap := range text.Gaps {
			if k > 0 && gap.Break != fold.BreakNone {
				if m.gapped[int32(i)] == nil {
					m.gapped[int32(i)] = make([]bool, text.Len())
				}
				m.gapped[int32(i)][k] = true
			}
		}
	}
	m.build(folded)
	return m, nil
}

func (m *Matcher) build(terms [][]rune) {
	m.symbols = newSymbolTable()
	patterns := make([][]uint16, 0, len(terms))
	patternOf := make([]int32, len(terms))
	seen := make(map[string]int32, len(terms))
	inTerms := map[rune]bool{}
	var codes []uint16
	var key []byte
	for i, runes := range terms {
		codes, key = codes[:0], key[:0]
		for _, r := range runes {
			inTerms[r], inTerms[m.symbols.latin(r)] = true, true // К stands for K, and K for К
			code := m.symbols.add(r)
			codes = append(codes, code)
			key = append(key, byte(code), byte(code>>8))
		}
		at, ok := seen[string(key)]
		if !ok {
			at = int32(len(patterns))
			seen[string(key)] = at
			patterns = append(patterns, slices.Clone(codes))
		}
		patternOf[i] = at
	}
	m.symbols.complete(inTerms)
	var heads []int32
	m.terms, heads = newBlocks(terms, patternOf, len(patterns))
	m.auto = newAutomaton(patterns, heads, len(m.symbols.codes))
	m.terms.link(m.auto)
}

// ends returns the character at one end of a span, and its bytes. For a mark it is the character
// after the mark.
func ends(t *fold.Text, i int32) (at, start, end int32) {
	if i >= 0 {
		return i, t.Start[i], t.End[i]
	}
	mark := t.Marks[-i-1]
	return max(0, min(mark.Before, int32(len(t.Runes))-1)), mark.Start, mark.End
}

// isInitial reports whether a span is a single letter.
func isInitial(t *fold.Text, s span) bool {
	return s.first >= 0 && s.first == s.last && isAlphabetic(t.Runes[s.first])
}

func sameRun(a, b rune) bool {
	return isDigit(a) && isDigit(b) || isAlphabetic(a) && isAlphabetic(b)
}

// mayRun reports whether sameRun can be true for a character.
func mayRun(r rune) bool { return r < 0x1100 }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// isAlphabetic reports whether r is a letter of a script that separates words by spaces.
func isAlphabetic(r rune) bool {
	if r < 0x80 {
		return r >= 'a' && r <= 'z'
	}
	return mayRun(r) && unicode.IsLetter(r)
}
