package rule

import (
	"cmp"
	"slices"

	"github.com/qianshao/qianshao"
)

// verdict decides one detection's condition from the page's state.
type verdict struct {
	e *evaluation
	d *detection
	// concealed: only what stands in concealed regions counts, for and against.
	concealed bool
}

func (e *evaluation) verdict(d *detection) verdict { return verdict{e: e, d: d} }

// alone judges the concealed text as if it were a page of its own: what a
// visitor reads on a hacked page neither helps nor excuses what is hidden there.
func (v verdict) alone() verdict {
	v.concealed = true
	return v
}

// holds says whether the condition does, on the whole page or by the concealed
// text alone; maybe only before the regular expressions have been run.
func (v verdict) holds() truth {
	whole := v.decide()
	if whole == yes || !v.e.conceals {
		return whole
	}
	return max(whole, v.alone().decide())
}

func (v verdict) decide() truth { return v.d.fast.eval(v.block, v.near) }

func (v verdict) state(local int) *blockState {
	return &v.e.states[v.d.blocks[local].index]
}

// unsettled says whether a block has regular expressions that may match and
// have not been run.
func (v verdict) unsettled(local int) bool {
	st := v.state(local)
	return len(st.chances) > 0 && !st.patternsRun
}

func (v verdict) anyUnsettled() bool {
	for i := range v.d.blocks {
		if v.unsettled(i) {
			return true
		}
	}
	return false
}

func (v verdict) block(local int) truth {
	b, st := v.d.blocks[local], v.state(local)
	switch {
	case v.concealed && st.concealed >= b.min, !v.concealed && st.strong >= b.min:
		return yes
	case v.unsettled(local):
		return maybe
	case v.concealed: // a weak hit has no support there but a contact handle, which makes it strong
		return no
	case st.all >= b.min && v.corroborated(local):
		return yes
	case st.all >= b.min && v.anyUnsettled():
		return maybe // a pattern of another block may still corroborate
	}
	return no
}

// corroborated says whether another block of the rule is satisfied by plain
// hits alone, so that disguised short terms may count.
func (v verdict) corroborated(local int) bool {
	for i, b := range v.d.blocks {
		if i != local && b.positive && v.state(i).plain >= b.min {
			return true
		}
	}
	return false
}

// near says whether both blocks hold and two of their hits stand close enough,
// and far enough from what would excuse them.
func (v verdict) near(n *node) truth {
	both, open := v.block(n.block), v.unsettled(n.block)
	if n.other != noBlock {
		both, open = min(both, v.block(n.other)), open || v.unsettled(n.other)
	}
	switch {
	case both == no:
		return no
	case v.pairs(n, pairFind):
		if slices.ContainsFunc(n.away, func(d distance) bool { return v.unsettled(d.block) }) {
			return maybe // an expression may still find an excuse
		}
		return both
	case open || v.anyUnsettled() && v.pairs(n, pairHope):
		return maybe
	}
	return no
}

// excused says whether a hit has one of a block that n wants it away from too close by.
func (v verdict) excused(n *node, h *hit) bool {
	return slices.ContainsFunc(n.away, func(d distance) bool {
		if v.block(d.block) == no {
			return false
		}
		hits, countable, reach := v.state(d.block).hits, v.countable(d.block, pairFind), int32(d.n)+1
		from, _ := slices.BinarySearchFunc(hits, h, func(x hit, h *hit) int {
			return cmp.Or(cmp.Compare(x.region, h.region), cmp.Compare(x.last, h.first-reach))
		})
		for i := from; i < len(hits) && hits[i].region == h.region && hits[i].first <= h.last+reach; i++ {
			if countable.counts(&hits[i]) && !hits[i].sameAs(h) {
				return true
			}
		}
		return false
	})
}

// sameAs says whether two hits are one: a word in both blocks' lists.
func (h *hit) sameAs(other *hit) bool { return h.term == other.term && h.first == other.first }

// pairMode says which hits pairs may pair and what for.
type pairMode uint8

const (
	pairFind pairMode = iota // those that count
	pairHope                 // weak hits too, as if they were corroborated
	pairMark                 // those that count; the pairs are noted as evidence
)

// pairs looks for hits of both blocks that have at most n.n characters between
// them in one region. A block that measures only stands for whole regions, so
// every hit in one of them is near it.
func (v verdict) pairs(n *node, mode pairMode) (found bool) {
	switch {
	case n.other == noBlock:
		return v.inRegionsOf(v.d.blocks[n.block], n.block, n, mode)
	case v.d.blocks[n.other].measures:
		return v.inRegionsOf(v.d.blocks[n.other], n.block, n, mode)
	case v.d.blocks[n.block].measures:
		return v.inRegionsOf(v.d.blocks[n.block], n.other, n, mode)
	}
	left, right := v.state(n.block).hits, v.state(n.other).hits
	leftHits, rightHits := v.countable(n.block, mode), v.countable(n.other, mode)
	next, reach := 0, int32(n.n)
	for i := range left {
		a := &left[i]
		if !leftHits.counts(a) || v.excused(n, a) {
			continue
		}
		for next < len(right) && (right[next].region < a.region || right[next].region == a.region && right[next].last < a.first-reach-1) {
			next++
		}
		for k := next; k < len(right) && right[k].region == a.region && right[k].first <= a.last+reach+1; k++ {
			b := &right[k]
			if a.sameAs(b) || !rightHits.counts(b) || b.last < a.first-reach-1 {
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

// inRegionsOf looks for hits of a block in the regions that frame reads, away from n's excuses.
func (v verdict) inRegionsOf(frame *block, local int, n *node, mode pairMode) (found bool) {
	hits, countable := v.state(local).hits, v.countable(local, mode)
	for i := range hits {
		h := &hits[i]
		if !countable.counts(h) || !v.e.reads(frame, h.region) || v.excused(n, h) {
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

// countable says which of a block's hits pairs may use.
type countable struct {
	regions       []qianshao.Region
	concealedOnly bool
	weak          bool
}

func (v verdict) countable(local int, mode pairMode) countable {
	return countable{regions: v.e.doc.Regions, concealedOnly: v.concealed, weak: mode == pairHope || v.corroborated(local)}
}

func (c countable) counts(h *hit) bool {
	if c.concealedOnly && !c.regions[h.region].Hidden.Concealed() {
		return false
	}
	return !h.lone && (c.weak || !h.weak)
}

// collect marks the hits that make the condition true.
func (v verdict) collect(n *node) {
	if n.eval(v.block, v.near) != yes {
		return
	}
	switch n.op {
	case opNot:
		return
	case opNear:
		v.pairs(n, pairMark)
		return
	case opBlock:
		hits, countable := v.state(n.block).hits, v.countable(n.block, pairMark)
		for i := range hits {
			hits[i].used = hits[i].used || countable.counts(&hits[i])
		}
		return
	}
	for _, kid := range n.kids {
		v.collect(kid)
	}
}
