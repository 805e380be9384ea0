package match

import (
	"math"

	"github.com/qianshao/qianshao/analyze/fold"
)

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

// got is what a text has in the place of a term's character.
type got struct {
	r rune // none if it is not one character
	// sound is the cost of a character that sounds like it. It holds for all but those
	// of which alike has the bit, by their last six bits; symbolCost knows these.
	sound uint8
	alike uint64
}

// place is where the text has the symbols of a block's terms, with all that does not
// hang on the term.
type place struct {
	read  reading
	got   []got
	hit   Hit // but for the term and what its characters cost
	gaps  int // the cost of what stands between the characters
	limit int // of the summed costs of changed characters and gaps
	first edgeOfPlace
	last  edgeOfPlace
}

// edgeOfPlace says how a place begins or ends: in the middle of a run of Latin letters or
// digits, with a letter that is read as an initial.
type edgeOfPlace struct{ inRun, initial bool }

// cuts reports whether a hit that begins or ends with the term's character r cuts a
// run of Latin letters or digits, as "av" does in "java" and "6合" in "16合". Between a
// letter and a digit is a boundary: "qq" in "qq12345" is a hit. The same holds for letters
// read as initials (彩p in 彩PS3 is not 彩票). What was read as pinyin ends with a
// syllable anyway.
func (e edgeOfPlace) cuts(r rune) bool { return e.inRun && (e.initial || sameRun(r, r)) }

// look notes what the text has in the place of n symbols.
func (m *Matcher) look(t *fold.Text, read reading, n int, to []got) []got {
	for k := range n {
		s := read.at(k)
		g := got{r: -1, alike: math.MaxUint64}
		if s.first >= 0 && s.first == s.last {
			g.r = t.Runes[s.first]
			if c := m.symbols.chars.of(g.r); read.spans == nil && c != nil {
				// It was found by its commonest sound, which the terms share.
				g.sound, g.alike = c.soundCost, c.alike
			}
		}
		to = append(to, g)
	}
	return to
}

// survey fills in what the hits of all terms at a place share.
func (p *place) survey(t *fold.Text, n int) {
	first, last := p.read.at(0), p.read.at(n-1)
	p.limit = budget(n)
	p.hit = Hit{}
	p.first, p.last = edgeOfPlace{}, edgeOfPlace{}
	if i := first.first; i > 0 && t.Gaps[i].Break == fold.BreakNone && sameRun(t.Runes[i-1], t.Runes[i]) {
		p.first = edgeOfPlace{true, isInitial(t, first)}
	}
	if i := last.last; i >= 0 && int(i)+1 < len(t.Runes) && t.Gaps[i+1].Break == fold.BreakNone && sameRun(t.Runes[i], t.Runes[i+1]) {
		p.last = edgeOfPlace{true, isInitial(t, last)}
	}
	p.hit.First, p.hit.Start, _ = ends(t, first.first)
	p.hit.Last, _, p.hit.End = ends(t, last.last)
	p.hit.Last = max(p.hit.Last, p.hit.First)
	p.gaps, p.hit.Steps = p.gapsCost(t, n, nil)
	if p.read.spans != nil {
		return
	}
	for _, step := range t.Steps[first.first : last.last+1] {
		p.hit.Steps |= step
	}
}

// gapsCost prices what stands between all characters. Where gapped is set the term
// itself has a separator.
func (p *place) gapsCost(t *fold.Text, n int, gapped []bool) (gaps int, steps fold.Step) {
	for k := 1; k < n; k++ {
		cost, step := gapsCost(t, p.read.at(k-1), p.read.at(k), gapped != nil && gapped[k])
		gaps, steps = gaps+cost, steps|step
	}
	if gaps > spacedOutCost && spacedOut(t, p.read.at(0).first, p.read.at(n-1).last) {
		gaps = spacedOutCost
	}
	return gaps, steps
}

// compare compares the text with a term of characters wants and returns the hit. ok is
// false if they differ too much, or if the hit would cut a Latin word.
func (m *Matcher) compare(t *fold.Text, p *place, term int32, wants []rune) (h Hit, ok bool) {
	n := len(wants)
	if p.first.cuts(wants[0]) || p.last.cuts(wants[n-1]) {
		return h, false
	}
	h = p.hit
	sum := p.gaps
	if len(m.gapped) > 0 {
		if gapped := m.gapped[term]; gapped != nil {
			sum, _ = p.gapsCost(t, n, gapped)
		}
	}
	for k, want := range wants {
		g := &p.got[k]
		switch {
		case g.r == want && p.read.spans == nil:
		case n > 1 && g.alike>>(want&63)&1 == 0:
			sum += int(g.sound)
			h.Steps |= fold.StepHomophone
		default:
			cost, step := m.symbolCost(t, p.read.at(k), want, n)
			sum += cost
			h.Steps |= step
		}
	}
	if sum > p.limit {
		return h, false
	}
	h.Term, h.Cost = term, stepCost(h.Steps)+normalise(sum, n)
	return h, h.Cost <= MaxCost
}
