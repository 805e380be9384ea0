package mapped

import (
	"html"
	"strings"

	"github.com/qianshao/qianshao/analyze/extract/ascii"
)

// Mode says how character references ("&lt;", "&#21338;") are treated.
type Mode uint8

// The modes. A named reference needs no semicolon in text, but does in an
// attribute, so that the URL "?a=1&copy=2" stays as it is.
const (
	Verbatim    Mode = iota // references are not resolved: scripts, comments, raw text
	InText                  // "&lt" is resolved, too
	InAttribute             // "&lt;" is resolved, "&lt" is not
)

// maxReferenceName is longer than any name of a character reference.
const maxReferenceName = 34

// reference decodes the character reference at the start of s and returns its
// length, or 0 if s starts with none.
func reference(s string, mode Mode) (decoded string, n int) {
	if strings.HasPrefix(s, "&nbsp;") {
		return "\u00A0", len("&nbsp;")
	}
	if strings.HasPrefix(s, "&#") {
		n = numericReference(s)
		if n == 0 {
			return "", 0
		}
		return html.UnescapeString(s[:n]), n
	}
	n = 1
	for n < len(s) && n < maxReferenceName && ascii.IsAlphanumeric(s[n]) {
		n++
	}
	terminated := n < len(s) && s[n] == ';'
	if terminated {
		n++
	} else if mode == InAttribute {
		return "", 0
	}
	decoded = html.UnescapeString(s[:n])
	if decoded == s[:n] {
		return "", 0
	}
	// "&notit;" is ¬ followed by "it;", so what is left over is not part of the reference.
	for n > 2 && len(decoded) > 1 && decoded[len(decoded)-1] == s[n-1] {
		decoded, n = decoded[:len(decoded)-1], n-1
	}
	return decoded, n
}

// numericReference returns the length of the numeric reference ("&#21338;",
// "&#x535A") at the start of s, or 0 if there is none.
func numericReference(s string) int {
	i, isDigit := 2, func(c byte) bool { return c >= '0' && c <= '9' }
	if i < len(s) && (s[i] == 'x' || s[i] == 'X') {
		i++
		isDigit = ascii.IsHex
	}
	first := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == first {
		return 0
	}
	if i < len(s) && s[i] == ';' {
		i++
	}
	return i
}

// Unescape resolves the character references of an attribute's value.
func Unescape(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] == '&' {
			if out, n := reference(s[i:], InAttribute); n > 0 {
				b.WriteString(out)
				i += n
				continue
			}
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// IsEntityEncoded reports whether most characters of a raw text are numeric
// character references, as in titles that hackers inject (&#x6FB3;&#x95E8;).
func IsEntityEncoded(raw string) bool {
	encoded, plain := 0, 0
	for i := 0; i < len(raw); {
		if n := 0; strings.HasPrefix(raw[i:], "&#") {
			if n = numericReference(raw[i:]); n > 0 {
				encoded++
				i += n
				continue
			}
		}
		if c := raw[i]; !ascii.IsSpace(c) && c&0xC0 != 0x80 { // count only the first byte of each character
			plain++
		}
		i++
	}
	return encoded >= 2 && encoded >= plain
}
