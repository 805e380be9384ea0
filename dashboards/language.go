package dashboards

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/qianshao/qianshao"
)

// lang is a language of the console.
type lang uint8

const (
	chinese lang = iota
	english
)

const langCookie = "qianshao_lang"

// tag returns the BCP 47 tag for the html element; zh-CN makes browsers choose
// mainland glyphs for the ideographs that Japanese draws otherwise.
func (l lang) tag() string {
	if l == english {
		return "en"
	}
	return "zh-CN"
}

func parseLang(s string) (lang, bool) {
	switch s {
	case "zh":
		return chinese, true
	case "en":
		return english, true
	}
	return chinese, false
}

func (l lang) code() string {
	if l == english {
		return "en"
	}
	return "zh"
}

// languageOf chooses the language of an answer: ?lang= (which is kept in a
// cookie), the cookie, Accept-Language, Chinese.
func languageOf(w http.ResponseWriter, r *http.Request) lang {
	if l, ok := parseLang(r.URL.Query().Get("lang")); ok {
		http.SetCookie(w, &http.Cookie{
			Name: langCookie, Value: l.code(), Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: isTLS(r),
		})
		return l
	}
	if c, err := r.Cookie(langCookie); err == nil {
		if l, ok := parseLang(c.Value); ok {
			return l
		}
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(tags) == 0 {
		return chinese
	}
	// What is not Chinese gets English, the likelier second language.
	known := []language.Tag{language.English, language.SimplifiedChinese, language.TraditionalChinese}
	if _, i, _ := language.NewMatcher(known).Match(tags...); i > 0 {
		return chinese
	}
	return english
}

// text returns the message of a key, with args filled in as by fmt.Sprintf. A
// key that is not in the catalogue comes back as itself; a test keeps that
// from happening.
func (l lang) text(key string, args ...any) string {
	m, ok := messages[key]
	if !ok {
		return key
	}
	s := m.zh
	if l == english {
		s = m.en
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

// count returns the message for n things: key, or key.one for exactly one.
func (l lang) count(key string, n int) string {
	if n == 1 {
		if _, ok := messages[key+".one"]; ok {
			key += ".one"
		}
	}
	return l.text(key, n)
}

// named returns the message of prefix+code, or the code itself where the
// catalogue has none: codes come from the database and may be newer than this binary.
func (l lang) named(prefix, code string) string {
	if _, ok := messages[prefix+code]; ok {
		return l.text(prefix + code)
	}
	return plain(code)
}

// detail says one line of a score's breakdown in the language. The analyzer
// writes English; what it writes without a free part is said in Chinese from
// the finding itself.
func (l lang) detail(p qianshao.ScorePart) string {
	if l == english {
		return p.Detail
	}
	switch p.Reason {
	case "rule_level":
		if level, ok := strings.CutPrefix(p.Detail, "rule level "); ok {
			return l.text("detail.rule_level", l.named("level.", level))
		}
	case "hidden":
		if _, how, ok := strings.Cut(p.Detail, ": "); ok {
			return l.text("detail.hidden", l.named("hidden.", how))
		}
	case "cloaked":
		if _, view, ok := strings.Cut(strings.TrimSuffix(p.Detail, ")"), " ("); ok {
			return l.text("detail.cloaked", l.named("who.", view))
		}
	case "terms":
		var n int
		if _, err := fmt.Sscanf(p.Detail, "%d distinct terms", &n); err == nil {
			return l.text("detail.terms", n)
		}
	case "disguised", "inert", "cap":
		return l.text("detail." + p.Reason)
	}
	return p.Detail
}

// ago says how long before now t was, in one unit.
func (l lang) ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return "–"
	case d < time.Minute:
		return l.text("ago.now")
	case d < time.Hour:
		return l.count("ago.minutes", int(d/time.Minute))
	case d < 24*time.Hour:
		return l.count("ago.hours", int(d/time.Hour))
	case d < 30*24*time.Hour:
		return l.count("ago.days", int(d/(24*time.Hour)))
	}
	return t.UTC().Format(time.DateOnly)
}
