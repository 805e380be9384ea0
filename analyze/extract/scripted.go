package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// scriptedText is the visible text, in characters, below which a page with
// scripts is a shell for them to fill: a header and a notice that JavaScript is
// needed have less, the shortest article has more.
const scriptedText = 200

// MadeByScript reports whether a page shows hardly anything unless its scripts
// run, so that only a browser can tell what a visitor reads.
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
