package engine

import (
	"cmp"
	"slices"
)

// A condition is tried in each place of a page that has hits, which can be hundreds. So only the
// hits of the place are looked at, and they are weighed once.

// weights are a block's sums of the weights of distinct terms: for all hits, for those that count
// without support, for plain ones, and for those in concealed regions.
type weights struct{ all, strong, plain, concealed int32 }

// placeState is what a block has in the place that was looked at last.
type placeState struct {
	place    *place // nil if there was none
	from, to int    // the block's hits in the place's regions
	weights
	weighed bool
}

// someHits are some hits of a block: those between two indexes, and those with the indexes of also.
type someHits struct {
	hits     []hit
	from, to int
	also     []int32 // sorted; may include indexes between from and to
}

// all yields the hits in the order of the text.
func (s *someHits) all(yield func(*hit) bool) {
	also := s.also
	for ; len(also) > 0 && int(also[0]) < s.from; also = also[1:] {
		if !yield(&s.hits[also[0]]) {
			return
		}
	}
	for i := s.from; i < s.to; i++ {
		if !yield(&s.hits[i]) {
			return
		}
	}
	for _, i := range also {
		if int(i) >= s.to && !yield(&s.hits[i]) {
			return
		}
	}
}

// hits returns a block's hits in the outcome's place. For blocks that only excuse, these are the
// hits on the whole page.
func (o outcome) hits(local int) someHits {
	st := o.state(local)
	if o.place == nil || !o.d.blocks[local].positive || len(st.hits) == 0 {
		return someHits{hits: st.hits, to: len(st.hits)}
	}
	if st.placed.place != o.place {
		from := firstIn(st.hits, o.place.first)
		st.placed = placeState{place: o.place, from: from, to: from + firstIn(st.hits[from:], o.place.last+1)}
	}
	out := someHits{hits: st.hits, from: st.placed.from, to: st.placed.to}
	if !o.place.noHead {
		out.also = o.e.headHits(st)
	}
	return out
}

// firstIn returns the index of the first hit in a region or after it.
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

// forgetPlaces has to be called after a block's hits have changed.
func (st *blockState) forgetPlaces() {
	st.headKnown, st.placed = false, placeState{}
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
	hits := o.hits(local)
	if st.placed.weighed {
		return st.placed.weights
	}
	sum := o.e.tally.sum(&hits, o.e.page.traits)
	if b.within > 0 { // hits that are not isolated are in a stretch that reaches min
		for _, w := range []*int32{&sum.all, &sum.strong, &sum.plain, &sum.concealed} {
			*w = b.min * min(*w, 1)
		}
	}
	st.placed.weights, st.placed.weighed = sum, true
	return sum
}

// Bits for what sum has seen of a term.
const (
	seenAny uint8 = 1 << iota
	seenStrong
	seenPlain
	seenConcealed
)

// sum sums the weights of distinct terms.
func (t *tally) sum(hits *someHits, traits []regionTraits) (out weights) {
	t.marked = t.marked[:0]
	for h := range hits.all {
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
		hits, countable := o.hits(i), o.countable(i, pairFind)
		for h := range hits.all {
			if countable.counts(h) {
				terms = append(terms, h.term)
			}
		}
	}
	slices.Sort(terms)
	o.e.tally.terms = terms
	return len(slices.Compact(terms))
}
