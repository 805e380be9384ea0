// Package locales has every message that a person reads, in Chinese and English: those of
// the console, the command line, mistakes in rules and queries, reports and notices. What
// is said stands in zh.json and en.json, one key in both; the code has keys.
package locales

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// Lang is a language; the zero value is Chinese.
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

// Code returns zh or en, as in URLs, cookies and --lang.
func (l Lang) Code() string {
	if l == English {
		return "en"
	}
	return "zh"
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

// OfEnvironment returns the language that a process is started in: the first of LC_ALL,
// LC_MESSAGES and LANG that is set, in the order of POSIX. It is English where that is
// not Chinese, since a terminal without a language may not show Chinese at all.
func OfEnvironment(getenv func(string) string) Lang {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := getenv(name); locale != "" {
			if language := locale[:strings.IndexAny(locale+"_", "_-.@")]; language == "zh" {
				return Chinese
			}
			return English
		}
	}
	return English
}

//go:embed zh.json
var inChinese []byte

//go:embed en.json
var inEnglish []byte

// catalogue is read when the first message is asked for, which most commands never do.
var catalogue = sync.OnceValue(func() (texts [2]map[string]string) {
	for l, file := range [][]byte{Chinese: inChinese, English: inEnglish} {
		if err := json.Unmarshal(file, &texts[l]); err != nil {
			panic("locales: " + Lang(l).Code() + ".json: " + err.Error()) // a mistake of ours, which every test meets
		}
	}
	return texts
})

// Has says whether there is a message for a key.
func Has(key string) bool {
	_, ok := catalogue()[English][key]
	return ok
}

// Text returns the message of a key with args filled in as by fmt.Sprintf; an arg that can
// be said in a language, as a Message or an error, is said in this one, and one that is a
// string is shown as Escape shows it. A key that is not in
// the catalogue comes back as itself; a test keeps that from happening.
func (l Lang) Text(key string, args ...any) string {
	text, ok := catalogue()[l][key]
	switch {
	case !ok:
		return key
	case len(args) == 0:
		return text
	case !strings.Contains(text, "%"):
		return text // this language needs none of them
	}
	said := make([]any, len(args))
	for i, arg := range args {
		said[i] = l.say(arg)
	}
	return fmt.Sprintf(text, said...)
}

func (l Lang) say(arg any) any {
	switch a := arg.(type) {
	case Speaker:
		return a.In(l)
	case error:
		return l.Error(a)
	case string:
		if strings.ContainsFunc(a, misleads) {
			return foreign(a)
		}
		return arg
	case fmt.Stringer:
		return arg
	}
	if v := reflect.ValueOf(arg); v.Kind() == reflect.String && strings.ContainsFunc(v.String(), misleads) {
		return foreign(v.String()) // such as a category that a rule's author has typed
	}
	return arg
}

// Count returns the message for n things: key, or key.one for exactly one.
func (l Lang) Count(key string, n int) string {
	if n == 1 && Has(key+".one") {
		key += ".one"
	}
	return l.Text(key, n)
}

// Named returns the message of prefix+code, or the code itself where the catalogue has
// none, quoted if it is more than a word: codes come from the database and may be newer
// than this binary.
func (l Lang) Named(prefix, code string) string {
	if Has(prefix + code) {
		return l.Text(prefix + code)
	}
	strange := func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("._- ", c))
	}
	if strings.ContainsFunc(code, strange) {
		return strconv.QuoteToGraphic(code)
	}
	return code
}
