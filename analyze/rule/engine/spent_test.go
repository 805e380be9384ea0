package engine

import (
	"math/rand/v2"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/qianshao/qianshao"
)

// manyHits is a rule with blocks of each kind, for overlapping words.
const manyHits = `  brand: {terms: [博彩, 博彩网, "线上博彩 | 2", 赌场, 六合彩], except: [博彩网址]}
  words: {terms: [六合, 彩票, 赌场], word: true}
  plain: {terms: [博彩, 彩票], plain: true, hidden: true}
  close: {terms: [彩票, 赌场, 六合彩], min: 2, within: 20}
  excuse: {terms: [警方, 打击博彩]}
  condition: (brand or words or plain or close) and not excuse
`

// randomPage repeats some pieces of text, plain, disguised, within words and beside contacts, in
// regions of several kinds.
func randomPage(random *rand.Rand) *qianshao.Document {
	pieces := []string{
		"博彩", "博彩网", "线上博彩", "博彩网址", "赌场", "六合彩", "六合区", "彩票", "警方", "打击博彩", "今天天气，", "。", " ",
		"bo彩", "博 彩", "菠菜网", "赌長", "彩p", "六❤合彩", "加微信 wx13800138", "abcde12345", "很长的一句话没有什么意思",
	}
	kinds := []qianshao.RegionKind{qianshao.RegionTitle, qianshao.RegionText, qianshao.RegionAnchor, qianshao.RegionMeta}
	hidings := []qianshao.Hiding{qianshao.HidingNone, qianshao.HidingNone, qianshao.HidingDisplayNone}
	var regions []qianshao.Region
	for range 1 + random.IntN(6) {
		var text strings.Builder
		for range 1 + random.IntN(4) {
			piece := pieces[random.IntN(len(pieces))] + pieces[random.IntN(len(pieces))]
			text.WriteString(strings.Repeat(piece, 1+random.IntN(1+random.IntN(200))))
		}
		regions = append(regions, regionOf(kinds[random.IntN(len(kinds))], hidings[random.IntN(len(hidings))], text.String()))
	}
	return page(regions...)
}

// TestSpentHits judges random pages by a rule twice: once in the usual way, and once with an
// explanation, for which no hit is skipped. Both keep the same hits.
func TestSpentHits(t *testing.T) {
	t.Parallel()
	set := loadDetection(t, manyHits)
	random := rand.New(rand.NewPCG(5, 6))
	reached := "bo彩加微信 wx13800138，" // counts because of the contact
	docs := []*qianshao.Document{
		texts(strings.Repeat(reached, 100), "博彩"),
		texts(strings.Repeat(reached, 10), strings.Repeat(reached, 10)),
	}
	for range 60 {
		docs = append(docs, randomPage(random))
	}
	aside := 0
	for _, doc := range docs {
		judged, explained := set.newPage(doc), set.newPage(doc)
		explained.trace = trace{}
		judged.scan()
		explained.scan()
		for i, b := range set.blocks {
			got, want := &judged.tally.states[i], &explained.tally.states[i]
			if diff := gocmp.Diff(want.hits, got.hits, gocmp.AllowUnexported(hit{}), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("block %s keeps other hits (-explained +judged):\n%s", b.name, diff)
			}
			if want.weights != got.weights {
				t.Fatalf("block %s weighs %v, explained %v", b.name, got.weights, want.weights)
			}
			if len(got.hits) > maxTermHits {
				aside++
			}
		}
		judged.release()
		explained.release()
	}
	if aside < 10 {
		t.Errorf("only %d blocks had more hits than are kept of a term", aside)
	}
}

// TestPlaceWeights compares the weights of blocks in a place with sums over all their hits.
func TestPlaceWeights(t *testing.T) {
	t.Parallel()
	set := loadDetection(t, manyHits)
	random := rand.New(rand.NewPCG(7, 8))
	weighed := 0
	for range 30 {
		v := set.newPage(randomPage(random))
		v.scan()
		for range 20 {
			n := int32(len(v.page.traits))
			p := &place{first: random.Int32N(n), last: random.Int32N(n), noHead: random.IntN(3) == 0}
			o := v.outcome(set.ofRules[0])
			o.place = p
			for i, b := range o.d.blocks {
				want := v.naiveWeights(o, i)
				if got := o.weigh(i); got != want {
					t.Fatalf("block %s weighs %v in %v, should weigh %v", b.name, got, *p, want)
				}
				if b.positive && want.all > 0 {
					weighed++
				}
			}
		}
		v.release()
	}
	if weighed < 300 {
		t.Errorf("only %d places had hits", weighed)
	}
}

func (e *evaluation) naiveWeights(o outcome, local int) (out weights) {
	b, st := o.d.blocks[local], o.state(local)
	if !b.positive {
		return st.weights
	}
	var done [4]map[int32]bool
	once := func(i int, h *hit, counts bool, sum *int32) {
		if done[i] == nil {
			done[i] = map[int32]bool{}
		}
		if counts && !done[i][h.slot] {
			done[i][h.slot] = true
			*sum += h.weight
		}
	}
	for i := range st.hits {
		h := &st.hits[i]
		if !h.isolated && o.place.has(h.region, e.page.traits) {
			once(0, h, true, &out.all)
			once(1, h, !h.weak, &out.strong)
			once(2, h, h.cost <= plainCost, &out.plain)
			once(3, h, !h.weak && e.page.traits[h.region].concealed, &out.concealed)
		}
	}
	if b.within > 0 {
		for _, w := range []*int32{&out.all, &out.strong, &out.plain, &out.concealed} {
			*w = b.min * min(*w, 1)
		}
	}
	return out
}
