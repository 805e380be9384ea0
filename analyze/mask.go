package analyze

import (
	"strings"
	"time"

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
}

func masked(s string) string {
	var out []byte
	for i := 0; i+residentIDLength <= len(s); {
		run := digits(s[i:])
		if run == residentIDLength-1 && i+run < len(s) && (s[i+run]|0x20) == 'x' {
			run++
		}
		if run == residentIDLength && isResidentID(s[i:i+run]) {
			if out == nil {
				out = []byte(s)
			}
			copy(out[i:], strings.Repeat("*", run))
		}
		i += max(run, 1)
	}
	if out == nil {
		return s
	}
	return string(out)
}

// digits counts the ASCII digits at the start of s.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// isResidentID says whether s, 17 digits and a check character, holds a date of birth and the right check.
func isResidentID(s string) bool {
	if _, err := time.Parse("20060102", s[6:14]); err != nil {
		return false
	}
	sum := 0
	for i, weight := range residentIDWeights {
		sum += weight * int(s[i]-'0')
	}
	return residentIDChecks[sum%11] == strings.ToUpper(s[17:])[0]
}
