package charset

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestConvert: decoding in pieces gives the same as the decoder alone, for texts and for other
// bytes, in which a character of two or four bytes is cut short.
func TestConvert(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pieces := append(strings.Fields("<p> </p> abc 0 1234 - ; \xd6\xd0\xce\xc4 \x81\x30\x81\x30 \x84\x31\xa4\x39 \x81\x7e \xb2\xca\xc6\xb1 \x80 \xff \xa4\xa4\xa4\xe5 \xc0\x5c \xf9\xd6"),
		" ", "\n", strings.Repeat("a", 20), strings.Repeat("\xb2\xa9\xb2\xca", 3000))
	for range 300 {
		var b strings.Builder
		for range random.IntN(30) {
			piece := pieces[random.IntN(len(pieces)-random.IntN(2))]
			if random.IntN(4) == 0 {
				piece = piece[:random.IntN(len(piece)+1)]
			}
			b.WriteString(piece)
		}
		body := []byte(b.String())
		for _, name := range []string{gbName, big5Name, utf16LEName, latinName, "shift_jis", "iso-2022-jp"} {
			want, err := encodingOf(name).NewDecoder().Bytes(body)
			if err != nil {
				want = body
			}
			if got := convert(body, name); got != string(want) {
				t.Fatalf("%s %q: got %q, want %q", name, body, got, want)
			}
		}
	}
}

// TestCutSample: a character that the detection window cuts off does not count as odd. One that the
// page itself cuts off does.
func TestCutSample(t *testing.T) {
	t.Parallel()
	page := []byte("a" + strings.Repeat("\xb5\xc4", detectionWindow/2))
	if s := scoreOf(page[:detectionWindow], gbName); s.odd != 0 || s.common != detectionWindow/2-1 {
		t.Errorf("the window: %+v", s)
	}
	if s := scoreOf(page[:100], gbName); s.odd != 1 || s.common != 49 {
		t.Errorf("the page: %+v", s)
	}
}

// A stray byte does not swallow the < of the tag behind it.
func TestConvertKeepsTags(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"\x81<\x810":              "\uFFFD<\uFFFD0",
		"\xb8<\x969":              "\uFFFD<\uFFFD9",
		"\x810\x81<":              "\uFFFD0\uFFFD<",
		"\xb2\xca<b>\xb2\xca</b>": "彩<b>彩</b>",
	} {
		if got := convert([]byte(body), gbName); got != want {
			t.Errorf("%q is %q; want %q", body, got, want)
		}
	}
}
