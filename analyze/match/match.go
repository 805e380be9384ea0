package match

import (
	"fmt"
	"unicode"

	"github.com/qianshao/qianshao/analyze/fold"
)

// Matcher finds many terms in a folded text in one pass. It is immutable and
// safe for concurrent use.
type Matcher struct {
	auto  *automaton
	codes codeTable
	terms []term
}

// term is one compiled term.
type term struct {
	runes  []rune
	gapped []bool // the list itself has a separator in front of this character
	next   int32  // the next term with the same symbols, plus one; 0 for none
	budget int
}

// Hit is one term found in a text.
type Hit struct {
	Term        int32     // index in the list given to Compile
	First, Last int32     // first and last character of the folded text, inclusive
	Start, End  int32     // byte range of the folded input
	Steps       fold.Step // what was done to the characters and to what stood between them
	Cost        int       // see the package comment
}

// Compile folds the terms and builds the matcher. It fails on a term that has
// no letter, digit or character left after folding, and names its index.
func Compile(terms []string) (*Matcher, error) {
	m := &Matcher{terms: make([]term, len(terms))}
	var text fold.Text
	for i, s := range terms {
		text.Fold(s)
		if text.Len() == 0 {
			return nil, fmt.Errorf("term %d (%q) has no letter, digit or character: give it one, or remove it", i, s)
		}
		t := term{runes: append([]rune(nil), text.Runes...), budget: budget(text.Len())}
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
	patterns := make([][]uint16, 0, len(m.terms))
	heads := make([]int32, 0, len(m.terms))
	seen := make(map[string]int, len(m.terms))
	for i := range m.terms {
		t := &m.terms[i]
		key := string(t.runes)
		if at, ok := seen[key]; ok {
			t.next = heads[at]
			heads[at] = int32(i) + 1
			continue
		}
		seen[key] = len(patterns)
		codes := make([]uint16, len(t.runes))
		for k, r := range t.runes {
			codes[k] = m.codes.add(r)
		}
		patterns = append(patterns, codes)
		heads = append(heads, int32(i)+1)
	}
	m.auto = newAutomaton(patterns, heads, int(m.codes.last))
}

// Scan calls emit for every term in t, in the order of their ends and, for one
// end, the longest first. Hits that overlap are all emitted.
func (m *Matcher) Scan(t *fold.Text, emit func(Hit)) {
	s := int32(rootState)
	for i, r := range t.Runes {
		s = m.auto.step(s, m.codes.of(r))
		for at := m.auto.cells[s].out; at != 0; at = m.auto.cells[m.auto.cells[at].fail].out {
			for k := m.auto.heads[at]; k != 0; k = m.terms[k-1].next {
				m.check(t, k-1, int32(i), emit)
			}
		}
	}
}

// check emits the hit of a term that ends at character last, if it is bounded
// and within its budget.
func (m *Matcher) check(t *fold.Text, index, last int32, emit func(Hit)) {
	tm := &m.terms[index]
	first := last - int32(len(tm.runes)) + 1
	if !bounded(t, first, last) {
		return
	}
	cost, steps := 0, fold.Step(0)
	for i := first; i <= last; i++ {
		steps |= t.Steps[i]
		if gap := t.Gaps[i]; i > first && gap.Width > 0 {
			steps |= gap.Steps
			if tm.gapped == nil || !tm.gapped[i-first] {
				cost += gapCost(t, i)
			}
		}
	}
	cost += stepCost(steps)
	if cost > tm.budget {
		return
	}
	emit(Hit{Term: index, First: first, Last: last, Start: t.Start[first], End: t.End[last], Steps: steps, Cost: cost})
}

// bounded is false where the hit cuts a run of Latin letters or of digits: "av"
// in "java", "6合" in "16合". A letter next to a digit is a boundary: "qq" in
// "qq12345" stands.
func bounded(t *fold.Text, first, last int32) bool {
	if first > 0 && t.Gaps[first].Break == fold.BreakNone && sameRun(t.Runes[first-1], t.Runes[first]) {
		return false
	}
	next := last + 1
	return int(next) == len(t.Runes) || t.Gaps[next].Break != fold.BreakNone || !sameRun(t.Runes[last], t.Runes[next])
}

func sameRun(a, b rune) bool {
	return isDigit(a) && isDigit(b) || isAlphabetic(a) && isAlphabetic(b)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// isAlphabetic is true for letters of scripts that part words by spaces.
func isAlphabetic(r rune) bool {
	if r < 0x80 {
		return r >= 'a' && r <= 'z'
	}
	return r < 0x1100 && unicode.IsLetter(r)
}

// codeTable maps the characters that occur in terms to 1, 2, 3 …
type codeTable struct {
	basic []uint16 // by rune, basic plane
	above map[rune]uint16
	last  uint16
}

func (c *codeTable) of(r rune) uint16 {
	if int(r) < len(c.basic) {
		return c.basic[r]
	}
	return c.above[r]
}

func (c *codeTable) add(r rune) uint16 {
	if have := c.of(r); have != 0 {
		return have
	}
	if c.basic == nil {
		c.basic, c.above = make([]uint16, 1<<16), map[rune]uint16{}
	}
	c.last++
	if int(r) < len(c.basic) {
		c.basic[r] = c.last
	} else {
		c.above[r] = c.last
	}
	return c.last
}
