package document

import (
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/internal/untrusted"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/report"
)

// maker puts a report into words.
type maker struct {
	locales.Lang
	r    *report.Report
	zone *time.Location
}

// t returns a message of reports.
func (m *maker) t(key string, args ...any) string { return m.Text("figures."+key, args...) }

// plain returns hostile text in one line, without invisible characters and resident identity numbers; no
// program turns a URL in it into a link.
func plain(s string) string {
	return scheme.ReplaceAllString(mask.String(untrusted.Plain(s)), "hxxp$1:")
}

// Limits of quoted texts: a row of a table must be readable at a glance.
const (
	maxLabel = 60
	maxHost  = 80
)

var (
	dotted = regexp.MustCompile(`([0-9A-Za-z\-])\.([0-9A-Za-z])`)
	scheme = regexp.MustCompile(`(?i)\bhttp(s?):`)
)

// label is the evidence by which people recognise a campaign, from the page's source; no program turns a
// host in it into a link.
func label(s string) string {
	return short(dotted.ReplaceAllString(plain(html.UnescapeString(s)), "$1[.]$2"), maxLabel)
}

// host is the name of a site, defanged so that nobody follows it by accident.
func host(s string) string { return short(untrusted.DefangHost(plain(s)), maxHost) }

func short(s string, most int) string {
	if first := untrusted.First(s, most); first != s {
		return first + "…"
	}
	return s
}

func text(s string) Cell { return Cell{Text: s} }

// number writes a number with grouped thousands; programs get it plain.
func number(n int) Cell { return Cell{grouped(n), strconv.Itoa(n)} }

func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// fewBefore is the number below which no percentage is given: from 1 to 3 is hardly a rise of 200 %.
const fewBefore = 10

// change says how a number has changed. It begins with an arrow, which no spreadsheet reads as the
// beginning of a formula.
func change(now, before int) string {
	switch {
	case now == before:
		return "→"
	case before < fewBefore:
		return "–"
	case now > before:
		return "↑" + percent(float64(now-before)/float64(before))
	}
	return "↓" + percent(float64(before-now)/float64(before))
}

func percent(share float64) string { return strconv.FormatFloat(share*100, 'f', 0, 64) + "%" }

// rate writes a precision with its interval, or that there are too few decisions.
func (m *maker) rate(r report.Rate) Cell {
	if r.Right+r.Wrong == 0 {
		return text("–")
	}
	if r.Few {
		return text(m.t("few", r.Right+r.Wrong))
	}
	return Cell{
		fmt.Sprintf("%s (%s–%s)", percent(r.Precision), percent(r.Low), percent(r.High)),
		fmt.Sprintf("%.3f (%.3f–%.3f)", r.Precision, r.Low, r.High),
	}
}

// agreement writes how often second reviews agreed.
func (m *maker) agreement(a report.Agreement) Cell {
	switch {
	case a.Reviews == 0:
		return text("–")
	case a.Few():
		return text(m.t("few", a.Reviews))
	}
	s := m.t("agreed", grouped(a.Agreed), grouped(a.Reviews), percent(float64(a.Agreed)/float64(a.Reviews)))
	if a.Kappa != nil {
		s += m.t("kappa", *a.Kappa)
	}
	return text(s)
}

// period returns the days of the report.
func (m *maker) period() string { return m.days(m.r.Query.Period) }

func (m *maker) days(p report.Period) string {
	return m.t("days", m.day(p.From), m.day(p.To.Add(-time.Minute)))
}

func (m *maker) day(t time.Time) string { return t.In(m.zone).Format(time.DateOnly) }

func (m *maker) time(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(m.zone).Format("2006-01-02 15:04")
}

// duration writes a duration in its two largest units.
func (m *maker) duration(d time.Duration) string {
	d = d.Round(time.Minute)
	days, hours, minutes := int(d/(24*time.Hour)), int(d%(24*time.Hour)/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case days > 0:
		return m.t("duration.days", days, hours)
	case hours > 0:
		return m.t("duration.hours", hours, minutes)
	}
	return m.t("duration.minutes", minutes)
}

func (m *maker) category(c string) string { return m.Named("category.", c) }

func (m *maker) categories(list []qianshao.Category) string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = m.category(string(c))
	}
	return strings.Join(names, m.t("and"))
}

// columns returns the heads of a table for their keys: "#" before a key means numbers, "*" a wide column,
// "@" times.
func (m *maker) columns(keys ...string) []Column {
	list := make([]Column, len(keys))
	for i, key := range keys {
		name := strings.TrimLeft(key, "#*@")
		list[i] = Column{Name: m.t("column." + name), Number: key[0] == '#', Wide: key[0] == '*', Time: key[0] == '@'}
	}
	return list
}

// more says how much is left out of a table.
func (m *maker) more(n int) string {
	if n <= 0 {
		return ""
	}
	return m.t("more", grouped(n))
}
