package index

import (
	"cmp"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// Limits for hostile pages.
const (
	// maxText bounds the bytes of a finding's text: each character becomes a token. It is more than the
	// store's MaxPageText with title and terms.
	maxText = 1 << 20
	// maxKeyword bounds a URL in bytes; no query can contain a longer prefix.
	maxKeyword = 4 * MaxQueryLength
	// maxShown bounds the title and the evidence of a hit, in characters.
	maxShown = 300
)

// Texts returns the texts of a finding that Tokens splits: its title, in one line, so that phrases match
// across line breaks; and everything that is searched, which is the title again with the terms of disguised
// evidence and the page's text.
func Texts(e *qianshao.FindingRecord) (title, all string) {
	title = strings.ReplaceAll(e.PageTitle, "\n", " ")
	parts := append(append([]string{title}, DisguisedTerms(&e.Finding)...), e.PageText)
	return cut(title, maxText), cut(strings.Join(parts, "\n"), maxText)
}

// Keyword returns a value in the form that an index compares: bounded, and valid UTF-8.
func Keyword(value string) string {
	return cut(strings.ToValidUTF8(value, "\uFFFD"), maxKeyword)
}

// IsWhole says whether Keyword returns a value unchanged. An authorisation for which it does not is left
// out of an index: cut, it might equal another one, whose findings other people may see.
func IsWhole(value string) bool { return len(value) <= maxKeyword && utf8.ValidString(value) }

// HitOf returns what an index shows of a finding.
func HitOf(e *qianshao.FindingRecord) Hit {
	f := &e.Finding
	h := Hit{
		ID: f.ID, URL: f.URL, Host: e.Host, Title: cutRunes(e.PageTitle, maxShown), Rule: f.Rule,
		Category: f.Category, Level: f.Level, Score: f.Score, Hidden: f.Hidden,
		State: e.State(), FirstSeen: millis(e.FirstSeen), LastSeen: millis(e.LastSeen),
		Verdict: cmp.Or(e.Review.Answer, qianshao.AnswerNone), Assignee: e.Review.Assignee, Parked: e.Review.Parked,
	}
	if len(e.Review.Campaigns) > 0 {
		h.Campaign = e.Review.Campaigns[0]
	}
	if ev, ok := f.Primary(); ok {
		h.Evidence = cutRunes(ev.Before+ev.Text+ev.After, maxShown)
	}
	return h
}

// millis is the precision with which the index and the store keep times.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// ParentHosts returns the hosts that a host is a subdomain of: b.example.cn, example.cn and cn for
// a.b.example.cn.
func ParentHosts(host string) []string {
	var list []string
	for {
		_, rest, ok := strings.Cut(host, ".")
		if !ok || rest == "" {
			return list
		}
		list, host = append(list, rest), rest
	}
}

// Levels returns the names of the levels for which op holds.
func Levels(op Op, level qianshao.Level) (names []string) {
	for l := qianshao.LevelNone; l <= qianshao.LevelCritical; l++ {
		if op.Holds(int(l) - int(level)) {
			names = append(names, l.String())
		}
	}
	return names
}

// Bounds returns the range of times for which op holds: from one to before another, in milliseconds since
// 1970.
func (v Period) Bounds(op Op) (from, until int64) {
	from, until = v.From.UnixMilli(), v.Until.UnixMilli()
	switch op {
	case Less:
		return math.MinInt64, from
	case LessEqual:
		return math.MinInt64, until
	case Greater:
		return until, math.MaxInt64
	case GreaterEqual:
		return from, math.MaxInt64
	}
	return from, until
}

// cut shortens text to at most n bytes, at the end of a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// cutRunes shortens text to at most n characters.
func cutRunes(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i] + "…"
		}
	}
	return text
}
