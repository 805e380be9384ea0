package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// scriptedText is how many visible characters a page has at least if neither its scripts nor
// its pictures are needed to read it. A header and a notice that JavaScript is needed have
// fewer; the shortest article has more.
const scriptedText = 200

// MadeByScript reports whether a page shows hardly any text before its scripts
// run, so that a browser is needed to see what a visitor reads.
func MadeByScript(doc *qianshao.Document) bool { return HardlyAnyText(doc) && hasScript(doc.Source) }

// HardlyAnyText reports whether a page shows hardly any text of its own: what is said there is
// made by its scripts, or stands in its pictures. What was read in these does not count.
func HardlyAnyText(doc *qianshao.Document) bool {
	visible := 0
	for i := range doc.Regions {
		r := &doc.Regions[i]
		switch r.Kind {
		case qianshao.RegionHeading, qianshao.RegionText, qianshao.RegionAnchor:
			if r.Hidden == qianshao.HidingNone && r.Picture == "" {
				visible += utf8.RuneCountInString(r.Text)
			}
		}
		if visible >= scriptedText {
			return false
		}
	}
	return true
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
