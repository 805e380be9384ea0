package match

import (
	"github.com/qianshao/qianshao/analyze/fold"
)

// reading is how the characters of a text were read as those of a term: one by one from first on
// or, if there is a thread, as the thread's symbols from number first on.
type reading struct {
	first  int32
	thread *thread
}

// isOwn reports whether a character was read as its own symbol, that of its commonest sound.
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

// place is a place in the text with the symbols of a block's terms. It holds everything that is the
// same for all these terms.
type place struct {
	read reading
	// As in Hit. A Hit is made from these only at the very end, because copying what was just
	// written would stall.
	firstAt, lastAt, start, end int32
	steps                       fold.Step
	gaps                        int // cost of what stands between the characters
	limit                       int // of the sum of the costs of changed characters and gaps
	first, last                 endOfPlace
	smooth                      bool
}

// endOfPlace says how a place begins or ends: inside a run of Latin letters or digits, and with a
// letter that is read as an initial.
type endOfPlace struct{ inRun, initial bool }

// cuts reports whether a hit that begins or ends with the term's character r cuts a run of Latin
// letters or digits, as "av" does in "java" and "6合" in "16合". There is a boundary between a letter
// and a digit: "qq" in "qq12345" is a hit. Letters read as initials may not cut a run either (彩p in
// 彩PS3 is not 彩票). Anything read as pinyin ends with a syllable anyway.
func (e endOfPlace) cuts(r rune) bool { return e.inRun && (e.initial || sameRun(r, r)) }

// survey notes what all hits of terms with n symbols at a place have in common.
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

// smooth reports whether n characters are written as folded, with nothing between them, and are not
// Latin. Most hits in ordinary text are like this.
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

// isPlain reports whether the text has a term's characters unchanged. Such a hit costs nothing.
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

// gapsCost returns the cost of what stands between the characters. gapped says before which
// characters the term itself has a separator.
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

// compare compares the text with a term of characters wants and returns the cost of the hit. It is
// more than MaxCost if the two differ too much or the hit would cut a Latin word.
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

// changesInRow returns the cost of a text's characters in place of a term's characters with the
// same symbols.
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

// changes returns the cost of what a thread read in place of a term's characters.
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
