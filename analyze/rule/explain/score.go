package explain

import (
	"fmt"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Detail returns the text of a line of a score's breakdown. The analyzer writes it in English,
// and findings are stored with it. In Chinese a line of a known form is said anew with its
// values; any other one stays as it is.
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
		var n int
		_, terms, ok := strings.Cut(p.Detail, ": ")
		if _, err := fmt.Sscanf(p.Detail, "%d ", &n); err == nil && ok {
			return l.Text("detail."+p.Reason, n, terms)
		}
	case "cloaked":
		if _, view, ok := strings.Cut(strings.TrimSuffix(p.Detail, ")"), " ("); ok {
			return l.Text("detail.cloaked", l.Named("who.", view))
		}
	case "terms":
		var n int
		if _, err := fmt.Sscanf(p.Detail, "%d distinct terms", &n); err == nil {
			return l.Text("detail.terms", n)
		}
	case "terms_cap", "disguised", "inert", "cap":
		return l.Text("detail." + p.Reason)
	}
	return p.Detail
}
