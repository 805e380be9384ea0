package engine

import "cmp"

// A block with "within: N" sums its weights over a stretch of text: distinct terms have to reach
// its min within N characters of one region. One word here and another one far away, as in any long
// article, do not add up.

// weighStretches marks each hit of the block that is in no stretch that reaches min as isolated,
// and makes the block's weights those of its heaviest stretches. A weak hit counts if the same
// stretch has a hit that is not weak. The hits are in the order of the text.
func (e *evaluation) weighStretches(b *block, st *blockState) {
	st.weights = weights{}
	for i := range st.hits {
		st.hits[i].isolated = true
	}
	w := stretch{terms: map[int32]termCount{}}
	first, marked := 0, 0 // the stretch's first hit; hits before marked are decided
	for i := range st.hits {
		h := &st.hits[i]
		if st.hits[first].region != h.region {
			clear(w.terms)
			w, first = stretch{terms: w.terms}, i
		}
		w.add(h, 1)
		for st.hits[first].first <= h.last-b.within {
			w.add(&st.hits[first], -1)
			first++
		}
		all := w.all
		if w.sureHits == 0 {
			all = 0
		}
		st.all, st.strong, st.plain = max(st.all, all), max(st.strong, all), max(st.plain, w.plain)
		if e.page.doc.Regions[h.region].Hidden.Concealed() {
			st.concealed = max(st.concealed, all)
		}
		if all < b.min {
			continue
		}
		for marked = max(marked, first); marked <= i; marked++ {
			st.hits[marked].isolated, st.hits[marked].weak = false, false
		}
	}
}

// stretch is the content of a stretch of text.
type stretch struct {
	terms      map[int32]termCount
	all, plain int32 // summed weights of distinct terms, and of those written plainly
	sureHits   int   // hits that are not weak
}

type termCount struct{ all, plain int }

// add adds a hit to the stretch (n = 1) or removes it (n = -1).
func (w *stretch) add(h *hit, n int) {
	before := w.terms[h.term]
	after := before
	after.all += n
	if h.cost <= plainCost {
		after.plain += n
	}
	if !h.weak {
		w.sureHits += n
	}
	w.terms[h.term] = after
	w.all += h.weight * int32(cmp.Compare(after.all, 0)-cmp.Compare(before.all, 0))
	w.plain += h.weight * int32(cmp.Compare(after.plain, 0)-cmp.Compare(before.plain, 0))
}
