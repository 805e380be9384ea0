package mask

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestNextDigit compares looking at eight bytes at a time with looking at each.
func TestNextDigit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := strings.Fields("a b / : 0 9 5 ， ① ❶ “ 。 ９ ０ ； ｘ 中 文 \xef \xbc \x80 \xb0 \xb9 \xf0 \xee")
	for range 20_000 {
		var b strings.Builder
		for range random.IntN(30) {
			b.WriteString(pieces[random.IntN(1+random.IntN(len(pieces)))])
		}
		s := b.String()
		for i := range len(s) + 1 {
			want := i
			for want < len(s) && !isDigitAt(s, want) {
				want++
			}
			if got := nextDigit(s, i); got != want {
				t.Fatalf("nextDigit(%q, %d) = %d, want %d", s, i, got, want)
			}
		}
	}
}
