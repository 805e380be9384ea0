package match

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLiterals compares the automaton with looking for each literal by itself.
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
		got := CompileLiterals(literals).Find(text, make([]bool, len(literals)), nil)
		slices.Sort(got)
		var want []int32
		for i, literal := range literals {
			for at := 0; at+len(literal) <= len(text); at++ {
				if sameButDigits(text[at:at+len(literal)], literal) {
					want = append(want, int32(i))
					break
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q in %q (-want +got):\n%s", literals, string(text), diff)
		}
	}
}

func sameButDigits(text, literal []rune) bool {
	return slices.EqualFunc(text, literal, func(got, want rune) bool { return got == want || want == '0' && isDigit(got) })
}
