package prefilter

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/rule/prefilter/prefiltertest"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

func TestAtoms(t *testing.T) {
	for _, test := range []struct{ expression, atoms string }{
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
		for _, set := range (&folder{known: map[rune]form{}}).atoms(treeOf(test.expression)) {
			got = append(got, strings.ReplaceAll(strings.Join(set, " "), symbolMark, "="))
		}
		if got := strings.Join(got, " & "); got != test.atoms {
			t.Errorf("%s has the atoms %s; want %s", test.expression, got, test.atoms)
		}
	}
}

// checkAtoms compares the expressions that may match with those that match.
func checkAtoms(t *testing.T, x *Index, expressions []*regexp.Regexp, text string) {
	t.Helper()
	var folded fold.Text
	folded.Fold(text)
	found := x.NewSearch().In(&folded)
	for i, re := range expressions {
		plain, inFolded := re.MatchString(text), re.MatchString(string(folded.Runes))
		if (plain || inFolded) && !slices.Contains(found, int32(i)) {
			t.Errorf("%q matches %q or its folded form, which lacks the atoms %q", re, text, (&folder{known: map[rune]form{}}).atoms(treeOf(re.String())))
		}
		if inFolded && !x.CanFold(int32(i)) {
			t.Errorf("%q matches the folded %q and is said not to", re, text)
		}
	}
}

// FuzzAtoms: searching for atoms never loses a match.
func FuzzAtoms(f *testing.F) {
	f.Add(`(?i)usdt\d+`, "xUSDT5")
	f.Add(`(?i)k彩(金|s)+`, "\u212a彩ſ")
	f.Add(`(?i:bo)cai|bo(c)ai`, "BOcai")
	f.Add("\ufffd金", "\xff金")
	f.Add(`[^\x00-\x{10FFFF}]|a{3,5}b?`, "xaaa")
	f.Fuzz(func(t *testing.T, expression, text string) {
		if syntax.CheckRegex(expression).Key != "" {
			return // no rule has such an expression
		}
		checkAtoms(t, New([]string{expression}), []*regexp.Regexp{regexp.MustCompile(expression)}, text)
	})
}

func TestAtomsProperty(t *testing.T) {
	expressions := prefiltertest.Shipped(t)
	x, trees := New(expressions), prefiltertest.Trees(expressions)
	compiled := make([]*regexp.Regexp, len(expressions))
	for i, expression := range expressions {
		compiled[i] = regexp.MustCompile(expression)
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		checkAtoms(t, x, compiled, prefiltertest.Text(trees, random))
	}
}

// BenchmarkSearch is the pass over every region.
func BenchmarkSearch(b *testing.B) {
	expressions := prefiltertest.Shipped(b)
	var text fold.Text
	text.Fold(strings.Repeat("本市图书馆将于周末举办读书活动，欢迎市民携家人参加。2026 年起免费，", 5))
	b.Run(fmt.Sprintf("expressions=%d", len(expressions)), func(b *testing.B) {
		s := New(expressions).NewSearch()
		b.SetBytes(int64(len(text.Source())))
		b.ReportAllocs()
		for b.Loop() {
			s.In(&text)
		}
	})
}

// TestKeptPlaces: the places that a search returns lead to the same windows as a second search for
// them.
func TestKeptPlaces(t *testing.T) {
	t.Parallel()
	expressions := prefiltertest.Shipped(t)
	x, trees := New(expressions), prefiltertest.Trees(expressions)
	search, kept, anew := x.NewSearch(), x.NewWindows(), x.NewWindows()
	random := rand.New(rand.NewPCG(7, 8))
	compared := 0
	for range 100 {
		var text fold.Text
		text.Fold(strings.Repeat(prefiltertest.Text(trees, random), 3) + strings.Repeat("天气预报今日多云", 20))
		asked := slices.Clone(search.In(&text))
		places := search.Places(asked, nil, math.MaxInt)
		kept.Reset()
		anew.Reset()
		for _, i := range asked {
			got, gotOK := kept.Of(&text, places, i)
			want, wantOK := anew.Of(&text, nil, i)
			if gotOK != wantOK || !slices.Equal(got, want) {
				t.Fatalf("%q in %q: windows %v %t; found anew %v %t", expressions[i], text.Source(), got, gotOK, want, wantOK)
			}
			compared += len(got)
		}
	}
	if compared == 0 {
		t.Error("no expression had a window")
	}
}
