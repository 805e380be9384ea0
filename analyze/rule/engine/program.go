package engine

import (
	"unicode"

	"github.com/qianshao/qianshao"
)

// Letters and digits meet by chance in what is written for programs: bet in a regular
// expression, QQ in the coding of a picture, PW among the keywords of a server. So they are
// no evidence by themselves there; with Chinese words beside them, or a hit in a text that
// people read, they are.

// minCoded is how many characters of base64 in a row are no word and no account.
const minCoded = 40

// redirectRegion is the Name of the region that holds a script's redirect of visitors who
// come from a search engine: there the address is what the script does.
const redirectRegion = "referrer-redirect"

// forPrograms says whether all hits are Latin and stand in comments, scripts, meta elements
// or base64.
func (e *evaluation) forPrograms(hits []rankedHit) bool {
	for _, p := range hits {
		region := &e.page.doc.Regions[p.hit.region]
		start, end := int(p.hit.start), int(p.hit.end)
		if hasHan(region.Text[start:end]) {
			return false
		}
		switch {
		case isCoded(region.Text, start, end):
		case region.Kind == qianshao.RegionComment, region.Kind == qianshao.RegionMeta, region.Kind == qianshao.RegionScript && region.Name != redirectRegion:
		default:
			return false
		}
	}
	return true
}

func hasHan(s string) bool {
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			return true
		}
	}
	return false
}

// isCoded says whether text[start:end] is a part of a long stretch of base64.
func isCoded(text string, start, end int) bool {
	for i := start; i < end; i++ {
		if !isBase64(text[i]) {
			return false
		}
	}
	for start > 0 && end-start < minCoded && isBase64(text[start-1]) {
		start--
	}
	for end < len(text) && end-start < minCoded && isBase64(text[end]) {
		end++
	}
	return end-start >= minCoded
}

func isBase64(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '='
}
