package engine

import (
	"cmp"
	"slices"

	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// outcome decides one detection's condition from the hits of the page.
type outcome struct {
	e *evaluation
	d *detection
	// concealed means that only hits in concealed regions count, for and against the condition.
	concealed bool
	// place is where hits count for the condition; nil means the whole page.
	place *place
}

func (e *evaluation) outcome(d *detection) outcome { return outcome{e: e, d: d} }

// alone judges the concealed text as if it were a page of its own: what visitors read on a hacked
// page neither supports nor excuses what is hidden there.
func (o outcome) alone() outcome {
	o.concealed = true
	return o
}

// holds says whether the condition holds on the whole page or on the concealed text alone. The
// answer is Maybe only as long as some regular expressions have not been run.
func (o outcome) holds() syntax.Truth {
	whole := o.decide()
	if whole == syntax.Yes || !o.e.page.conceals {
		return whole
	}
	return max(whole, o.alone().decide())
}

func (o outcome) decide() syntax.Truth { return o.d.fast.Eval(o.block, o.near) }

func (o outcome) state(local int) *blockState {
	return &o.e.tally.states[o.d.blocks[local].index]
}

// hasUnrun says whether a block has regular expressions that may match but have not been run.
func (o outcome) hasUnrun(local int) bool {
	st := o.state(local)
	return len(st.candidates) > 0 && !st.regexesRun
}

func (o outcome) anyUnrun() bool {
	for i := range o.d.blocks {
		if o.hasUnrun(i) {
			return true
		}
	}
	return false
}

func (o outcome) block(local int) syntax.Truth {
	b, w := o.d.blocks[local], o.weigh(local)
	switch {
	case o.concealed && w.concealed >= b.min, !o.concealed && w.strong >= b.min:
		return syntax.Yes
	case o.hasUnrun(local):
		return syntax.Maybe
	case o.concealed: // there only a contact handle supports a weak hit, and makes it strong
		return syntax.No
	case w.all >= b.min && o.corroborated(local):
		return syntax.Yes
	case w.all >= b.min && o.anyUnrun():
		return syntax.Maybe // an expression of another block may still corroborate it
	}
	return syntax.No
}

// corroborated says whether plain hits alone satisfy another block of the rule, so that disguised
// short terms may count.
func (o outcome) corroborated(local int) bool {
	for i, b := range o.d.blocks {
		if i != local && b.positive && o.weigh(i).plain >= b.min {
			return true
		}
	}
	return false
}

// near says whether both blocks hold and two of their hits are close enough to each other and far
// enough from hits that excuse them.
func (o outcome) near(c *syntax.Condition) syntax.Truth {
	both, open := o.block(c.Block), o.hasUnrun(c.Block)
	if c.Other != syntax.NoBlock {
		both, open = min(both, o.block(c.Other)), open || o.hasUnrun(c.Other)
	}
	switch {
	case both == syntax.No:
		return syntax.No
	case o.pairs(c, pairFind):
		if slices.ContainsFunc(c.Away, func(d syntax.Distance) bool { return o.hasUnrun(d.Block) }) {
			return syntax.Maybe // an expression may still find an excuse
		}
		return both
	case open || o.anyUnrun() && o.pairs(c, pairHope):
		return syntax.Maybe
	}
	return syntax.No
}

// excused says whether a hit is too close to a hit that c wants it to be away from.
func (o outcome) excused(c *syntax.Condition, h *hit) bool {
	return slices.ContainsFunc(c.Away, func(d syntax.Distance) bool {
		if o.block(d.Block) == syntax.No {
			return false
		}
		hits, countable, distance := o.state(d.Block).hits, o.countable(d.Block, pairFind), int32(d.N)+1
		from, _ := slices.BinarySearchFunc(hits, h, func(x hit, h *hit) int {
			return cmp.Or(cmp.Compare(x.region, h.region), cmp.Compare(x.last, h.first-distance))
		})
		for i := from; i < len(hits) && hits[i].region == h.region && hits[i].first <= h.last+distance; i++ {
			if countable.counts(&hits[i]) && !hits[i].sameAs(h) {
				return true
			}
		}
		return false
	})
}

// sameAs says whether two hits are the same word, which both blocks look for.
func (h *hit) sameAs(other *hit) bool { return h.term == other.term && h.first == other.first }

// pairMode says which hits may be paired, and to what end.
type pairMode uint8

const (
	pairFind pairMode = iota // those that count
	pairHope                 // also weak hits, as if they were corroborated
	pairMark                 // those that count, which are marked as used
)

// pairs looks for hits of both blocks in one region with at most c.N characters between them. A
// block that only asks for a length represents whole regions, so every hit in one of them is near
// it.
func (o outcome) pairs(c *syntax.Condition, mode pairMode) (found bool) {
	switch {
	case c.Other == syntax.NoBlock:
		return o.inRegionsOf(o.d.blocks[c.Block], c.Block, c, mode)
	case o.d.blocks[c.Other].lengthOnly:
		return o.inRegionsOf(o.d.blocks[c.Other], c.Block, c, mode)
	case o.d.blocks[c.Block].lengthOnly:
		return o.inRegionsOf(o.d.blocks[c.Block], c.Other, c, mode)
	}
	right := o.state(c.Other).hits
	left, leftHits, rightHits := o.hits(c.Block), o.countable(c.Block, mode), o.countable(c.Other, mode)
	next, distance := 0, int32(c.N)
	for a := range left.all {
		if !leftHits.counts(a) || o.excused(c, a) {
			continue
		}
		if next < len(right) && right[next].region < a.region {
			next += firstIn(right[next:], a.region)
		}
		for next < len(right) && right[next].region == a.region && right[next].last < a.first-distance-1 {
			next++
		}
		for k := next; k < len(right) && right[k].region == a.region && right[k].first <= a.last+distance+1; k++ {
			b := &right[k]
			if a.sameAs(b) || !rightHits.counts(b) || b.last < a.first-distance-1 {
				continue
			}
			found = true
			if mode != pairMark {
				return true
			}
			a.used, b.used = true, true
			break
		}
	}
	return found
}

// inRegionsOf looks for hits of a block in the regions that frame reads, away from c's excuses.
func (o outcome) inRegionsOf(frame *block, local int, c *syntax.Condition, mode pairMode) (found bool) {
	hits, countable := o.hits(local), o.countable(local, mode)
	for h := range hits.all {
		if !countable.counts(h) || !o.e.reads(frame, h.region) || o.excused(c, h) {
			continue
		}
		found = true
		if mode != pairMark {
			return true
		}
		h.used = true
	}
	return found
}

// countable says which of a block's hits count.
type countable struct {
	regions       []regionTraits
	concealedOnly bool
	weak          bool
	place         *place
}

func (o outcome) countable(local int, mode pairMode) countable {
	out := countable{regions: o.e.page.traits, concealedOnly: o.concealed, weak: mode == pairHope || o.corroborated(local)}
	if o.d.blocks[local].positive {
		out.place = o.place
	}
	return out
}

func (c countable) counts(h *hit) bool {
	if c.concealedOnly && !c.regions[h.region].concealed || !c.place.has(h.region, c.regions) {
		return false
	}
	return !h.isolated && (c.weak || !h.weak)
}

// collect marks as used the hits that make the condition true.
func (o outcome) collect(c *syntax.Condition) {
	if c.Eval(o.block, o.near) != syntax.Yes {
		return
	}
	switch c.Op {
	case syntax.OpNot:
		return
	case syntax.OpNear:
		o.pairs(c, pairMark)
		return
	case syntax.OpBlock:
		hits, countable := o.hits(c.Block), o.countable(c.Block, pairMark)
		for h := range hits.all {
			h.used = h.used || countable.counts(h)
		}
		return
	}
	for _, part := range c.Parts {
		o.collect(part)
	}
}
