package rule

import (
	"cmp"
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/qianshao/qianshao/analyze/match"
)

func TestRequiredLiteral(t *testing.T) {
	for _, test := range []struct {
		pattern, literal string
		anyCase          bool
	}{
		{`\d{2,4}\s*元\s*彩金`, "彩金", false},
		{`(?i)usdt\d+`, "dt", true}, // s has a third form
		{`(?i)bocai\d+`, "bocai", true},
		{`(?i)Bocai开户注册`, "开户注册", false},
		{`(?:彩金)+`, "彩金", false},
		{`(彩金)?首存`, "首存", false},
		{`彩金|首存`, "", false},
		{`(?i)k+s?`, "", false},
		{`[a-z]{3}`, "", false},
	} {
		tree, err := syntax.Parse(test.pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if literal, anyCase := requiredLiteral(tree.Simplify()); literal != test.literal || anyCase != test.anyCase {
			t.Errorf("%s: %q, %v; want %q, %v", test.pattern, literal, anyCase, test.literal, test.anyCase)
		}
	}
}

// FuzzPatternPrefilter: looking for the literal first never loses a match.
func FuzzPatternPrefilter(f *testing.F) {
	f.Add(`(?i)usdt\d+`, "xUSDT5")
	f.Add(`(?i)k彩(金|s)+`, "\u212a彩ſ")
	f.Add(`(?i:bo)cai|bo(c)ai`, "BOcai")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		c, s := newCompiler(nil), &source{}
		p := c.pattern(s, textAt(pattern), "a")
		if p == nil {
			return
		}
		re, err := p.compiled()
		if err != nil {
			t.Fatalf("%q parses, but does not compile: %v", pattern, err)
		}
		want := re.FindAllStringIndex(text, maxPatternHits)
		if slices.ContainsFunc(want, func(at []int) bool { return at[0] == at[1] }) {
			t.Errorf("%q matches empty text", pattern)
		}
		if diff := gocmp.Diff(want, p.find(text)); diff != "" {
			t.Errorf("%q in %q, literal %q, differs (-want +got):\n%s", pattern, text, p.literal, diff)
		}
	})
}

// TestOverlapProperty compares dropOverlapped with a quadratic version of what it promises.
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
