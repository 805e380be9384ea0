package engine

import (
	"regexp"
	"unicode"

	"github.com/qianshao/qianshao"
)

// Letters and digits meet by chance in text for programs: bet in a regular expression, QQ in an
// encoded picture, PW among the keywords of a server. So they are no evidence there by themselves,
// but they are with Chinese words beside them, or with a hit in a text that people read.

// minCoded is the length from which a run of base64 characters is neither a word nor an account.
const minCoded = 40

// redirectRegion is the Name of the region with a script's redirect of visitors from a search
// engine, where the address is what the script does.
const redirectRegion = "referrer-redirect"

// errorTitle matches the titles that servers, frameworks and panels give to their own error pages.
var errorTitle = regexp.MustCompile(`(?i)^[^a-z0-9\p{Han}]*(?:http\s*(?:status|error|状态|错误)?\s*[-–]?\s*)?(?:[45][0-9][0-9](?:[^0-9]|$)|not found|forbidden|bad gateway|service unavailable|internal server error)|服务器错误|系统发生错误|运行时错误|详细错误|没有找到站点`)

// isErrorPage says whether the page is a server's own error page: a short page with such a title.
// Error pages repeat the requested address, or the name of a module or a user.
func (p *pageTraits) isErrorPage() bool {
	if p.isLong || p.doc.Form == qianshao.FormMessage {
		return false
	}
	for i := range p.doc.Regions {
		if r := &p.doc.Regions[i]; r.Kind == qianshao.RegionTitle || r.Kind == qianshao.RegionHeading {
			return errorTitle.MatchString(r.Text)
		}
	}
	return false
}

// forPrograms says whether all hits are Latin and are in comments, scripts, meta elements or base64,
// or outside the links of a server's error page.
func (e *evaluation) forPrograms(hits []rankedHit) bool {
	isError := e.page.isErrorPage()
	for _, p := range hits {
		region := &e.page.doc.Regions[p.hit.region]
		start, end := int(p.hit.start), int(p.hit.end)
		if hasHan(region.Text[start:end]) {
			return false
		}
		switch {
		case isCoded(region.Text, start, end):
		case isError && region.Kind != qianshao.RegionAnchor && region.Kind != qianshao.RegionURL:
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

// isCoded says whether text[start:end] is part of a long run of base64.
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
