package engine

import (
	"cmp"
	"slices"

	"github.com/qianshao/qianshao/analyze/match"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/explain"
)

// maxPending is how many hits of a region are collected before they are flushed.
const maxPending = 8192

// cover is a part of the open region in which hits do not count.
type cover struct {
	first, last int32 // folded characters, inclusive
	allowance   *rule.Allowance
}

// safeCut moves a cut back to where no hit spans it, so that hits are flushed together with the
// longer hit that contains them. An endless chain of overlapping hits is cut anywhere.
func (e *evaluation) safeCut(before int32) int32 {
	at := before
	for i := len(e.open.hits) - 1; i >= 0 && e.open.hits[i].Last >= at; i-- {
		if len(e.open.hits)-i > maxPending/2 {
			return before
		}
		at = min(at, e.open.hits[i].First)
	}
	return at
}

// flush decides which of the hits that end before a folded character count. By then all terms that
// contain them have been found.
func (e *evaluation) flush(before int32) {
	e.findCovers()
	all := e.trace != nil || len(e.open.covers) > 0 // an allowed text is noted whatever it covers
	rest := e.open.hits[:0]
	for _, h := range e.open.hits {
		complete := h.Last < before
		for _, p := range e.engine.terms[h.Term].postings {
			if p.block != allowPosting && (complete || p.weight == exceptWeight) {
				e.dispatch(e.engine.blocks[p.block], p, &h, all)
			}
		}
		if !complete {
			rest = append(rest, h)
		}
	}
	e.open.hits = rest
	e.flushBlocks()
}

// hitOf returns a hit of the open region for the block of a posting.
func (e *evaluation) hitOf(p posting, h *match.Hit) hit {
	return hit{region: e.open.index, first: h.First, last: h.Last, start: h.Start, end: h.End,
		term: h.Term, slot: p.slot, weight: p.weight, steps: h.Steps, cost: int32(h.Cost)}
}

// dispatch hands a hit to a block that looks for its term. The block has to be flushed only if a
// hit may count, or if all hits are wanted: on a page that repeats itself, most blocks already have
// as many hits of their terms as they keep, and need not sort and compare more. A spent hit can
// only keep others of its block from counting; if all are spent, there are no others.
func (e *evaluation) dispatch(b *block, p posting, h *match.Hit, all bool) {
	if p.weight == exceptWeight && h.Cost > plainCost {
		return // a word that merely sounds like an except is not an except
	}
	if !e.reads(b, e.open.index) {
		if p.weight != exceptWeight && e.trace != nil {
			out := e.hitOf(p, h)
			e.drop(b, &out, e.whyNotRead(b))
		}
		return
	}
	st := e.tally.wait(b)
	if p.weight == exceptWeight {
		st.excepts = append(st.excepts, cover{first: h.First, last: h.Last})
		return
	}
	st.pending = append(st.pending, e.hitOf(p, h))
	st.worthwhile = st.worthwhile || all || !e.isSpent(b, st, &st.pending[len(st.pending)-1])
}

// findCovers notes the allowed texts of the open region; hits in them do not count.
func (e *evaluation) findCovers() {
	if len(e.engine.rules.TextAllowances()) == 0 || e.allowed.ignore {
		return
	}
	for i := range e.open.hits {
		h := &e.open.hits[i]
		for _, p := range e.engine.terms[h.Term].postings {
			if p.block == allowPosting {
				e.cover(p.weight, h)
			}
		}
	}
}

// cover notes an allowed text of the open region. A text that merely sounds like an allowed one is
// not allowed.
func (e *evaluation) cover(index int32, h *match.Hit) {
	if h.Cost > plainCost || e.allowed.ignore {
		return
	}
	e.allowed.found = true
	e.open.covers = append(e.open.covers, cover{h.First, h.Last, e.engine.rules.TextAllowances()[index]})
}

// flushBlocks keeps those pending hits of all blocks that count.
func (e *evaluation) flushBlocks() {
	for _, i := range e.tally.waiting {
		st := &e.tally.states[i]
		if st.worthwhile {
			e.flushBlock(e.engine.blocks[i], st)
		}
		st.pending, st.excepts, st.worthwhile = st.pending[:0], st.excepts[:0], false
	}
	e.tally.waiting = e.tally.waiting[:0]
}

func (e *evaluation) flushBlock(b *block, st *blockState) {
	e.dropExcepted(b, st)
	e.dropAllowed(b, st)
	if b.word {
		e.dropUnbounded(b, st)
	}
	e.dropOverlapped(b, st)
	for k := range st.pending {
		e.keep(b, st, &st.pending[k])
	}
}

// dropExcepted drops the hits inside an except.
func (e *evaluation) dropExcepted(b *block, st *blockState) {
	if len(st.excepts) == 0 || len(st.pending) == 0 {
		return
	}
	st.pending = dropInside(st.pending, st.excepts, func(h *hit, _ cover) { e.drop(b, h, explain.Excepted) })
}

// dropAllowed drops the hits inside an allowed text, except in blocks that only excuse.
func (e *evaluation) dropAllowed(b *block, st *blockState) {
	if len(e.open.covers) == 0 || len(st.pending) == 0 || b.owner.IsContext || !b.positive {
		return
	}
	covers := make([]cover, 0, len(e.open.covers))
	for _, c := range e.open.covers {
		if c.allowance.Covers(b.owner.ID) {
			covers = append(covers, c)
		}
	}
	st.pending = dropInside(st.pending, covers, func(h *hit, by cover) {
		if e.allowed.withheld == nil {
			e.allowed.withheld = map[*detection]*rule.Allowance{}
		}
		e.allowed.withheld[b.owner] = by.allowance
		e.drop(b, h, explain.Allowed)
	})
}

// dropInside returns the hits that are inside none of the covers, and calls dropped for each of the
// others. It sorts hits and covers.
func dropInside(hits []hit, covers []cover, dropped func(*hit, cover)) []hit {
	slices.SortFunc(covers, func(x, y cover) int { return cmp.Or(cmp.Compare(x.first, y.first), cmp.Compare(y.last, x.last)) })
	slices.SortFunc(hits, func(x, y hit) int { return cmp.Or(cmp.Compare(x.first, y.first), cmp.Compare(y.last, x.last)) })
	kept, next, furthest := hits[:0], 0, cover{last: -1}
	for _, h := range hits {
		for ; next < len(covers) && covers[next].first <= h.first; next++ {
			if covers[next].last > furthest.last {
				furthest = covers[next]
			}
		}
		if h.last <= furthest.last {
			dropped(&h, furthest)
			continue
		}
		kept = append(kept, h)
	}
	return kept
}

// dropUnbounded drops the hits that begin or end inside a word. Only this needs the dictionary,
// which is therefore loaded here.
func (e *evaluation) dropUnbounded(b *block, st *blockState) {
	kept := st.pending[:0]
	for _, h := range st.pending {
		if e.tally.seen[h.slot].kept[e.class(&h)] == maxTermHits {
			continue // no more hits of this term are kept, so it need not be judged
		}
		if e.isBounded(b, &h) {
			kept = append(kept, h)
		}
	}
	st.pending = kept
}

// dropOverlapped keeps the longest of overlapping hits, preferring ordinary writing to disguised
// hits, and leaves the pending hits in the order of the text. It works on groups of hits that
// overlap nothing outside the group, since a dense page has thousands of hits, few of which
// overlap.
func (e *evaluation) dropOverlapped(b *block, st *blockState) {
	overlap := false
	for i := 1; i < len(st.pending) && !overlap; i++ {
		overlap = st.pending[i].first <= st.pending[i-1].last
	}
	if !overlap {
		return // true of most blocks
	}
	for i := 1; i < len(st.pending); i++ {
		if st.pending[i].last < st.pending[i-1].last { // after a disguised hit, or after dropInside has sorted them
			slices.SortStableFunc(st.pending, func(x, y hit) int { return cmp.Compare(x.last, y.last) })
			break
		}
	}
	kept := len(st.pending) // hits to keep are moved to the end
	for end := len(st.pending); end > 0; {
		start, first := end-1, st.pending[end-1].first
		for ; start > 0 && st.pending[start-1].last >= first; start-- {
			first = min(first, st.pending[start-1].first)
		}
		group := e.longest(b, st.pending[start:end])
		kept -= len(group)
		copy(st.pending[kept:], group)
		end = start
	}
	st.pending = slices.Delete(st.pending, 0, kept)
}

// longest returns the hits of a group that no better one overlaps, in the order of the text and in
// the group's memory. The group is sorted by the ends of its hits.
func (e *evaluation) longest(b *block, group []hit) []hit {
	switch len(group) {
	case 1:
		return group
	case 2: // the most common case: a term and one that contains it
		if byMerit(&group[0], &group[1]) > 0 {
			group[0], group[1] = group[1], group[0]
		}
		e.drop(b, &group[1], explain.Overlapped)
		return group[:1]
	}
	base, end := group[0].first, group[len(group)-1].last
	order := e.open.order[:0] // indexes are sorted instead of hits, which are large
	for i := range group {
		base, order = min(base, group[i].first), append(order, int32(i))
	}
	e.open.order = order
	slices.SortFunc(order, func(i, k int32) int { return byMerit(&group[i], &group[k]) })
	if n := int(end-base) + 1; len(e.open.covered) < n {
		e.open.covered = make([]bool, n)
	}
	kept := order[:0]
	for _, i := range order {
		h := &group[i]
		place := e.open.covered[h.first-base : h.last-base+1]
		if slices.Contains(place, true) {
			e.drop(b, h, explain.Overlapped)
			continue
		}
		fill(place, true)
		kept = append(kept, i)
	}
	slices.Sort(kept)
	for n, i := range kept {
		fill(e.open.covered[group[i].first-base:group[i].last-base+1], false)
		group[n] = group[i]
	}
	return group[:len(kept)]
}

// byMerit sorts hits in ordinary writing first, then longer ones.
func byMerit(x, y *hit) int {
	if c := cmp.Compare(x.cost/match.CostDisguised, y.cost/match.CostDisguised); c != 0 {
		return c
	}
	if c := cmp.Compare(y.last-y.first, x.last-x.first); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(x.cost, y.cost), cmp.Compare(x.first, y.first), cmp.Compare(x.term, y.term))
}

func fill(cells []bool, value bool) {
	for i := range cells {
		cells[i] = value
	}
}
