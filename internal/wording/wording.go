// Package wording has the words for values of the vocabulary that the console, the command line and
// reports use alike.
package wording

import (
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

// Age says the same in a few characters, for rows with little room.
func Age(l locales.Lang, t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return "–"
	case d < time.Minute:
		return l.Text("age.now")
	case d < time.Hour:
		return l.Text("age.minutes", int(d/time.Minute))
	case d < 24*time.Hour:
		return l.Text("age.hours", int(d/time.Hour))
	}
	return l.Text("age.days", int(d/(24*time.Hour)))
}
