// Package wording has the words for values of the vocabulary that the console, the command line and
// reports use alike.
package wording

import (
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Remedy says in both languages what to do about something that is not monitored.
func Remedy(r qianshao.UnmonitoredReason) (english, chinese string) {
	return locales.English.Named("unmonitored.do.", string(r)), locales.Chinese.Named("unmonitored.do.", string(r))
}

// Ago says how long before now t was, in one unit. After a month, it says on which day, in the time
// zone of now.
func Ago(l locales.Lang, t, now time.Time) string {
	if !t.IsZero() && now.Sub(t) >= 30*24*time.Hour {
		return t.In(now.Location()).Format(time.DateOnly)
	}
	return inOneUnit(l, "ago.", t, now)
}

// Age says the same in a few characters, for rows with little room. It never names a day.
func Age(l locales.Lang, t, now time.Time) string { return inOneUnit(l, "age.", t, now) }

func inOneUnit(l locales.Lang, prefix string, t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return "–"
	case d < time.Minute:
		return l.Text(prefix + "now")
	case d < time.Hour:
		return l.Count(prefix+"minutes", int(d/time.Minute))
	case d < 24*time.Hour:
		return l.Count(prefix+"hours", int(d/time.Hour))
	}
	return l.Count(prefix+"days", int(d/(24*time.Hour)))
}

// Sight says what an account sees, from the trail's "sees all", "sees nothing" or list of
// authorisations.
func Sight(l locales.Lang, text string) string {
	switch ids, some := strings.CutPrefix(text, "sees "); {
	case !some:
		return text
	case ids == "all":
		return l.Text("account.sight.all")
	case ids == "nothing":
		return l.Text("admin.sight.nothing")
	default:
		return l.Text("trail.sight.some", ids)
	}
}
