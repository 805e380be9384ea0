package rule

import (
	"cmp"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/match"
)

// Regular expressions come last: terms cost next to nothing, an expression some
// hundred nanoseconds a character. The scan has noted the regions that hold an
// expression's needles; here an expression is run there if its rule still hangs
// on it: see candidates, finishPatterns and matters.

// chance is a region in which a regular expression may match.
type chance struct{ region, pattern int32 }

// matches are those of one regular expression in one region.
type matches struct {
	spans  []piece
	folded bool // the spans are characters of the folded text, not bytes of the region's
}

// noteChances notes, for the blocks that read the open region, which of their
// expressions may match in it.
func (e *evaluation) noteChances() {
	for _, p := range e.search.in(&e.text) {
		for _, b := range e.set.patterns[p].blocks {
			if e.reads(b, e.region) {
				st := e.touch(b)
				st.chances = append(st.chances, chance{e.region, p})
			}
		}
	}
}

// candidates returns the detections whose condition holds or could, once the
// regular expressions have been run. Where no term hit and no expression may
// match, no condition holds: Load refuses those that do.
func (e *evaluation) candidates() (live []*detection) {
	hit := make([]bool, len(e.set.detections))
	for _, i := range e.touched {
		if b := e.set.blocks[i]; !b.measures {
			hit[b.owner.index] = true
		}
	}
	for i, d := range e.set.detections {
		if hit[i] && e.verdict(d).holds() != no {
			live = append(live, d)
		}
	}
	return live
}

// finishPatterns runs the regular expressions of the live detections, a block
// at a time, until their conditions are decided or, while explaining, all of
// them. The blocks that have the least to read come first: if they decide the
// condition, the others need not be run.
func (e *evaluation) finishPatterns(live []*detection) {
	for _, d := range live {
		v := e.verdict(d)
		for i, b := range e.leastFirst(d.patternBlocks) {
			if i > 0 && e.trace == nil && v.holds() == no {
				break
			}
			e.runPatterns(b)
		}
	}
}

// leastFirst sorts blocks by the text that their expressions may have to read.
func (e *evaluation) leastFirst(blocks []*block) []*block {
	e.order = append(e.order[:0], blocks...)
	for _, b := range blocks {
		st := &e.states[b.index]
		st.unread = 0
		for _, c := range st.chances {
			st.unread += len(e.doc.Regions[c.region].Text)
		}
	}
	slices.SortStableFunc(e.order, func(x, y *block) int { return cmp.Compare(e.states[x.index].unread, e.states[y.index].unread) })
	return e.order
}

// runPatterns runs a block's expressions on the regions where they may match.
func (e *evaluation) runPatterns(b *block) {
	st := &e.states[b.index]
	if st.patternsRun || len(st.chances) == 0 {
		return
	}
	st.patternsRun, st.termHits = true, len(st.hits)
	narrow := len(b.beside) > 0 && e.wordy && !e.allows && e.trace == nil
	region, matters := int32(noRegion), true
	for i, c := range st.chances {
		if c.region != region {
			region, matters = c.region, !narrow || e.matters(b, c.region)
		}
		if !matters {
			continue
		}
		e.open(int(c.region))
		e.findPattern(b, c)
		if i+1 == len(st.chances) || st.chances[i+1].region != c.region {
			e.exceptPatterns()
			e.settleBlocks()
		}
	}
	slices.SortStableFunc(st.hits, func(x, y hit) int {
		return cmp.Or(cmp.Compare(x.region, y.region), cmp.Compare(x.first, y.first))
	})
	if b.within > 0 {
		e.stretches(b, st)
	}
}

// markBeside finds out which blocks' hits count only in regions where another
// block has some. One with a min above 1 sums its terms over the page.
func (d *detection) markBeside(root *node) {
	alone := make([]bool, len(d.blocks))
	for i, b := range d.blocks {
		alone[i] = b.min > 1
	}
	beside := func(local, other int) { d.blocks[local].beside = append(d.blocks[local].beside, d.blocks[other]) }
	root.each(func(n *node) {
		switch {
		case n.op == opBlock || n.op == opNear && n.other == noBlock:
			alone[n.block] = true
		case n.op == opNear:
			beside(n.block, n.other)
			beside(n.other, n.block)
		}
		for _, from := range n.away {
			beside(from.block, n.block)
			if n.other != noBlock {
				beside(from.block, n.other)
			}
		}
	})
	for i, b := range d.blocks {
		if alone[i] {
			b.beside = nil
		}
	}
}

// matters says whether a hit of the block in a region can: one of the blocks
// that it is only wanted near has, or may have, a hit there, or stands for the region.
// That tells all on a page of much text. On another, a hit anywhere
// corroborates those of the rule's other blocks.
func (e *evaluation) matters(b *block, region int32) bool {
	return slices.ContainsFunc(b.beside, func(other *block) bool {
		if other.measures {
			return e.reads(other, region)
		}
		st := &e.states[other.index]
		_, hit := slices.BinarySearchFunc(st.hits, region, func(h hit, region int32) int { return cmp.Compare(h.region, region) })
		if hit || st.patternsRun {
			return hit
		}
		_, may := slices.BinarySearchFunc(st.chances, region, func(c chance, region int32) int { return cmp.Compare(c.region, region) })
		return may
	})
}

// exceptPatterns finds the excepts, and the allowed texts, for the blocks that
// wait with matches of patterns: those that the scan found are gone by now.
func (e *evaluation) exceptPatterns() {
	excepts := slices.ContainsFunc(e.waiting, func(i int32) bool { return e.set.blocks[i].excepts })
	if !excepts && !e.allows {
		return
	}
	e.covers = e.covers[:0]
	e.matcher.Scan(&e.text, func(h match.Hit) {
		for _, p := range e.set.terms[h.Term].postings {
			if p.block == allowPosting {
				e.cover(p.weight, h)
			} else if st := &e.states[p.block]; p.weight == exceptWeight && len(st.pending) > 0 {
				st.excepts = append(st.excepts, cover{first: h.First, last: h.Last})
			}
		}
	})
}

// findPattern runs one of a block's expressions on the open region.
func (e *evaluation) findPattern(b *block, c chance) {
	found := e.find(c)
	p := e.set.patterns[c.pattern]
	slot := p.slots[slices.Index(p.blocks, b)]
	for _, span := range found.spans {
		h := hit{region: e.region, term: int32(len(e.set.terms)) + c.pattern, slot: slot, weight: 1}
		if found.folded {
			h.first, h.last = span.from, span.to-1
			e.undisguise(&h)
		} else {
			h.start, h.end = span.from, span.to
			e.locate(&h)
		}
		if !e.overlapsTerm(b, &h) {
			st := e.wait(b)
			st.pending = append(st.pending, h)
		}
	}
}

// find returns an expression's matches in the open region: in its own text
// or, if there are none, in its folded text. It runs once, however many blocks ask.
func (e *evaluation) find(c chance) (out matches) {
	p := e.set.patterns[c.pattern]
	if known, ok := e.matches[c]; ok {
		return known
	}
	re, err := p.compiled()
	if err != nil {
		return out // Load has parsed it, and nothing else can fail
	}
	pieces, ok := e.pieces(c.pattern)
	if !ok {
		pieces = append(pieces[:0], piece{0, int32(e.text.Len())})
	}
	for _, in := range pieces {
		out.spans = e.findPlain(re, in, out.spans)
	}
	if len(out.spans) == 0 && e.search.folds[c.pattern] {
		out.folded = true
		for _, in := range pieces {
			out.spans = e.findFolded(re, in, out.spans)
		}
	}
	if len(p.blocks) > 1 && len(e.matches) < maxKnown {
		e.matches[c] = out
	}
	return out
}

// findPlain appends the matches in a piece of the open region's own text.
func (e *evaluation) findPlain(re *regexp.Regexp, in piece, out []piece) []piece {
	text, start := e.current().Text, 0
	if end := int(in.to); end < e.text.Len() {
		text = text[:e.text.End[end-1]]
	}
	if in.from > 0 {
		start = int(e.text.Start[in.from])
	}
	for _, span := range re.FindAllStringIndex(text[start:], maxPatternHits-len(out)) {
		if span[0] < span[1] {
			out = append(out, piece{int32(start + span[0]), int32(start + span[1])})
		}
	}
	return out
}

// findFolded appends the matches in a piece of the open region's folded text.
func (e *evaluation) findFolded(re *regexp.Regexp, in piece, out []piece) []piece {
	text := string(e.text.Runes[in.from:in.to])
	if text == e.current().Text {
		return out // there was no match in it
	}
	runes, at := in.from, 0
	for _, span := range re.FindAllStringIndex(text, maxPatternHits-len(out)) {
		first := runes + int32(utf8.RuneCountInString(text[at:span[0]]))
		runes, at = first+int32(utf8.RuneCountInString(text[span[0]:span[1]])), span[1]
		if first < runes {
			out = append(out, piece{first, runes})
		}
	}
	return out
}

// undisguise fills in what a match on the folded text stands for in the region.
func (e *evaluation) undisguise(h *hit) {
	h.start, h.end = e.text.Start[h.first], e.text.End[h.last]
	for i := h.first; i <= h.last; i++ {
		h.steps |= e.text.Steps[i]
		if i > h.first {
			h.steps |= e.text.Gaps[i].Steps
		}
	}
	const disguise = fold.StepInvisible | fold.StepCombining | fold.StepStyled | fold.StepEnclosed | fold.StepEmoji
	h.cost = foldedPatternCost
	if h.steps&disguise != 0 {
		h.cost = disguisedPatternCost
	}
}

// locate finds the folded characters of a match on the region's own text.
func (e *evaluation) locate(h *hit) {
	last := int32(e.text.Len()) - 1
	first, _ := slices.BinarySearch(e.text.End, h.start+1)
	behind, _ := slices.BinarySearch(e.text.Start, h.end)
	h.first = min(int32(first), max(last, 0))
	h.last = max(int32(behind)-1, h.first)
}

// overlapsTerm says whether a term of the same block was counted at that place: it then says enough.
func (e *evaluation) overlapsTerm(b *block, h *hit) bool {
	hits := e.states[b.index].hits[:e.states[b.index].termHits]
	from, _ := slices.BinarySearchFunc(hits, h.region, func(x hit, region int32) int { return cmp.Compare(x.region, region) })
	for _, x := range hits[from:] {
		if x.region != h.region {
			break
		}
		if x.first <= h.last && h.first <= x.last {
			e.drop(b, h, droppedByOverlap)
			return true
		}
	}
	return false
}
