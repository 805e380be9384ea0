// Package locale says values of the vocabulary in a language: what several rooms of the
// console, the command line and reports say alike.
package locale

import (
	"fmt"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Remedy says in both languages what to do about something that is not monitored.
func Remedy(r qianshao.UnmonitoredReason) (english, chinese string) {
	return locales.English.Named("unmonitored.do.", string(r)), locales.Chinese.Named("unmonitored.do.", string(r))
}

// Detail says one line of a score's breakdown in the language. The analyzer
// writes English; what it writes without a free part is said in Chinese from
// the finding itself.
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

// Ago says how long before now t was, in one unit; after a month, on which day
// in the zone of now.
func Ago(l locales.Lang, t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return "–"
	case d < time.Minute:
		return l.Text("ago.now")
	case d < time.Hour:
		return l.Count("ago.minutes", int(d/time.Minute))
	case d < 24*time.Hour:
		return l.Count("ago.hours", int(d/time.Hour))
	case d < 30*24*time.Hour:
		return l.Count("ago.days", int(d/(24*time.Hour)))
	}
	return t.In(now.Location()).Format(time.DateOnly)
}
