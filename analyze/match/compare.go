package match

import (
	"github.com/qianshao/qianshao/analyze/fold"
)

// reading is how the characters of a text were read as a term's: one by one from
// first on or, if there is a thread, as its symbols from the one numbered first on.
type reading struct {
	first  int32
	thread *thread
}

// isOwn reports whether a character was read as its own symbol, which is its commonest sound.
func (r *reading) isOwn(k int) bool {
	return r.thread == nil || r.thread.edges>>slot(r.first+int32(k))&1 == 0
}

func (r *reading) at(k int) span {
	i := r.first + int32(k)
	if r.thread != nil {
		return r.thread.spans[slot(i)]
	}
	return span{i, i}
}

// place is where the text has the symbols of a block's terms, with everything that does not
// depend on the term.
type place struct {
	read reading
	// as in Hit, which is made from them at the very end: copying what was just written would
	// stall
	firstAt, lastAt, start, end int32
	steps                       fold.Step
	gaps                        int // the cost of what stands between the characters
	limit                       int // of the summed costs of changed characters and gaps
	first, last                 endOfPlace
	smooth                      bool
}

// endOfPlace says how a place begins or ends: in the middle of a run of Latin letters or
// digits, with a letter that is read as an initial.
type endOfPlace struct{ inRun, initial bool }

// cuts reports whether a hit that begins or ends with the term's character r cuts a
// run of Latin letters or digits, as "av" does in "java" and "6合" in "16合". Between a
// letter and a digit is a boundary: "qq" in "qq12345" is a hit. The same holds for letters
// read as initials (彩p in 彩PS3 is not 彩票). What was read as pinyin ends with a
// syllable anyway.
func (e endOfPlace) cuts(r rune) bool { return e.inRun && (e.initial || sameRun(r, r)) }

// survey notes what the hits of all terms of n symbols share that the text has at a place.
func (p *place) survey(t *fold.Text, n int) {
	read := &p.read
	p.limit = budget(n)
	p.first, p.last = endOfPlace{}, endOfPlace{}
	p.smooth = read.thread == nil && smooth(t, read.first, n)
	if p.smooth {
		last := read.first + int32(n) - 1
		p.firstAt, p.lastAt, p.start, p.end = read.first, last, t.Start[read.first], t.End[last]
		p.gaps, p.steps = 0, 0
		return
	}
	first, last := read.at(0), read.at(n-1)
	if i := first.first; i > 0 && t.Gaps[i].Break == fold.BreakNone && sameRun(t.Runes[i-1], t.Runes[i]) {
		p.first = endOfPlace{true, isInitial(t, first)}
	}
	if i := last.last; i >= 0 && int(i)+1 < len(t.Runes) && t.Gaps[i+1].Break == fold.BreakNone && sameRun(t.Runes[i], t.Runes[i+1]) {
		p.last = endOfPlace{true, isInitial(t, last)}
	}
	p.firstAt, p.start, _ = ends(t, first.first)
	p.lastAt, _, p.end = ends(t, last.last)
	p.lastAt = max(p.lastAt, p.firstAt)
	p.gaps, p.steps = p.gapsCost(t, n, nil)
	for k := range n {
		if s := read.at(k); s.first >= 0 && s.first == s.last {
			p.steps |= t.Steps[s.first]
		}
	}
}

// smooth reports whether n characters were written as folded, with nothing between them,
// and are not Latin. Most hits on ordinary text are of this kind.
func smooth(t *fold.Text, first int32, n int) bool {
	var steps fold.Step
	var width uint8
	for _, step := range t.Steps[first:][:n] {
		steps |= step
	}
	gaps := t.Gaps[first:][:n]
	for _, gap := range gaps[1:] {
		width |= gap.Width
	}
	return steps == 0 && width == 0 && !mayRun(t.Runes[first]) && !mayRun(t.Runes[int(first)+n-1])
}

// isPlain reports whether the text has a term's characters as they are. Such a hit costs nothing.
func (p *place) isPlain(t *fold.Text, wants []rune) bool {
	if !p.smooth {
		return false
	}
	for k, got := range t.Runes[p.read.first:][:len(wants)] {
		if got != wants[k] {
			return false
		}
	}
	return true
}

// gapsCost prices what stands between all characters. Where gapped is set the term
// itself has a separator.
func (p *place) gapsCost(t *fold.Text, n int, gapped []bool) (gaps int, steps fold.Step) {
	first := p.read.at(0)
	last := first
	for k := 1; k < n; k++ {
		next := p.read.at(k)
		cost, step := gapsCost(t, last, next, gapped != nil && gapped[k])
		gaps, steps, last = gaps+cost, steps|step, next
	}
	if gaps > spacedOutCost && spacedOut(t, first.first, last.last) {
		gaps = spacedOutCost
	}
	return gaps, steps
}

// hit returns the hit of a term at the place.
func (p *place) hit(term int32, steps fold.Step, cost int) Hit {
	return Hit{term, p.firstAt, p.lastAt, p.start, p.end, steps, cost}
}

// compare compares the text with a term of characters wants and returns what the hit costs:
// more than MaxCost if they differ too much, or if the hit would cut a Latin word.
func (m *Matcher) compare(t *fold.Text, p *place, term int32, wants []rune) (steps fold.Step, cost int) {
	if p.isPlain(t, wants) {
		return 0, 0
	}
	n := len(wants)
	if p.first.cuts(wants[0]) || p.last.cuts(wants[n-1]) {
		return 0, impossible
	}
	sum, steps := p.gaps, p.steps
	if sum > 0 && len(m.gapped) > 0 {
		if gapped := m.gapped[term]; gapped != nil {
			sum, _ = p.gapsCost(t, n, gapped)
		}
	}
	var changes int
	var how fold.Step
	if p.read.thread == nil {
		changes, how = m.changesInRow(t.Runes[p.read.first:][:n], wants)
	} else {
		changes, how = m.changes(t, &p.read, wants)
	}
	sum += changes
	steps |= how
	if sum > p.limit {
		return 0, impossible
	}
	return steps, stepCost(steps) + normalise(sum, n)
}

// changesInRow prices the characters of a text in the place of a term's that have the same
// symbols.
func (m *Matcher) changesInRow(text, wants []rune) (sum int, steps fold.Step) {
	for k, want := range wants {
		got := text[k]
		if got == want {
			continue
		}
		if cost := m.symbols.chars.soundCost(got, want); cost > 0 && len(wants) > 1 {
			sum += cost
			steps |= fold.StepHomophone
			continue
		}
		cost, step := m.replaceCost(got, want, len(wants))
		sum += cost
		steps |= step
	}
	return sum, steps
}

// changes prices what was read by a thread in the place of a term's characters.
func (m *Matcher) changes(t *fold.Text, read *reading, wants []rune) (sum int, steps fold.Step) {
	for k, want := range wants {
		s := read.at(k)
		if s.first == s.last && s.first >= 0 {
			got := t.Runes[s.first]
			if got == want {
				continue
			}
			if read.isOwn(k) && len(wants) > 1 {
				if cost := m.symbols.chars.soundCost(got, want); cost > 0 {
					sum += cost
					steps |= fold.StepHomophone
					continue
				}
			}
		}
		cost, step := m.symbolCost(t, s, want, len(wants))
		sum += cost
		steps |= step
	}
	return sum, steps
}
