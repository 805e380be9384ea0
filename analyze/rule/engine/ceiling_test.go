package engine

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// TestPlacedAsByTryingAll compares the result of placed on random pages, for the whole page and for
// the concealed text, with the best of all places when each of them is weighed.
func TestPlacedAsByTryingAll(t *testing.T) {
	t.Parallel()
	set := loadDetection(t, "  game: {terms: [百家乐, 老虎机, 捕鱼机, 六合彩]}\n  offer: {terms: [首存优惠, 天天返水]}\n  news: {terms: [警方通报]}\n  condition: game and (offer or not news)\n")
	random := rand.New(rand.NewPCG(7, 8))
	pieces := []string{"百家乐", "老虎机", "捕鱼机", "六合彩", "六❤合彩", "首存优惠", "天天返水", "百家樂", "老虎J", menu, menu, "警方通报"}
	kinds := []qianshao.RegionKind{qianshao.RegionText, qianshao.RegionText, qianshao.RegionAnchor, qianshao.RegionTitle, qianshao.RegionScript}
	hidings := []qianshao.Hiding{qianshao.HidingNone, qianshao.HidingNone, qianshao.HidingDisplayNone}
	chosen := 0
	for range 150 {
		var regions []qianshao.Region
		for range 80 + random.IntN(60) {
			kind := kinds[random.IntN(1+random.IntN(len(kinds)))] // a title is rare
			text := pieces[random.IntN(len(pieces)-random.IntN(2))] + menu
			regions = append(regions, regionOf(kind, hidings[random.IntN(len(hidings))], text))
		}
		v := set.newPage(page(regions...))
		v.scan()
		whole := v.outcome(set.ofRules[0])
		for _, o := range []outcome{whole, whole.alone()} {
			want, wanted := bestOfAll(o)
			got, ok := o.placed()
			if ok != wanted || ok && *got.place != *want.place {
				t.Fatalf("placed finds %v in %v, all tried %v in %v", ok, got.place, wanted, want.place)
			}
			if ok && got.place.first > 0 {
				chosen++
			}
		}
		if slices.ContainsFunc(v.ceiling.counts, func(n int32) bool { return n != 0 }) {
			t.Fatal("something of the page is left")
		}
		v.release()
	}
	if chosen < 50 {
		t.Errorf("only %d times a place inside the page", chosen)
	}
}

// bestOfAll weighs every place.
func bestOfAll(o outcome) (best outcome, ok bool) {
	if o.decide() != syntax.Yes {
		return o, false
	}
	tried := []*place{headAlone()}
	for _, first := range o.starts() {
		tried = append(tried, o.e.placeFrom(first))
	}
	for _, o.place = range tried {
		if o.decide() == syntax.Yes && (!ok || o.distinct() > best.distinct()) {
			best, ok = o, true
		}
	}
	return best, ok
}
