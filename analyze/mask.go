package analyze

import (
	"math/bits"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// residentIDLength is that of a resident identity number since 1999: 17 digits
// and a check character (GB 11643-1999).
const residentIDLength = 18

// residentIDWeights and residentIDChecks are the standard's: the weighted sum
// of the first 17 digits, modulo 11, picks the 18th character.
var residentIDWeights = [residentIDLength - 1]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

const residentIDChecks = "10X98765432"

// maskResidentIDs overwrites resident identity numbers in everything that a
// finding may show or the store may keep. Forgers and card traders print their
// victims' numbers; we look at pages, never at persons. The length stays, so
// every span still points to its place.
func maskResidentIDs(doc *qianshao.Document) {
	doc.Source = masked(doc.Source)
	doc.Title = masked(doc.Title)
	for i := range doc.Regions {
		doc.Regions[i].Text = masked(doc.Regions[i].Text)
	}
	for i := range doc.Links {
		doc.Links[i].Anchor = masked(doc.Links[i].Anchor)
		doc.Links[i].URL = masked(doc.Links[i].URL)
	}
	for i, tag := range doc.MetaRobots {
		doc.MetaRobots[i] = masked(tag)
	}
}

// masked returns s without resident identity numbers, also those written in
// full width or in groups ("110101 19491231 0024").
func masked(s string) string {
	if len(s) < residentIDLength {
		return s
	}
	var out []byte
	var room [2 * residentIDLength]idCharacter
	for i := nextDigit(s, 0); i < len(s); {
		run, end := idRun(room[:0], s, i)
		for _, number := range residentIDs(run) {
			if out == nil {
				out = []byte(s)
			}
			for _, c := range number {
				copy(out[c.at:], blank(c.size))
			}
		}
		i = nextDigit(s, end)
	}
	if out == nil {
		return s
	}
	return string(out)
}

// nextDigit returns the offset of the first digit from i on, full width or
// not, or len(s). Every page passes through here, so it looks at eight bytes at a time.
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

// digitsOrLeads sets the highest bit of each byte that is an ASCII digit or
// fullWidthLead, and perhaps of another one above such a byte.
func digitsOrLeads(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	low := w &^ highs
	digits := (low + (0x80-'0')*ones) &^ (low + (0x80-'9'-1)*ones) &^ w
	other := w ^ fullWidthLead*ones
	return (digits | (other-ones)&^other) & highs
}

// isDigitAt says whether the character at i is a digit, full width or not.
func isDigitAt(s string, i int) bool {
	return '0' <= s[i] && s[i] <= '9' || s[i] == fullWidthLead && isFullWidthDigit(s[i:])
}

// fullWidthLead is the first byte of ０ to ９ in UTF-8.
const fullWidthLead = 0xEF

func isFullWidthDigit(s string) bool {
	return len(s) >= 3 && s[1] == 0xBC && 0x90 <= s[2] && s[2] <= 0x99
}

// blank is an asterisk of as many bytes as the digit it takes the place of.
func blank(size int) string {
	if size == 1 {
		return "*"
	}
	return "＊"
}

// idCharacter is a digit, or the X that may end a number, and where it stands.
type idCharacter struct {
	value    byte // '0' to '9' or 'X'
	at, size int
	first    bool // nothing, or a separator, stands in front of it
}

// idRun appends the digits from start on, over single separators, and returns
// them with the offset behind them.
func idRun(run []idCharacter, s string, start int) (_ []idCharacter, end int) {
	first := true
	for end = start; end < len(s); {
		r, size := utf8.DecodeRuneInString(s[end:])
		value, ok := idValue(r)
		if !ok {
			if first || !strings.ContainsRune(" -\u00a0\u3000·.", r) {
				return run, end
			}
			first = true
			end += size
			continue
		}
		run = append(run, idCharacter{value, end, size, first})
		first = false
		end += size
	}
	return run, end
}

func idValue(r rune) (value byte, ok bool) {
	switch {
	case '0' <= r && r <= '9':
		return byte(r), true
	case '０' <= r && r <= '９':
		return byte(r - '０' + '0'), true
	case r == 'x', r == 'X', r == 'Ｘ', r == 'ｘ':
		return 'X', true
	}
	return 0, false
}

// residentIDs finds the numbers in a run of digits; each begins and ends where
// a group of digits does.
func residentIDs(run []idCharacter) (numbers [][]idCharacter) {
	for i := 0; i+residentIDLength <= len(run); i++ {
		end := i + residentIDLength
		if run[i].first && (end == len(run) || run[end].first) && isResidentID(run[i:end]) {
			numbers = append(numbers, run[i:end])
			i = end - 1
		}
	}
	return numbers
}

// isResidentID says whether 18 characters hold a date of birth and the right check.
func isResidentID(number []idCharacter) bool {
	var digits [residentIDLength]byte
	sum := 0
	for i, c := range number {
		digits[i] = c.value
		if i == residentIDLength-1 {
			break
		}
		if c.value == 'X' {
			return false
		}
		sum += residentIDWeights[i] * int(c.value-'0')
	}
	if _, err := time.Parse("20060102", string(digits[6:14])); err != nil {
		return false
	}
	return residentIDChecks[sum%11] == digits[residentIDLength-1]
}
