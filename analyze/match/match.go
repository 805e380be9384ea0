package match

import (
	"fmt"
	"sync"
	"unicode"

	"github.com/qianshao/qianshao/analyze/fold"
)

// Matcher finds many terms in a folded text in one pass. It is immutable and
// safe for concurrent use.
type Matcher struct {
	auto    *automaton
	symbols *symbolTable
	terms   []term
	// scanners are reused: a page has hundreds of short texts.
	scanners sync.Pool
}

// term is one compiled term.
type term struct {
	runes  []rune
	gapped []bool // the term itself has a separator before this character
	next   int32  // the next term with the same symbols, plus one; 0 for none
	limit  int    // of the summed costs of changed characters and gaps
	// latinStart and latinEnd say that the term begins or ends with a digit, or
	// with a letter of a script that separates words by spaces.
	latinStart, latinEnd bool
}

// Hit is one term found in a text.
type Hit struct {
	Term        int32     // index in the list given to Compile
	First, Last int32     // first and last character of the folded text, inclusive
	Start, End  int32     // byte range of the folded input
	Steps       fold.Step // transforms of the characters and of what is between them
	Cost        int       // see the package comment
}

// Compile folds the terms and builds the matcher. It fails if nothing is left of a
// term after folding; the error has the term's index.
func Compile(terms []string) (*Matcher, error) {
	m := &Matcher{terms: make([]term, len(terms))}
	var text fold.Text
	for i, s := range terms {
		text.Fold(s)
		if text.Len() == 0 {
			return nil, fmt.Errorf("term %d (%q) has no letter, digit or character: give it one, or remove it", i, s)
		}
		t := term{runes: append([]rune(nil), text.Runes...), limit: budget(text.Len())}
		t.latinStart = sameRun(t.runes[0], t.runes[0])
		t.latinEnd = sameRun(t.runes[len(t.runes)-1], t.runes[len(t.runes)-1])
		for k, gap := range text.Gaps {
			if k > 0 && gap.Break != fold.BreakNone {
				if t.gapped == nil {
					t.gapped = make([]bool, len(t.runes))
				}
				t.gapped[k] = true
			}
		}
		m.terms[i] = t
	}
	m.build()
	return m, nil
}

func (m *Matcher) build() {
	m.scanners.New = func() any { return &scanner{m: m} }
	m.symbols = newSymbolTable()
	patterns := make([][]uint16, 0, len(m.terms))
	heads := make([]int32, 0, len(m.terms))
	seen := make(map[string]int, len(m.terms))
	inTerms := map[rune]bool{}
	var key []byte
	for i := range m.terms {
		t := &m.terms[i]
		codes := make([]uint16, len(t.runes))
		key = key[:0]
		for k, r := range t.runes {
			inTerms[r], inTerms[m.symbols.latin(r)] = true, true // К stands for K, and K for it
			codes[k] = m.symbols.add(r)
			key = append(key, byte(codes[k]), byte(codes[k]>>8))
		}
		if at, ok := seen[string(key)]; ok {
			t.next = heads[at]
			heads[at] = int32(i) + 1
			continue
		}
		seen[string(key)] = len(patterns)
		patterns = append(patterns, codes)
		heads = append(heads, int32(i)+1)
	}
	m.symbols.complete(inTerms)
	m.auto = newAutomaton(patterns, heads, len(m.symbols.codes))
}

// reading is how the characters of a text were read as a term's: one by one from
// first on or, if spans is set, as these.
type reading struct {
	first int32
	spans []span
}

func (r reading) at(k int) span {
	if r.spans != nil {
		return r.spans[k]
	}
	return span{r.first + int32(k), r.first + int32(k)}
}

// check compares the text with a term and returns the hit. ok is false if they
// differ too much, or if the hit would cut a Latin word.
func (m *Matcher) check(t *fold.Text, index int32, read reading) (h Hit, ok bool) {
	tm := &m.terms[index]
	n := len(tm.runes)
	first, last := read.at(0), read.at(n-1)
	if !m.bounded(t, tm, first, last) {
		return h, false
	}
	if read.spans == nil {
		if steps, ok := tm.asWritten(t, read.first); ok {
			h = Hit{Term: index, First: first.first, Last: last.last, Start: t.Start[first.first], End: t.End[last.last], Steps: steps, Cost: stepCost(steps)}
			return h, h.Cost <= MaxCost
		}
	}
	sum, gaps, steps := 0, 0, fold.Step(0)
	for k, want := range tm.runes {
		s := read.at(k)
		cost, step := m.symbolCost(t, s, want, n)
		if cost > tm.limit {
			return h, false
		}
		sum, steps = sum+cost, steps|step
		if k > 0 {
			cost, step = gapsCost(t, read.at(k-1), s, tm.gapped != nil && tm.gapped[k])
			gaps, steps = gaps+cost, steps|step
		}
	}
	if gaps > spacedOutCost && spacedOut(t, first.first, last.last) {
		gaps = spacedOutCost
	}
	if sum+gaps > tm.limit {
		return h, false
	}
	h = Hit{Term: index, Steps: steps, Cost: stepCost(steps) + normalise(sum+gaps, n)}
	h.First, h.Start, _ = place(t, first.first)
	h.Last, _, h.End = place(t, last.last)
	h.Last = max(h.Last, h.First)
	return h, h.Cost <= MaxCost
}

// asWritten reports whether the text has the term itself at a character, with
// nothing between its characters, and how folding changed them. Most hits on
// ordinary text are of this kind.
func (tm *term) asWritten(t *fold.Text, first int32) (steps fold.Step, ok bool) {
	text := t.Runes[first:][:len(tm.runes)]
	for k, want := range tm.runes {
		if text[k] != want {
			return 0, false
		}
	}
	gaps := t.Gaps[first:][:len(tm.runes)]
	for k, step := range t.Steps[first:][:len(tm.runes)] {
		if k > 0 && gaps[k].Width > 0 {
			return 0, false
		}
		steps |= step
	}
	return steps, true
}

// place returns the character at one end of a span, and its bytes. The character
// of a mark is the one after it.
func place(t *fold.Text, i int32) (at, start, end int32) {
	if i >= 0 {
		return i, t.Start[i], t.End[i]
	}
	mark := t.Marks[-i-1]
	return max(0, min(mark.Before, int32(len(t.Runes))-1)), mark.Start, mark.End
}

// bounded reports whether the hit does not cut a run of Latin letters or digits, as
// "av" does in "java" and "6合" in "16合". Between a letter and a digit is a
// boundary: "qq" in "qq12345" is a hit. The same holds for letters read as initials
// (彩p in 彩PS3 is not 彩票). What was read as pinyin ends with a syllable anyway.
func (m *Matcher) bounded(t *fold.Text, tm *term, first, last span) bool {
	if i := first.first; (tm.latinStart || isInitial(t, first)) && i > 0 && t.Gaps[i].Break == fold.BreakNone && sameRun(t.Runes[i-1], t.Runes[i]) {
		return false
	}
	i := last.last
	return !tm.latinEnd && !isInitial(t, last) || i < 0 || int(i)+1 == len(t.Runes) || t.Gaps[i+1].Break != fold.BreakNone || !sameRun(t.Runes[i], t.Runes[i+1])
}

// isInitial reports whether a span is a single letter.
func isInitial(t *fold.Text, s span) bool {
	return s.first >= 0 && s.first == s.last && isAlphabetic(t.Runes[s.first])
}

func sameRun(a, b rune) bool {
	return isDigit(a) && isDigit(b) || isAlphabetic(a) && isAlphabetic(b)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// isAlphabetic reports whether r is a letter of a script that separates words by spaces.
func isAlphabetic(r rune) bool {
	if r < 0x80 {
		return r >= 'a' && r <= 'z'
	}
	return r < 0x1100 && unicode.IsLetter(r)
}
