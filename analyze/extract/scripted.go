package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// scriptedText is the least number of visible characters of a page that can be read without its
// scripts and pictures. A header with a notice that JavaScript is needed has fewer. The shortest
// article has more.
const scriptedText = 200

// MadeByScript reports whether a page shows hardly any text until its scripts run, so that it takes
// a browser to see what a visitor reads.
func MadeByScript(doc *qianshao.Document) bool { return HardlyAnyText(doc) && hasScript(doc.Source) }

// HardlyAnyText reports whether a page shows hardly any text of its own: its scripts make the text,
// or it is in pictures. Text that was read in the pictures does not count.
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
