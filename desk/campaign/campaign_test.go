package campaign

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

var testOptions = Options{Fold: strings.ToLower, Registered: func(host string) string {
	labels := strings.Split(host, ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}}

func blockFinding(id string, texts ...string) *qianshao.Finding {
	f := &qianshao.Finding{ID: id, URL: "http://www.site.example/" + id}
	for _, text := range texts {
		f.Evidence = append(f.Evidence, qianshao.Evidence{Text: text})
	}
	return f
}

const testAd = "澳门线上赌场官网开户，注册送彩金88元，真人百家乐荷官在线发牌，客服 2026-08-01 10:20，网址 http://a1.example.com/?s=1f3a9c 备用 b2.example.net"

// Differences between copies of a template do not make another block.
func TestShapeOfCopies(t *testing.T) {
	t.Parallel()
	want := Of(blockFinding("1", testAd), testOptions)
	for _, copied := range []string{
		strings.ReplaceAll(testAd, "88", "1288"),
		strings.ReplaceAll(testAd, "2026-08-01 10:20", "2025-11-30 09:05"),
		strings.ReplaceAll(testAd, "a1.example.com/?s=1f3a9c", "zz99.shop.example.org/p/7?s=0b"),
		strings.ReplaceAll(testAd, "b2.example.net", "www.c3.example.cn"),
	} {
		if got := Of(blockFinding("2", copied), testOptions); got.Shape != want.Shape || !slices.Equal(got.Bands, want.Bands) {
			t.Errorf("another shape than the template's: %s", copied)
		}
	}
	for _, other := range []string{strings.ReplaceAll(testAd, "百家乐", "老虎机"), testAd + "，诚招代理月入十万"} {
		if Of(blockFinding("2", other), testOptions).Shape == want.Shape {
			t.Errorf("the template's shape: %s", other)
		}
	}
}

// A stock word with nothing around it is not a block: two such findings are not
// grouped, but saving one again leaves it where it is.
func TestStockWordsAreNoBlock(t *testing.T) {
	t.Parallel()
	a, b := Of(blockFinding("1", "澳门线上赌场"), testOptions), Of(blockFinding("2", "澳门线上赌场"), testOptions)
	if len(a.Bands) != 1 || len(b.Bands) != 1 || a.Bands[0] == b.Bands[0] {
		t.Errorf("two stock words share a band: %v, %v", a.Bands, b.Bands)
	}
	if again := Of(blockFinding("1", "澳门线上赌场"), testOptions); again.Shape != a.Shape {
		t.Error("the same finding has another shape")
	}
}

func jaccard(a, b []uint64) float64 {
	both := 0
	for _, s := range a {
		if _, ok := slices.BinarySearch(b, s); ok {
			both++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}

func joins(a, b Traits) bool {
	return slices.ContainsFunc(a.Bands, func(band uint64) bool { return slices.Contains(b.Bands, band) })
}

// Blocks join by how much they have in common: nearly all from .8 on, hardly any below .4,
// and never two ads that only share the words of their trade.
func TestSimilarBlocksJoin(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []rune {
		out := make([]rune, n)
		for i := range out {
			out[i] = rune(0x4E00 + r.IntN(3000))
		}
		return out
	}
	type tally struct{ pairs, joined int }
	var by [11]tally
	for range 800 {
		text := random(300)
		other := slices.Clone(text)
		for range r.IntN(60) {
			other[r.IntN(len(other))] = rune(0x4E00 + r.IntN(3000))
		}
		a, b := blockFinding("1", string(text)), blockFinding("2", string(other))
		at := &by[int(10*jaccard(shinglesOf(a, testOptions), shinglesOf(b, testOptions)))]
		at.pairs++
		if joins(Of(a, testOptions), Of(b, testOptions)) {
			at.joined++
		}
	}
	for tenth, want := range map[int][2]float64{8: {.9, 1}, 9: {.99, 1}, 7: {.6, 1}, 3: {0, .06}, 2: {0, .02}} {
		share := float64(by[tenth].joined) / float64(by[tenth].pairs)
		if by[tenth].pairs < 10 || share < want[0] || share > want[1] {
			t.Errorf("similarity .%d: %d of %d pairs join, want %v", tenth, by[tenth].joined, by[tenth].pairs, want)
		}
	}
	trade := strings.Fields("澳门线上赌场 真人百家乐 老虎机爆奖 注册送彩金 时时彩投注 棋牌娱乐平台 提款秒到账 客服在线")
	var ads []Traits
	for i := range 400 {
		var b strings.Builder
		for _, k := range r.Perm(len(trade)) {
			b.WriteString(trade[k] + string(random(8)))
		}
		ads = append(ads, Of(blockFinding(fmt.Sprint(i), b.String()), testOptions))
	}
	bands := map[uint64]int{}
	for i := range ads {
		for _, band := range ads[i].Bands {
			if first, ok := bands[band]; ok {
				t.Errorf("ads %d and %d join because of the words of their trade", first, i)
			}
			bands[band] = i
		}
	}
}

// Sketches say how alike two blocks are.
func TestAlike(t *testing.T) {
	t.Parallel()
	a := Of(blockFinding("1", testAd), testOptions)
	near := Of(blockFinding("2", testAd+"，诚招代理"), testOptions)
	far := Of(blockFinding("3", "六合彩特码内部资料，历史准确，网上投注下单即返，管家婆图库免费看，跟单回血加老师，长期有效"), testOptions)
	if Alike(a.Sketch, a.Sketch) != 1 || Alike(a.Sketch, near.Sketch) <= Alike(a.Sketch, far.Sketch) {
		t.Errorf("itself %.2f, near %.2f, far %.2f", Alike(a.Sketch, a.Sketch), Alike(a.Sketch, near.Sketch), Alike(a.Sketch, far.Sketch))
	}
}

// Destinations come before handles, and handles before keys that a web agency puts there;
// the site's own domain is left out. Of too many keys, two pages choose the same ones.
func TestKeys(t *testing.T) {
	t.Parallel()
	f := blockFinding("1", testAd)
	f.Indicators = []qianshao.Indicator{
		{Kind: qianshao.IndicatorStatistics, Value: "baidu:1"}, {Kind: qianshao.IndicatorICP, Value: "京ICP备1号"}, {Kind: qianshao.IndicatorQQ, Value: "10001"},
		{Kind: qianshao.IndicatorQQ, Value: "10001"}, {Kind: qianshao.IndicatorDomain, Value: "m.site.example"}, {Kind: qianshao.IndicatorDomain, Value: "go.bet.example"},
		{Kind: qianshao.IndicatorURL, Value: "http://go.bet.example/x"}, {Kind: qianshao.IndicatorTron, Value: "T1"},
	}
	got := Of(f, testOptions)
	if got.Owner != "site.example" {
		t.Errorf("the owner is %q", got.Owner)
	}
	var kinds []string
	for _, k := range got.Keys {
		name, _, _ := strings.Cut(k.Name, ":")
		kinds = append(kinds, fmt.Sprintf("%s %s %d", k.Kind, name, k.Cap()))
	}
	slices.Sort(kinds[1:3])
	slices.Sort(kinds[3:])
	if want := []string{"destination bet.example 50", "handle qq 50", "handle tron_address 50", "handle icp 10", "handle statistics 10"}; !slices.Equal(kinds, want) {
		t.Errorf("the keys are %q, want %q", kinds, want)
	}
	many := func(from, to int) []Key {
		f := blockFinding("1", testAd)
		for i := from; i < to; i++ {
			f.Indicators = append(f.Indicators, qianshao.Indicator{Kind: qianshao.IndicatorDomain, Value: fmt.Sprintf("x%d.example", i)})
		}
		return Of(f, Options{Fold: strings.ToLower}).Keys
	}
	a, b := many(0, 40), many(5, 45)
	shared := 0
	for _, k := range a {
		if slices.Contains(b, k) {
			shared++
		}
	}
	if len(a) != maxDestinations || shared < maxDestinations/2 {
		t.Errorf("of 40 domains %d are kept, and %d by a page that has 35 of them", len(a), shared)
	}
}

// TestLeastLike: the block that differs most from all members comes first; the most common block is never
// included.
func TestLeastLike(t *testing.T) {
	t.Parallel()
	common := uint64(0xffff0000ffff0000)
	blocks := []Weighed{
		{Sketch: common ^ 0b11, Members: 3, Finding: "near"}, {Sketch: ^common, Members: 2, Finding: "stranger"},
		{Sketch: common, Members: 90, Finding: "common"}, {Sketch: common ^ 0xffff, Members: 1, Finding: "far"},
	}
	for n, want := range map[int][]string{5: {"stranger", "far", "near"}, 2: {"stranger", "far"}, 0: nil} {
		if got := LeastLike(blocks, n); !slices.Equal(got, want) {
			t.Errorf("%d of them: %q, want %q", n, got, want)
		}
	}
	if got := LeastLike(blocks[:1], 5); len(got) != 0 {
		t.Errorf("of one block: %q", got)
	}
	if got := LeastLike(nil, 5); len(got) != 0 {
		t.Errorf("of none: %q", got)
	}
}
