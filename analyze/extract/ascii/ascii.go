// Package ascii classifies and splits text by ASCII characters, as the
// standards of HTML, CSS and URLs do.
package ascii

import "strings"

// IsSpace reports whether c is white space in HTML.
func IsSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// IsAlphanumeric reports whether c is a letter or a digit.
func IsAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// IsHex reports whether c is a hexadecimal digit.
func IsHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// Lower is strings.ToLower for names, most of which are lower case already.
func Lower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' || c >= 0x80 {
			return strings.ToLower(s)
		}
	}
	return s
}

// HasWord reports whether a list separated by white space contains a word.
func HasWord(list, word string) bool {
	for from := 0; from < len(list); {
		i := strings.Index(list[from:], word)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(word)
		if (i == 0 || IsSpace(list[i-1])) && (end == len(list) || IsSpace(list[end])) {
			return word != ""
		}
		from = i + 1
	}
	return false
}

// EachWord calls f with each word of a list separated by white space.
func EachWord(list string, f func(string)) {
	for i := 0; i < len(list); {
		for i < len(list) && IsSpace(list[i]) {
			i++
		}
		from := i
		for i < len(list) && !IsSpace(list[i]) {
			i++
		}
		if from < i {
			f(list[from:i])
		}
	}
}
