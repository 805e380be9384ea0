package explain

import (
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Detail returns the text of a line of a score's breakdown. The analyzer writes it in English, and
// a stored finding has nothing else. For Chinese, a line of a known form is translated with its
// values; any other line, such as a context's title, is returned unchanged.
func Detail(l locales.Lang, p qianshao.ScorePart) string {
	if l == locales.English {
		return p.Detail
	}
	switch p.Reason {
	case "rule_level":
		if level, ok := strings.CutPrefix(p.Detail, "rule level "); ok {
			return l.Text("detail.rule_level", l.Named("level.", level))
		}
	case "hidden", "hidden_alone":
		if _, how, ok := strings.Cut(p.Detail, ": "); ok {
			return l.Text("detail."+p.Reason, l.Named("hidden.", how))
		}
	case "specific", "telling", "flavour", "everyday":
		count, rest, _ := strings.Cut(p.Detail, " ")
		if _, terms, ok := strings.Cut(rest, ": "); ok {
			return l.Text("detail."+p.Reason, count, terms)
		}
	case "cloaked":
		how, view, ok := strings.Cut(strings.TrimSuffix(p.Detail, ")"), " (")
		switch {
		case ok && strings.HasPrefix(how, "a redirect"):
			return l.Text("detail.led_away", l.Named("who.", view))
		case ok:
			return l.Text("detail.cloaked", l.Named("who.", view))
		}
	case "terms":
		if count, ok := strings.CutSuffix(p.Detail, " distinct terms"); ok {
			return l.Text("detail.terms", count)
		}
	case "awareness":
		if strings.HasPrefix(p.Detail, "quoted") {
			return l.Text("detail.quoted")
		}
	case "terms_cap", "disguised", "inert", "cap":
		return l.Text("detail." + p.Reason)
	}
	return p.Detail
}
