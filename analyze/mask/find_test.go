package mask

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/fold"
)

// TestNextDigit compares looking at eight bytes at a time with looking at each one.
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

// TestKinds compares the table of bytes with how each character is decoded.
func TestKinds(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		k, s := kinds[string(r)[0]], string(r)
		isDigit := fold.Digits(r) != ""
		if part := isDigit || isX(r) || isSeparator(r) || fold.IsUnseen(r); part && (k == other || k == within) {
			t.Errorf("%q may be in a number, but its first byte ends it", s)
		}
		if r < utf8.RuneSelf && (isDigit != (k == digit) || isX(r) != (k == checkX) || isSeparator(r) != (k == gap)) {
			t.Errorf("%q is of kind %d", s, k)
		}
		if lead := s[0] == circledLead || s[0] >= fullWidthLead; lead && isDigitAt(s, 0) != isDigit {
			t.Errorf("isDigitAt(%q) = %t", s, !isDigit)
		}
	}
}

// TestSkipShort: only whole runs are skipped, and none is long enough for a number.
func TestSkipShort(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	pieces := strings.Split("1|22|333|19491231|X|x| |-|.|<b>|</b>|&nbsp;|&#49;|\n|\t|a|,|中|，|１|①|\u200b|\u3000|  - ", "|")
	skipped := 0
	for range 20_000 {
		var b strings.Builder
		b.WriteString("7")
		for range random.IntN(20) {
			b.WriteString(pieces[random.IntN(1+random.IntN(len(pieces)))])
		}
		s := b.String()
		for _, m := range []mode{plain, acrossMarkup} {
			end := skipShort(s, m, 0)
			if end == 0 {
				continue
			}
			skipped++
			for at := 0; at < end; at = nextDigit(s, at) {
				r, run, more := reader{s: s, mode: m, at: at, first: true}, []character(nil), true
				for more {
					run, more = r.next(run)
				}
				if at = r.at; len(run) >= oldLength || at > end {
					t.Fatalf("skipShort(%q) skips %d bytes, and a run of %d characters that ends at %d", s, end, len(run), at)
				}
			}
		}
	}
	if skipped < 1000 {
		t.Errorf("only %d texts were skipped", skipped)
	}
}
