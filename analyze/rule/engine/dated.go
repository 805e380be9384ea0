package engine

import (
	"regexp"

	"github.com/qianshao/qianshao/analyze/rule/explain"
)

// dated finds digits that are common on pages and are not an account or a telephone number: dates,
// years, and ranges of characters, chapters and the like.
var dated = regexp.MustCompile(`(?:19|20)[0-9]{2}\s*[-~～—至]\s*(?:19|20)[0-9]{2}\s*年?|(?:19|20)[0-9]{2}(?:[-/.][0-9]{1,2}[-/.][0-9]{1,2}|\s*年(?:\s*[0-9]{1,2}\s*月)?(?:\s*[0-9]{1,2}\s*日)?)|[0-9]+\s*[-~～—至]\s*[0-9]+\s*个?(?:字|章|节|页|条|款|岁|届|期|集|级|℃|°)`)

// datedReach is how many bytes before and after a match are searched for a date.
const datedReach = 24

// isDated says whether all digits in a match of a regular expression belong to dates or ranges:
// 威2024-09-04 is not an account of 威信.
func (e *evaluation) isDated(b *block, h *hit) bool {
	if int(h.term) < len(e.engine.terms) {
		return false
	}
	text := e.page.doc.Regions[h.region].Text
	from := max(0, int(h.start)-datedReach)
	near := text[from:min(len(text), int(h.end)+datedReach)]
	var dates [][]int
	digits := 0
	for at := int(h.start); at < int(h.end); at++ {
		if text[at] < '0' || text[at] > '9' {
			continue
		}
		if digits++; digits == 1 {
			dates = dated.FindAllStringIndex(near, -1)
		}
		inside := false
		for _, d := range dates {
			inside = inside || d[0] <= at-from && at-from < d[1]
		}
		if !inside {
			return false
		}
	}
	if digits == 0 {
		return false
	}
	e.drop(b, h, explain.PartOfDate)
	return true
}
