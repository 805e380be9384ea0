package engine

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/qianshao/qianshao/analyze/match"
)

// TestOverlapProperty compares dropOverlapped with a quadratic implementation of its promise.
func TestOverlapProperty(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	e := &evaluation{}
	for range 2000 {
		var hits []hit
		for range random.IntN(12) {
			first := int32(random.IntN(20))
			hits = append(hits, hit{first: first, last: first + int32(random.IntN(6)), term: int32(random.IntN(3)), cost: match.CostDisguised * int32(random.IntN(2))})
		}
		slices.SortStableFunc(hits, func(x, y hit) int { return cmp.Or(cmp.Compare(x.last, y.last), cmp.Compare(x.first, y.first)) })
		st := &blockState{pending: slices.Clone(hits)}
		e.dropOverlapped(nil, st)
		if diff := gocmp.Diff(places(naiveLongest(hits)), places(st.pending)); diff != "" {
			t.Fatalf("%v: kept differs (-want +got):\n%s", places(hits), diff)
		}
	}
}

func naiveLongest(hits []hit) (kept []hit) {
	left := slices.Clone(hits)
	slices.SortFunc(left, func(x, y hit) int {
		return cmp.Or(cmp.Compare(x.cost, y.cost), cmp.Compare(y.last-y.first, x.last-x.first), cmp.Compare(x.first, y.first), cmp.Compare(x.term, y.term))
	})
	for _, h := range left {
		if !slices.ContainsFunc(kept, func(k hit) bool { return h.first <= k.last && k.first <= h.last }) {
			kept = append(kept, h)
		}
	}
	slices.SortFunc(kept, func(x, y hit) int { return cmp.Compare(x.first, y.first) })
	return kept
}

func places(hits []hit) (out [][3]int32) {
	for _, h := range hits {
		out = append(out, [3]int32{h.first, h.last, h.term})
	}
	return out
}
