package fold

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Digits returns the decimal digits that a character shows: "1" for 1, １, ①, ⑴, 𝟏 and ١, "20" for
// ⑳, and "" for any other character. It does not allocate.
func Digits(r rune) string {
	const digits = "0123456789"
	switch {
	case '0' <= r && r <= '9':
		return digits[r-'0' : r-'0'+1]
	case r < utf8.RuneSelf || isHan(r):
		return ""
	}
	if d := digit(r); d != r {
		return digits[d-'0' : d-'0'+1]
	}
	if word, _ := enclosed(r); word != "" {
		if word[0] < '0' || word[0] > '9' {
			return ""
		}
		return word
	}
	if !unicode.Is(unicode.No, r) {
		return ""
	}
	return digitsOf(r)
}

// digitsOf reads a compatibility form: "1", "20", "(1)", "1.", "1,".
func digitsOf(r rune) string {
	var buffer [utf8.UTFMax]byte
	n, count := 0, 0
	for _, c := range norm.NFKD.Properties(utf8.AppendRune(buffer[:0], r)).Decomposition() {
		switch {
		case '0' <= c && c <= '9':
			n, count = 10*n+int(c-'0'), count+1
		case c != '(' && c != ')' && c != '.' && c != ',':
			return "" // ½, ㍘
		}
	}
	switch {
	case count == 1 && n == 0:
		return "0"
	case count == 0 || n == 0 || n > 20:
		return ""
	}
	return numberWord(n)
}

// IsUnseen reports whether a reader cannot see a character by itself: it is invisible, or a mark on
// the character before it.
func IsUnseen(r rune) bool {
	return r >= 0x80 && (isInvisible(r) || unicode.In(r, unicode.Mn, unicode.Me))
}
