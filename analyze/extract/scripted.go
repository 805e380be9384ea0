package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// scriptedText is how many visible characters a page has at least if its scripts
// are not needed to read it. A header and a notice that JavaScript is needed have
// fewer; the shortest article has more.
const scriptedText = 200

// MadeByScript reports whether a page shows hardly any text before its scripts
// run, so that a browser is needed to see what a visitor reads.
func MadeByScript(doc *qianshao.Document) bool {
	visible := 0
	for i := range doc.Regions {
		r := &doc.Regions[i]
		switch r.Kind {
		case qianshao.RegionHeading, qianshao.RegionText, qianshao.RegionAnchor:
			if r.Hidden == qianshao.HidingNone {
				visible += utf8.RuneCountInString(r.Text)
			}
		}
		if visible >= scriptedText {
			return false
		}
	}
	return hasScript(doc.Source)
}

func hasScript(source string) bool {
	const tag = "<script"
	for {
		i := strings.IndexByte(source, '<')
		if i < 0 || len(source) < i+len(tag) {
			return false
		}
		if strings.EqualFold(source[i:i+len(tag)], tag) {
			return true
		}
		source = source[i+1:]
	}
}
