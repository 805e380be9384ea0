package match

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/qianshao/qianshao/analyze/fold"
)

// TestAutomatonAgainstNaive compares the double array with searching for every pattern at every
// place.
func TestAutomatonAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alphabet := rapid.Uint16Range(1, 6).Draw(t, "alphabet")
		code := rapid.Uint16Range(1, alphabet)
		drawn := rapid.SliceOfN(rapid.SliceOfN(code, 1, 6), 1, 40).Draw(t, "patterns")
		slices.SortFunc(drawn, slices.Compare)
		patterns := slices.CompactFunc(drawn, slices.Equal)
		heads := make([]int32, len(patterns))
		for i := range heads {
			heads[i] = int32(i) + 1
		}
		text := rapid.SliceOfN(rapid.Uint16Range(0, alphabet), 0, 80).Draw(t, "text")
		auto := newAutomaton(slices.Clone(patterns), heads, int(alphabet))

		type hit struct{ pattern, end int }
		got := map[hit]int{}
		state := int32(rootState)
		for i, c := range text {
			state = auto.step(state, c)
			nearest := int32(0)
			for at := state; at != rootState; at = auto.links[at].fail {
				if head := auto.heads[at]; head != 0 {
					got[hit{int(head) - 1, i}]++
					nearest = cmp.Or(nearest, head)
				}
			}
			if out := auto.links[state].out; out != nearest {
				t.Fatalf("at %d of %v ends %d, want %d", i, text, out, nearest)
			}
		}
		count := 0
		for p, pattern := range patterns {
			for i := len(pattern); i <= len(text); i++ {
				if slices.Equal(text[i-len(pattern):i], pattern) {
					count++
					if got[hit{p, i - 1}] != 1 {
						t.Fatalf("pattern %v at %d of %v: %d hits", pattern, i, text, got[hit{p, i - 1}])
					}
				}
			}
		}
		if count != len(got) {
			t.Fatalf("%d hits, want %d", len(got), count)
		}
	})
}

// FuzzScan: nothing panics, and places are within bounds. Every term whose characters are in the
// text in order, undisguised or by sound, is found at no higher cost than by a naive search. Every
// hit is found again in its own bytes.
func FuzzScan(f *testing.F) {
	for _, seed := range [][2]string{
		{"注册送 彩金，棋*牌", "注册送\n彩金\n棋牌"},
		{"噂儆的碦戸 菠菜 薇❤ qipai46 加V 木奉", "尊敬的客户\n博彩\n微信\n棋牌\n加微\n棒"},
		{"🐂🐂卜🐠+微\xe7\x89", "牛牛\n捕鱼\n加微"},
		{"V1P casin0 ρāī ㎏ ⑩", "vip\ncasino\n牌\nkg\n10"},
		{"aaaaaaaa", "a\naa\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
		{"行长长行了乐", "银行\n行长\n百家乐"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, list string) {
		var terms []string
		for _, s := range strings.Split(list, "\n") {
			if len(fold.Term(s)) > 0 {
				terms = append(terms, s)
			}
		}
		m, err := Compile(terms)
		if err != nil {
			t.Fatal(err)
		}
		var folded, own fold.Text
		folded.Fold(text)
		found := map[[3]int32]Hit{}
		m.Scan(&folded, func(h Hit) {
			if h.First < 0 || h.Last < h.First || int(h.Last) >= len(folded.Runes) && len(folded.Runes) > 0 ||
				h.Start < 0 || h.End <= h.Start || int(h.End) > len(text) || h.Cost < 0 || h.Cost > MaxCost {
				t.Fatalf("hit %+v in %d characters, %d bytes", h, len(folded.Runes), len(text))
			}
			found[[3]int32{h.Term, h.First, h.Last}] = h
			if _, again := cheapest(m, &own, text[h.Start:h.End])[h.Term]; !again && !spacedOut(&folded, h.First, h.Last) {
				t.Fatalf("%q at %d:%d of %q is not found in its own bytes %q", terms[h.Term], h.Start, h.End, text, text[h.Start:h.End])
			}
		})
		for index, term := range terms {
			own.Fold(term)
			for i := 0; i+own.Len() <= len(folded.Runes); i++ {
				if h, ok := m.naive(&folded, &own, int32(index), int32(i)); ok {
					if got, have := found[[3]int32{h.Term, h.First, h.Last}]; !have || got.Cost > h.Cost {
						t.Fatalf("%q at character %d of %q: found %v %+v, want %+v", terms[index], i, text, have, got, h)
					}
				}
			}
		}
	})
}

// naive returns the hit of a term at a place, compared character by character.
func (m *Matcher) naive(t, term *fold.Text, index, first int32) (h Hit, ok bool) {
	n := term.Len()
	last := first + int32(n) - 1
	sum, gaps, steps := 0, 0, fold.Step(0)
	for k, want := range term.Runes {
		i := first + int32(k)
		if m.symbols.symbol(t.Runes[i]) != m.symbols.symbol(want) {
			return h, false
		}
		cost, step := m.symbolCost(t, span{i, i}, want, n)
		sum, steps = sum+cost, steps|step
		if k > 0 {
			cost, step = gapsCost(t, span{i - 1, i - 1}, span{i, i}, term.Gaps[k].Break != fold.BreakNone)
			gaps, steps = gaps+cost, steps|step
		}
	}
	cuts := func(before, after int32, own rune) bool {
		return before >= 0 && int(after) < len(t.Runes) && t.Gaps[after].Break == fold.BreakNone && sameRun(t.Runes[before], t.Runes[after]) &&
			(isAlphabetic(t.Runes[before]) || isAlphabetic(t.Runes[after]) || sameRun(own, own))
	}
	if cuts(first-1, first, term.Runes[0]) || cuts(last, last+1, term.Runes[n-1]) {
		return h, false
	}
	if gaps > spacedOutCost && spacedOut(t, first, last) {
		gaps = spacedOutCost
	}
	h = Hit{index, first, last, t.Start[first], t.End[last], steps, stepCost(steps) + normalise(sum+gaps, n)}
	return h, sum+gaps <= budget(n) && h.Cost <= MaxCost
}
