package mask

import (
	"html"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/fold"
)

// mode says what a text is.
type mode uint8

const (
	plain        mode = iota // what people read
	acrossMarkup             // HTML: tags, comments and references may stand in a number
)

// Limits of what may separate two characters of a number. People write one separator between two
// groups. Markup between table cells also has line ends.
const (
	maxSeparators = 3
	maxGap        = 1024 // bytes
)

// find calls use with the characters of each number in s, in order. It reads s once and remembers
// only as much of it as a number is long.
func find(s string, m mode, use func(character)) {
	var window [length + 2]character // one more than a number has, and a sign may show two digits
	for at := nextDigit(s, 0); at < len(s); {
		if end := skipShort(s, m, at); end > at {
			at = nextDigit(s, end)
			continue
		}
		r := reader{s: s, mode: m, at: at, first: true}
		for run := window[:0]; ; {
			more := true
			for more && len(run) <= length {
				run, more = r.next(run)
			}
			if len(run) == 0 {
				break
			}
			drop := 1
			if run[0].first {
				if n := numberAt(run); n > 0 {
					for _, c := range run[:n] {
						use(c)
					}
					drop = n
				}
			}
			for drop < len(run) && !run[drop].first {
				drop++
			}
			run = window[:copy(window[:], run[drop:])]
		}
		at = nextDigit(s, max(r.at, at+1))
	}
}

// kind is what a byte can be in a number.
type kind uint8

const (
	other kind = iota // a number ends before it
	digit
	checkX
	gap    // ASCII of isSeparator
	within // it may stand inside a number in HTML
	wide   // the first byte of a character that has to be decoded
)

// kinds is read only. Characters that begin with E4 to E9, which nearly all Chinese ones do, are
// not part of a number.
var kinds = func() (k [256]kind) {
	for c := '0'; c <= '9'; c++ {
		k[c] = digit
	}
	k['x'], k['X'], k[' '], k['-'], k['.'] = checkX, checkX, gap, gap, gap
	for _, c := range "<&\r\n\t" {
		k[c] = within
	}
	for c := utf8.RuneSelf; c < len(k); c++ {
		if c < 0xE4 || 0xE9 < c {
			k[c] = wide
		}
	}
	return k
}()

// skipShort returns the end of the digits from at on if they are clearly too few for a number, as
// nearly all are. Otherwise it returns at.
func skipShort(s string, m mode, at int) int {
	n := 0
	for i := at; i < len(s); i++ {
		switch kinds[s[i]] {
		case digit, checkX:
			if n++; n == oldLength {
				return at
			}
		case gap:
		case within:
			if m == acrossMarkup {
				return at
			}
			return i
		case wide:
			return at
		case other:
			return i
		}
	}
	return len(s)
}

// reader reads the digits of a run.
type reader struct {
	s     string
	mode  mode
	at    int  // of what is read next
	first bool // what is read next begins a group
}

// next appends the next character of the run, or two if one sign shows two digits. It returns false
// at the end of the run.
func (r *reader) next(run []character) ([]character, bool) {
	separators, limit := 0, min(len(r.s), r.at+maxGap)
	for at := r.at; at < limit; {
		switch kinds[r.s[at]] {
		case digit, checkX:
			c := r.s[at]
			if c > '9' {
				c = 'X'
			}
			run = append(run, character{c, at, at + 1, r.first})
			r.first, r.at = false, at+1
			return run, true
		case other:
			return run, false
		}
		c, size := r.decode(at)
		if digits := fold.Digits(c); digits != "" {
			for i := range len(digits) {
				run = append(run, character{digits[i], at, at + size, r.first})
				r.first = false
			}
			r.at = at + size
			return run, true
		}
		switch {
		case isX(c):
			r.at = at + size
			run = append(run, character{'X', at, at + size, r.first})
			r.first = false
			return run, true
		case fold.IsUnseen(c):
		case c == markup:
			r.first = true
		case isSeparator(c) || r.mode == acrossMarkup && (c == '\n' || c == '\r' || c == '\t'):
			if separators++; separators > maxSeparators && r.mode == plain {
				return run, false
			}
			r.first = true
		default:
			return run, false
		}
		at += size
	}
	return run, false
}

// markup stands for a tag or a comment.
const markup = -1

// decode returns the character at an offset, and its length.
func (r *reader) decode(at int) (rune, int) {
	if r.mode == acrossMarkup {
		switch rest := r.s[at:min(len(r.s), at+maxGap)]; rest[0] {
		case '<':
			if n := tagLength(rest); n > 0 {
				return markup, n
			}
		case '&':
			if n := strings.IndexByte(rest[:min(len(rest), maxReference)], ';'); n > 0 {
				if c, size := utf8.DecodeRuneInString(html.UnescapeString(rest[:n+1])); c != '&' && size > 0 {
					return c, n + 1
				}
			}
		}
	}
	return utf8.DecodeRuneInString(r.s[at:])
}

// maxReference bounds the character references that are read.
const maxReference = 16

// tagLength returns the length of the tag or comment that s begins with, or 0.
func tagLength(s string) int {
	end := ">"
	switch {
	case strings.HasPrefix(s, "<!--"):
		end = "-->"
	case len(s) < 3 || s[1] != '/' && (s[1]|0x20 < 'a' || 'z' < s[1]|0x20):
		return 0
	}
	n := strings.Index(s, end)
	if n < 0 {
		return 0
	}
	return n + len(end)
}

// isX reports whether a character looks like the X that may end a number: Latin, Cyrillic, Greek,
// or the Roman numeral, of any width.
func isX(r rune) bool {
	switch r {
	case 'x', 'X', 'ｘ', 'Ｘ', 'х', 'Х', 'χ', 'Χ', 'Ⅹ', 'ⅹ', 'ⓧ', 'Ⓧ', '✗', '✕', '×', '🅧', '🅇', '🆇':
		return true
	}
	return false
}

// isSeparator reports whether a character may separate two groups of a number.
func isSeparator(r rune) bool {
	switch r {
	case ' ', '-', '\u00a0', '\u3000', '·', '.':
		return true
	}
	return false
}

// nextDigit returns the offset of the first digit from i on, in whatever form, or len(s). Every
// page passes through here, so it looks at eight bytes at a time.
func nextDigit(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		c := s[i : i+8]
		w := uint64(c[0]) | uint64(c[1])<<8 | uint64(c[2])<<16 | uint64(c[3])<<24 |
			uint64(c[4])<<32 | uint64(c[5])<<40 | uint64(c[6])<<48 | uint64(c[7])<<56
		for marks := digitsOrLeads(w); marks != 0; marks &= marks - 1 {
			if at := i + bits.TrailingZeros64(marks)/8; isDigitAt(s, at) {
				return at
			}
		}
	}
	for ; i < len(s); i++ {
		if isDigitAt(s, i) {
			return i
		}
	}
	return len(s)
}

// Digits beyond ASCII begin with one of these bytes in UTF-8: ① and ❶, and all bytes from that of １
// on, which are rare in other texts.
const (
	circledLead   = 0xE2
	fullWidthLead = 0xEF
)

// digitsOrLeads sets the highest bit of each byte that is an ASCII digit or a lead. It may also set
// that of a byte above such a byte.
func digitsOrLeads(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	low := w &^ highs
	digits := (low + (0x80-'0')*ones) &^ (low + (0x80-'9'-1)*ones) &^ w
	wide := (low + (0x100-fullWidthLead)*ones) & w
	other := w ^ circledLead*ones
	return (digits | wide | (other-ones)&^other) & highs
}

// isDigitAt reports whether the character at i shows a digit.
func isDigitAt(s string, i int) bool {
	c := s[i]
	switch {
	case '0' <= c && c <= '9':
		return true
	case c != circledLead && c < fullWidthLead:
		return false
	case c == circledLead && strings.HasPrefix(s[i+1:], "\x80"):
		return false // ‘ ’ “ ” … —
	case c == fullWidthLead && strings.HasPrefix(s[i+1:], "\xbc") && len(s) > i+2 && (s[i+2] < 0x90 || 0x99 < s[i+2]):
		return false // ， ： ！
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return fold.Digits(r) != ""
}
