package engine

import (
	"cmp"
	"iter"
	"slices"
)

// A condition is tried in each place of a page that has hits, hundreds on a long one. So a
// place looks only at its own hits, and weighs them once.

// weights are a block's summed weights of distinct terms: of all hits, of those that
// count by themselves, of plain ones, of those in concealed regions.
type weights struct{ all, strong, plain, concealed int32 }

// placeWeights are a block's weights in the place that was looked at last.
type placeWeights struct {
	place *place // nil if there was none
	weights
}

// hits returns a block's hits in the outcome's place, in the order of the text. Blocks
// that only excuse do so from anywhere on the page.
func (o outcome) hits(local int) iter.Seq[*hit] {
	hits := o.state(local).hits
	if o.place == nil || !o.d.blocks[local].positive || len(hits) == 0 {
		return each(hits)
	}
	from, to := stretchOf(hits, o.place)
	if o.place.noHead {
		return each(hits[from:to])
	}
	return func(yield func(*hit) bool) {
		head := o.e.headHits(o.state(local))
		for len(head) > 0 && int(head[0]) < from {
			if !yield(&hits[head[0]]) {
				return
			}
			head = head[1:]
		}
		for i := from; i < to; i++ {
			if !yield(&hits[i]) {
				return
			}
		}
		for _, i := range head {
			if int(i) >= to && !yield(&hits[i]) {
				return
			}
		}
	}
}

func each(hits []hit) iter.Seq[*hit] {
	return func(yield func(*hit) bool) {
		for i := range hits {
			if !yield(&hits[i]) {
				return
			}
		}
	}
}

// stretchOf returns which of a block's hits are in the regions of a place, but for its head.
func stretchOf(hits []hit, p *place) (from, to int) {
	from = firstIn(hits, p.first)
	return from, from + firstIn(hits[from:], p.last+1)
}

// firstIn returns the index of the first hit in a region or behind it.
func firstIn(hits []hit, region int32) int {
	i, _ := slices.BinarySearchFunc(hits, region, func(h hit, region int32) int { return cmp.Compare(h.region, region) })
	return i
}

// headHits returns the indexes of a block's hits in the page's head.
func (e *evaluation) headHits(st *blockState) []int32 {
	if !st.headKnown {
		st.headKnown, st.head = true, st.head[:0]
		for i := range st.hits {
			if e.page.traits[st.hits[i].region].kind&headKinds != 0 {
				st.head = append(st.head, int32(i))
			}
		}
	}
	return st.head
}

// forgetPlaces is called when a block's hits have changed.
func (st *blockState) forgetPlaces() {
	st.headKnown, st.placed = false, placeWeights{}
}

// weigh returns a block's weights in the outcome's place.
func (o outcome) weigh(local int) weights {
	b, st := o.d.blocks[local], o.state(local)
	if o.place == nil || !b.positive || b.lengthOnly {
		return st.weights
	}
	if len(st.hits) == 0 {
		return weights{}
	}
	if st.placed.place == o.place {
		return st.placed.weights
	}
	sum := o.e.tally.sum(o.hits(local), o.e.page.traits)
	if b.within > 0 { // what is not isolated stands in a stretch that reaches the least sum
		for _, w := range []*int32{&sum.all, &sum.strong, &sum.plain, &sum.concealed} {
			*w = b.min * min(*w, 1)
		}
	}
	st.placed = placeWeights{o.place, sum}
	return sum
}

// What sum has seen of a term.
const (
	seenAny uint8 = 1 << iota
	seenStrong
	seenPlain
	seenConcealed
)

// sum sums the weights of distinct terms.
func (t *tally) sum(hits iter.Seq[*hit], traits []regionTraits) (out weights) {
	t.marked = t.marked[:0]
	for h := range hits {
		if h.isolated {
			continue
		}
		before := t.marks[h.slot]
		if before == 0 {
			t.marked = append(t.marked, h.slot)
			out.all += h.weight
		}
		now := before | seenAny
		if !h.weak && before&seenStrong == 0 {
			now |= seenStrong
			out.strong += h.weight
		}
		if h.cost <= plainCost && before&seenPlain == 0 {
			now |= seenPlain
			out.plain += h.weight
		}
		if !h.weak && before&seenConcealed == 0 && traits[h.region].concealed {
			now |= seenConcealed
			out.concealed += h.weight
		}
		t.marks[h.slot] = now
	}
	for _, slot := range t.marked {
		t.marks[slot] = 0
	}
	return out
}

// distinct counts the terms in the outcome's place that help the condition.
func (o outcome) distinct() int {
	terms := o.e.tally.terms[:0]
	for i, b := range o.d.blocks {
		if !b.positive {
			continue
		}
		countable := o.countable(i, pairFind)
		for h := range o.hits(i) {
			if countable.counts(h) {
				terms = append(terms, h.term)
			}
		}
	}
	slices.Sort(terms)
	o.e.tally.terms = terms
	return len(slices.Compact(terms))
}
