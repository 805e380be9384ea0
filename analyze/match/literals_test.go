package match

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestLiterals compares the automaton with searching for each literal by itself.
func TestLiterals(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func(n int, alphabet string) []rune {
		letters, out := []rune(alphabet), make([]rune, n)
		for i := range out {
			out[i] = letters[random.IntN(len(letters))]
		}
		return out
	}
	for range 300 {
		var literals [][]rune
		for range 1 + random.IntN(12) {
			if w := word(1+random.IntN(4), "彩金ab0𠮷"); !slices.ContainsFunc(literals, func(l []rune) bool { return slices.Equal(l, w) }) {
				literals = append(literals, w)
			}
		}
		text := word(random.IntN(40), "彩金abc019𠮷")
		got := CompileLiterals(literals).Places(text, nil)
		slices.SortFunc(got, func(x, y Place) int { return cmp.Or(int(x.At-y.At), int(x.Literal-y.Literal)) })
		var want []Place
		for at := range text {
			for i, literal := range literals {
				if at+len(literal) <= len(text) && sameButDigits(text[at:at+len(literal)], literal) {
					want = append(want, Place{int32(at), int32(i)})
				}
			}
		}
		if !slices.Equal(want, got) {
			t.Fatalf("%q in %q: places %v; want %v", literals, string(text), got, want)
		}
	}
}

func sameButDigits(text, literal []rune) bool {
	return slices.EqualFunc(text, literal, func(got, want rune) bool { return got == want || want == '0' && isDigit(got) })
}
