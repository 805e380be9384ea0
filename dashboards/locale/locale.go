// Package locale has the words of the console and of reports, in Chinese and
// English.
package locale

import (
	"fmt"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/untrusted"
)

// Lang is a language of the console; the zero value is Chinese.
type Lang uint8

// The languages.
const (
	Chinese Lang = iota
	English
)

// Tag returns the BCP 47 tag for the html element; zh-CN makes browsers choose
// mainland glyphs for the ideographs that Japanese draws otherwise.
func (l Lang) Tag() string {
	if l == English {
		return "en"
	}
	return "zh-CN"
}

// Parse reads a language as Code writes it.
func Parse(s string) (Lang, bool) {
	switch s {
	case "zh":
		return Chinese, true
	case "en":
		return English, true
	}
	return Chinese, false
}

// Code returns zh or en, as in URLs and cookies.
func (l Lang) Code() string {
	if l == English {
		return "en"
	}
	return "zh"
}

// Text returns the message of a key, with args filled in as by fmt.Sprintf. A
// key that is not in the catalogue comes back as itself; a test keeps that
// from happening.
func (l Lang) Text(key string, args ...any) string {
	m, ok := messages()[key]
	if !ok {
		return key
	}
	s := m.zh
	if l == English {
		s = m.en
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

// Count returns the message for n things: key, or key.one for exactly one.
func (l Lang) Count(key string, n int) string {
	if n == 1 {
		if _, ok := messages()[key+".one"]; ok {
			key += ".one"
		}
	}
	return l.Text(key, n)
}

// Named returns the message of prefix+code, or the code itself where the
// catalogue has none: codes come from the database and may be newer than this binary.
func (l Lang) Named(prefix, code string) string {
	if _, ok := messages()[prefix+code]; ok {
		return l.Text(prefix + code)
	}
	return untrusted.Plain(code)
}

// Remedy says in both languages what to do about something that is not monitored.
func Remedy(r qianshao.UnmonitoredReason) (english, chinese string) {
	return English.Named("unmonitored.do.", string(r)), Chinese.Named("unmonitored.do.", string(r))
}

// Detail says one line of a score's breakdown in the language. The analyzer
// writes English; what it writes without a free part is said in Chinese from
// the finding itself.
func (l Lang) Detail(p qianshao.ScorePart) string {
	if l == English {
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
func (l Lang) Ago(t, now time.Time) string {
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
