package index

import (
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
)

// DefaultZone returns Asia/Shanghai, the time zone if none is configured. China has had no summer time
// since 1991, so it is UTC+8.
func DefaultZone() *time.Location { return qianshao.ChinaTime() }

// Day returns the start of t's day in a zone.
func Day(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, zone)
}

// The range of dates that a query may name. Anything else is a typing error, and years in RFC 3339 have
// four digits.
const (
	minYear = 1970
	maxYear = 2999
	maxAgo  = 100 * 366 // days
)

// parsePeriod reads a day or a moment. since says that the value by itself means all time since then: 7天 is
// the last 7 days.
func parsePeriod(name FieldName, raw string, now time.Time) (v Period, since bool, bad *mistake) {
	v, since, ok := periodOf(strings.ToLower(raw), now)
	if !ok {
		return v, false, wrong(BadValue, name, raw, possible(name))
	}
	if y := v.From.Year(); y < minYear || y > maxYear {
		return v, false, wrong(BadYear, name, minYear, maxYear)
	}
	return v, since, nil
}

func periodOf(raw string, now time.Time) (v Period, since, ok bool) {
	today := Day(now, now.Location())
	monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
	first := today.AddDate(0, 0, 1-today.Day())
	switch raw {
	case "today", "今天", "今日":
		return dayPeriod(today), false, true
	case "yesterday", "昨天", "昨日":
		return dayPeriod(today.AddDate(0, 0, -1)), false, true
	case "前天":
		return dayPeriod(today.AddDate(0, 0, -2)), false, true
	case "本周", "这周":
		return Period{monday, monday.AddDate(0, 0, 7)}, false, true
	case "上周":
		return Period{monday.AddDate(0, 0, -7), monday}, false, true
	case "本月":
		return Period{first, first.AddDate(0, 1, 0)}, false, true
	case "上月":
		return Period{first.AddDate(0, -1, 0), first}, false, true
	}
	if v, since, ok = agoOf(raw, now); ok {
		return v, since, true
	}
	if t, ok := dateOf(raw, now.Location()); ok {
		return dayPeriod(t), false, true
	}
	if t, err := time.Parse(time.RFC3339, strings.ToUpper(raw)); err == nil {
		return momentPeriod(t.In(now.Location())), false, true
	}
	return v, false, false
}

// agoOf reads 7d and 12h, which mean that day and that moment, and 7天, 近7天 and 12小时, which mean the time
// since.
func agoOf(raw string, now time.Time) (v Period, since, ok bool) {
	digits := raw
	var days bool
	for _, unit := range []struct {
		text        string
		days, since bool
	}{{"d", true, false}, {"h", false, false}, {"天内", true, true}, {"天", true, true}, {"小时内", false, true}, {"小时", false, true}} {
		if digits, ok = strings.CutSuffix(raw, unit.text); ok {
			days, since = unit.days, unit.since
			break
		}
	}
	if since {
		digits = strings.TrimPrefix(strings.TrimPrefix(digits, "最"), "近")
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	switch {
	case !ok, err != nil, digits != strconv.FormatUint(n, 10):
	case days && n <= maxAgo:
		return dayPeriod(Day(now, now.Location()).AddDate(0, 0, -int(n))), since, true
	case !days && n <= 24*maxAgo:
		return momentPeriod(now.Add(-time.Duration(n) * time.Hour)), since, true
	}
	return v, false, false
}

// dateOf reads 2026-11-01 and the ways in which people write it: 2026/11/1,
// 2026.11.01, 2026年11月1日.
func dateOf(raw string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, "2006/1/2", "2006.1.2", "2006年1月2日", "2006年1月2号"} {
		if t, err := time.ParseInLocation(layout, raw, zone); err == nil {
			return Day(t, zone), true
		}
	}
	return time.Time{}, false
}

func dayPeriod(t time.Time) Period { return Period{t, t.AddDate(0, 0, 1)} }

// momentPeriod is one millisecond: the precision with which the store keeps times.
func momentPeriod(t time.Time) Period {
	ms := time.UnixMilli(t.UnixMilli()).In(t.Location())
	return Period{ms, ms.Add(time.Millisecond)}
}

// end returns the one day of a longer period, such as a week, that decides a comparison with it.
func (v Period) end(op Op) Period {
	last := v.Until.AddDate(0, 0, -1)
	switch {
	case !last.After(v.From):
		return v
	case op == Less || op == GreaterEqual:
		return dayPeriod(v.From)
	}
	return dayPeriod(last)
}

// rangeSign separates the ends of a range.
const rangeSign = ".."

// String returns a day, days from..to, a moment, or moments from..to.
func (v Period) String() string {
	zone := v.From.Location()
	last := v.Until.In(zone).AddDate(0, 0, -1)
	switch {
	case !v.From.Equal(Day(v.From, zone)) || !v.Until.Equal(Day(v.Until, zone)):
		return ends(moment(v.From), moment(v.Until.Add(-time.Millisecond)))
	default:
		return ends(v.From.Format(time.DateOnly), last.Format(time.DateOnly))
	}
}

func ends(from, to string) string {
	if from == to {
		return from
	}
	return from + rangeSign + to
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999Z07:00") }
