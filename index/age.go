package index

import (
	"strconv"
	"strings"
	"time"
)

// Age is how long ago a finding was first seen: N units before Now. It keeps the typed form, so that a link
// or a saved view counts from the day on which it is opened.
type Age struct {
	N    int
	Unit time.Duration // an hour, a day or a week
	Now  time.Time
}

// The units of ages.
const (
	day  = 24 * time.Hour
	week = 7 * day
)

// String returns the age in its typed form: 24h, 7d, 2w.
func (v Age) String() string {
	n := strconv.Itoa(v.N)
	switch v.Unit {
	case week:
		return n + "w"
	case day:
		return n + "d"
	}
	return n + "h"
}

func (v Age) length() time.Duration { return time.Duration(v.N) * v.Unit }

// FirstSeen returns the equivalent comparison of FieldNew: an older finding was first seen earlier. Equal
// refers to whole units: 7d is seven days and some hours.
func (v Age) FirstSeen(op Op) (Op, Period) {
	at := momentPeriod(v.Now.Add(-v.length()))
	switch op {
	case Less:
		return Greater, at
	case LessEqual:
		return GreaterEqual, at
	case Greater:
		return Less, at
	case GreaterEqual:
		return LessEqual, at
	}
	return Equal, Period{at.Until.Add(-v.Unit), at.Until}
}

// parseAge reads 7d, 24h, 2w, 7天, 24小时, 2周. within says that the value by itself means at most that age:
// 7天内, 近7天.
func parseAge(raw string, now time.Time) (v Value, within bool, bad *mistake) {
	text := strings.ToLower(raw)
	for _, lead := range []string{"最近", "近"} {
		if rest, ok := strings.CutPrefix(text, lead); ok {
			text, within = rest, true
			break
		}
	}
	if rest, ok := strings.CutSuffix(text, "内"); ok {
		text, within = rest, true
	}
	for _, unit := range []struct {
		text   string
		length time.Duration
	}{{"h", time.Hour}, {"小时", time.Hour}, {"d", day}, {"天", day}, {"日", day}, {"w", week}, {"周", week}} {
		digits, ok := strings.CutSuffix(text, unit.text)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(digits)
		if err != nil || strconv.Itoa(n) != digits || n < 0 || n > maxAgo*int(day/time.Hour) || time.Duration(n)*unit.length > maxAgo*day {
			break
		}
		return Age{n, unit.length, now}, within, nil
	}
	return nil, false, wrong(BadValue, FieldAge, raw, possible(FieldAge))
}
