package main

import (
	"regexp"
	"strings"
	"sync"

	"github.com/qianshao/qianshao/locales"
)

// parseError is kong's error about a command line or a value. Kong's errors are English
// texts, so for another language they are recognised by their form.
type parseError struct{ error }

func (e parseError) Unwrap() error { return e.error }

// kongForms are the keys of kong's messages, in the order in which they are tried. Their
// English texts are those in kong's source.
var kongForms = []string{
	"cli.kong.value", "cli.kong.perhaps", "cli.kong.suggestions", "cli.kong.suggestion",
	"cli.kong.unknown_flag", "cli.kong.unexpected_argument", "cli.kong.missing_flags", "cli.kong.missing_arguments",
	"cli.kong.integer", "cli.kong.duration", "cli.kong.float", "cli.kong.bool", "cli.kong.pair",
	"cli.kong.expected_one_of", "cli.kong.expected", "cli.kong.enum", "cli.kong.together",
	"cli.kong.is_folder", "cli.kong.no_folder", "cli.kong.no_file",
}

// kongPatterns recognise the forms.
var kongPatterns = sync.OnceValue(func() (patterns []*regexp.Regexp) {
	for _, key := range kongForms {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(locales.English.Text(key)), "%s", "(.+?)")
		if strings.HasSuffix(pattern, "(.+?)") {
			pattern += "$"
		}
		patterns = append(patterns, regexp.MustCompile("(?m)"+pattern))
	}
	return patterns
})

// In says the error in a language; an error of no known form stays English.
func (e parseError) In(l locales.Lang) string {
	text := l.Error(e.error)
	if l == locales.English {
		return text
	}
	for i, pattern := range kongPatterns() {
		m := pattern.FindStringSubmatchIndex(text)
		if m == nil {
			continue
		}
		var args []any
		for at := 2; at < len(m); at += 2 {
			args = append(args, text[m[at]:m[at+1]])
		}
		text = text[:m[0]] + l.Text(kongForms[i], args...) + text[m[1]:]
	}
	return text
}
