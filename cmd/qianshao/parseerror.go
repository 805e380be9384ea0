package main

import (
	"errors"
	"regexp"
	"strings"
	"sync"

	"github.com/alecthomas/kong"

	"github.com/qianshao/qianshao/locales"
)

// usageOf returns kong's error about a command line, with the command whose help says how it is used.
func usageOf(err error) error {
	said := parseError{error: err}
	var parsed *kong.ParseError
	if errors.As(err, &parsed) {
		said.command = parsed.Context.Selected()
	}
	if said.command == nil {
		return usageError(locales.Errorf("cli.usage", said))
	}
	return usageError(locales.Errorf("cli.usage_of", said, said.command.FullPath()))
}

// parseError is kong's error about a command line or a value. Kong's errors are English
// texts, and some say little (expected "<folder>"), so they are recognised by their form and said in
// the catalogue's words.
type parseError struct {
	error
	command *kong.Node // nil if no command was recognised, and for a value in the configuration file
}

func (e parseError) Unwrap() error { return e.error }

// kongForms are the forms of kong's messages, in the order in which they are tried, and the keys
// of our words for them. The texts are those in kong's source.
var kongForms = []struct{ key, form string }{
	{"cli.kong.value", `expected (.+?) value but got (.+?) \((.+?)\)`},
	{"cli.kong.perhaps", `; perhaps try (.+?)\?`},
	{"cli.kong.suggestions", `, did you mean one of (.+?)\?`},
	{"cli.kong.suggestion", `, did you mean (.+?)\?`},
	{"cli.kong.unknown_flag", `unknown flag (.+?)$`},
	{"cli.kong.unexpected_argument", `unexpected argument (.+?)$`},
	{"cli.kong.missing_flags", `missing flags: (.+?)$`},
	{"cli.kong.missing_arguments", `missing positional arguments (.+?)$`},
	{"cli.kong.integer", `expected a valid (.+?) bit int but got (.+?)$`},
	{"cli.kong.duration", `expected duration but got (.+?): (.+?)$`},
	{"cli.kong.float", `expected a float but got (.+?) \((.+?)\)`},
	{"cli.kong.bool", `bool value must be true, 1, yes, false, 0 or no but got (.+?)$`},
	{"cli.kong.pair", `expected "<key>=<value>" but got (.+?)$`},
	{"cli.kong.missing_command", `expected one of (.+?)$`},
	{"cli.kong.missing_arguments", `expected "(.+?)"`},
	{"cli.kong.enum", `(.+?) must be one of (.+?) but got (.+?)$`},
	{"cli.kong.together", `(.+?) and (.+?) can't be used together`},
	{"cli.kong.is_folder", `(.+?) exists but is a directory`},
	{"cli.kong.no_folder", `(.+?) exists but is not a directory`},
	{"input.no_file", `(?:<.+?>: )?stat (.+?): no such file or directory`},
}

// kongPatterns recognise the forms.
var kongPatterns = sync.OnceValue(func() (patterns []*regexp.Regexp) {
	for _, f := range kongForms {
		patterns = append(patterns, regexp.MustCompile("(?m)"+f.form))
	}
	return patterns
})

// In says the error in a language; an error of no known form stays as it is.
func (e parseError) In(l locales.Lang) string {
	text := l.Error(e.error)
	for i, pattern := range kongPatterns() {
		m := pattern.FindStringSubmatchIndex(text)
		if m == nil {
			continue
		}
		var args []any
		for at := 2; at < len(m); at += 2 {
			args = append(args, named(text[m[at]:m[at+1]]))
		}
		key := kongForms[i].key
		if key == "cli.kong.missing_arguments" && e.command != nil {
			args = []any{e.explained(l, text[m[2]:m[3]])}
		}
		text = text[:m[0]] + l.Text(key, args...) + text[m[1]:]
	}
	return text
}

// quotedNames is a list of at least two names as kong prints it.
var quotedNames = regexp.MustCompile(`^"[^"]*"(?:, ?(?:"[^"]*"|\.\.\.))+$`)

// named returns what a part of kong's message names: a list of values, or one thing.
func named(part string) any {
	if strings.HasPrefix(part, "[<") { // an argument that may be left out
		return strings.Trim(part, "[]")
	}
	if !quotedNames.MatchString(part) {
		return part
	}
	var names locales.List
	for name := range strings.SplitSeq(part, ",") {
		if name = strings.Trim(name, `" `); name != "" { // "" stands for a flag that was not given
			names = append(names, name)
		}
	}
	return names
}

// explained says of each missing argument what it is.
func (e parseError) explained(l locales.Lang, missing string) locales.List {
	var said locales.List
	for _, arg := range e.command.Positional {
		if name := "<" + arg.Name + ">"; strings.Contains(missing, name) {
			said = append(said, l.Text("cli.kong.argument", name, strings.TrimRight(l.Text(helpKey(e.command, name)), ".。")))
		}
	}
	return said
}
