package desk

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"

	"github.com/qianshao/qianshao"
)

// Seen returns the hash of what a finding's evidence shows: the SHA-256, in hex, of its
// pieces with the text around them, folded, each once, in the order of their bytes. All
// numbers, clocks and dates count as equal, or a visitor counter would make different
// content. Rules, places and the rest of the page have no effect. fold undoes disguises,
// and keeps a space between words.
func Seen(pieces []qianshao.Evidence, fold func(string) string) string {
	h := sha256.New()
	for _, block := range blocks(pieces, fold) {
		h.Write([]byte(block))
		h.Write([]byte{0}) // a separator that no folded text contains
	}
	return hex.EncodeToString(h.Sum(nil))
}

// blocks returns the texts that pieces of evidence show, folded, each once and in order.
func blocks(pieces []qianshao.Evidence, fold func(string) string) []string {
	list := make([]string, 0, len(pieces))
	for i := range pieces {
		e := &pieces[i]
		list = append(list, withoutNumbers(fold(e.Before+e.Text+e.After)))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Includes says whether one of two lists of evidence shows everything that the other
// shows, as when rules find more, or less, of the same. Neither may be empty.
func Includes(x, y []qianshao.Evidence, fold func(string) string) bool {
	a, b := blocks(x, fold), blocks(y, fold)
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) > 0 && !slices.ContainsFunc(a, func(block string) bool {
		_, found := slices.BinarySearch(b, block)
		return !found
	})
}

// withoutNumbers writes 0 for each run of digits and spaces between them, as a clock
// may be three numbers, or two.
func withoutNumbers(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	blanks := "" // spaces after a number that are not written yet
	number := false
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			if !number {
				b.WriteByte('0')
			}
			number, blanks = true, ""
			continue
		case r == ' ' && number:
			blanks += " "
			continue
		}
		b.WriteString(blanks)
		number, blanks = false, ""
		b.WriteRune(r)
	}
	return b.String()
}
