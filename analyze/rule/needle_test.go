package rule

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/packs"
)

func TestNeedles(t *testing.T) {
	for _, test := range []struct{ pattern, needles string }{
		{`\d{2,4}\s*元\s*彩金`, "彩金 & 00元彩金"},
		{`(?i)usd\d+`, "usd0"},
		{`(?i)ok`, "ok"},
		{`(?:彩金)+`, "彩金"},
		{`(彩金)?首存`, "首存"},
		{`彩金|首存\d`, "彩金 首存0"},
		{`黄播|黄盘|无码`, "无码 黄播 黄盘"},
		{`k*s?xy`, "xy"},
		{`发\s*票|蕟票`, "发票 蕟票"},
		{`註冊[：:]?送`, "注册送"},
		{`https?://[^\s]{4,80}(?:code|invite)`, "http & code invite & =:"},
		{`[+＋➕]|(?:vx|qq?)\s*[:：]`, "=+ =➕ =＋ q vx & =+ =: =➕ =＋ =："},
		{`\d+%`, "=% & 0"},
		{`[^。]+\d{11}`, "00000000"},
		{`彩金|.`, ""},
		{`^.{2,140}$`, ""},
		{`[^\x00-\x{10FFFF}]`, ""},
		{`🥚+`, "=🥚"},
	} {
		var got []string
		for _, set := range (&folder{known: map[rune]form{}}).needles((&pattern{text: test.pattern}).tree()) {
			got = append(got, strings.ReplaceAll(strings.Join(set, " "), signMark, "="))
		}
		if got := strings.Join(got, " & "); got != test.needles {
			t.Errorf("%s has the needles %s; want %s", test.pattern, got, test.needles)
		}
	}
}

// checkNeedles compares the expressions that may match with those that do.
func checkNeedles(t *testing.T, h *haystack, patterns []*pattern, text string) {
	t.Helper()
	var folded fold.Text
	folded.Fold(text)
	found := newSearch(h).in(&folded)
	for _, p := range patterns {
		re, err := p.compiled()
		if err != nil {
			t.Fatalf("%q parses, but does not compile: %v", p.text, err)
		}
		plain, inFolded := re.MatchString(text), re.MatchString(string(folded.Runes))
		if (plain || inFolded) && !slices.Contains(found, p.index) {
			t.Errorf("%q matches %q or its folded form, which lacks the needles %q", p.text, text, (&folder{known: map[rune]form{}}).needles(p.tree()))
		}
		if inFolded && !h.folds[p.index] {
			t.Errorf("%q matches the folded %q and is said not to", p.text, text)
		}
	}
}

// FuzzNeedles: looking for needles never loses a match.
func FuzzNeedles(f *testing.F) {
	f.Add(`(?i)usdt\d+`, "xUSDT5")
	f.Add(`(?i)k彩(金|s)+`, "\u212a彩ſ")
	f.Add(`(?i:bo)cai|bo(c)ai`, "BOcai")
	f.Add("\ufffd金", "\xff金")
	f.Add(`[^\x00-\x{10FFFF}]|a{3,5}b?`, "xaaa")
	f.Fuzz(func(t *testing.T, expression, text string) {
		c, s := newCompiler(nil, nil), &source{}
		p := c.pattern(s, textAt(expression), "a")
		if p == nil {
			return
		}
		if slices.ContainsFunc(regexp.MustCompile(expression).FindAllStringIndex(text, maxPatternHits), func(at []int) bool { return at[0] == at[1] }) {
			t.Errorf("%q matches empty text", expression)
		}
		checkNeedles(t, newHaystack(c.set.patterns), c.set.patterns, text)
	})
}

// sample writes a text that the expression matches, or nearly so.
func sample(re *syntax.Regexp, random *rand.Rand, out *strings.Builder) {
	if random.IntN(60) == 0 {
		return // something is missing
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			for range random.IntN(4) * int(re.Flags&syntax.FoldCase) {
				r = unicode.SimpleFold(r)
			}
			out.WriteRune(disguised(r, random))
		}
	case syntax.OpCharClass:
		i := 2 * random.IntN(max(1, len(re.Rune)/2))
		if i < len(re.Rune) {
			out.WriteRune(disguised(re.Rune[i]+random.Int32N(re.Rune[i+1]-re.Rune[i]+1), random))
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		out.WriteRune([]rune("天气 a1，")[random.IntN(6)])
	case syntax.OpAlternate:
		sample(re.Sub[random.IntN(len(re.Sub))], random, out)
	case syntax.OpStar, syntax.OpQuest, syntax.OpPlus, syntax.OpRepeat, syntax.OpCapture, syntax.OpConcat:
		low, high := 1, 1
		switch re.Op {
		case syntax.OpStar, syntax.OpQuest:
			low = 0
		case syntax.OpRepeat:
			low, high = re.Min, min(max(re.Max, re.Min), re.Min+3)
		}
		for range low + random.IntN(high-low+1) {
			for _, sub := range re.Sub {
				sample(sub, random, out)
			}
		}
	}
}

// disguised now and then makes a letter or digit full-width, which folding undoes.
func disguised(r rune, random *rand.Rand) rune {
	if r > ' ' && r < 0x7f && random.IntN(15) == 0 {
		return r + 0xfee0
	}
	return r
}

// randomText joins samples of some of the expressions.
func randomText(trees []*syntax.Regexp, random *rand.Rand) string {
	var b strings.Builder
	for range 1 + random.IntN(5) {
		sample(trees[random.IntN(len(trees))], random, &b)
		if random.IntN(3) == 0 {
			b.WriteString([]string{" ", "，", "公园", "·", "3"}[random.IntN(5)])
		}
	}
	return b.String()
}

// shippedSet loads the shipped rules: the expressions that people write.
func shippedSet(t *testing.T) (*Set, []*syntax.Regexp) {
	t.Helper()
	set, err := Load(packs.FS(), Options{Segmenter: words})
	if err != nil {
		t.Fatal(err)
	}
	var trees []*syntax.Regexp
	for _, p := range set.patterns {
		tree, err := syntax.Parse(p.text, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		trees = append(trees, tree)
	}
	return set, trees
}

func TestNeedlesProperty(t *testing.T) {
	set, trees := shippedSet(t)
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		checkNeedles(t, set.haystack(), set.patterns, randomText(trees, random))
	}
}

// TestUnfiltered: pages come out the same when every expression runs on every
// region, and all of it, whether or not its needles are there and its rule can gain by it.
func TestUnfiltered(t *testing.T) {
	set, trees := shippedSet(t)
	plain, _ := shippedSet(t)
	plain.haystack = sync.OnceValue(func() *haystack {
		all := newHaystack(plain.patterns)
		for i := range all.lacking {
			all.lacking[i] = ^uint64(0)
		}
		for i := range plain.patterns {
			all.folds[i], all.reach[i] = true, endless
		}
		return all
	})
	for _, b := range plain.blocks {
		b.beside = nil
	}
	random := rand.New(rand.NewPCG(7, 8))
	fired := 0
	for range 150 {
		var lines []string
		for range 1 + random.IntN(3) {
			line := randomText(trees, random)
			for range random.IntN(6) {
				line += set.terms[random.IntN(len(set.terms))].text
			}
			if random.IntN(2) == 0 { // a long region: expressions are run around their needles
				line = strings.Repeat("公园里有树。", random.IntN(20)) + line + strings.Repeat("，下午 3 点", random.IntN(20)) + randomText(trees, random)
			}
			lines = append(lines, line)
		}
		if random.IntN(2) == 0 { // much text: no word corroborates another
			lines = append(lines, strings.Repeat("公园里有树。", wordyText/9))
		}
		doc := texts(lines...)
		want, got := plain.Evaluate(doc), set.Evaluate(doc)
		if diff := gocmp.Diff(want, got, cmpopts.IgnoreUnexported(Rule{})); diff != "" {
			t.Errorf("%q differs (-unfiltered +filtered):\n%s", lines, diff)
		}
		fired += len(want.Fired)
	}
	if fired == 0 {
		t.Error("nothing fired: the texts test nothing")
	}
}

// BenchmarkNeedles is the pass that every region goes through.
func BenchmarkNeedles(b *testing.B) {
	set, err := Load(packs.FS(), Options{Segmenter: words})
	if err != nil {
		b.Fatal(err)
	}
	var text fold.Text
	text.Fold(strings.Repeat("本市图书馆将于周末举办读书活动，欢迎市民携家人参加。2026 年起免费，", 5))
	b.Run(fmt.Sprintf("expressions=%d", len(set.patterns)), func(b *testing.B) {
		s := newSearch(set.haystack())
		b.SetBytes(int64(len(text.Source())))
		b.ReportAllocs()
		for b.Loop() {
			s.in(&text)
		}
	})
}
