package terminal

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"unicode"
	"unicode/utf8"
)

// Visible returns a writer to w that writes characters which control a terminal in
// the form \u001b: control characters except line ends and tabs, and those that
// reverse the direction of text. JSON keeps its meaning, as it has such characters
// only in strings.
func Visible(w io.Writer) io.Writer { return visible{w} }

type visible struct{ to io.Writer }

func (v visible) Write(p []byte) (int, error) {
	steers := bytes.IndexFunc(p, steersTerminal)
	if steers < 0 {
		return v.to.Write(p)
	}
	out := append(make([]byte, 0, len(p)+16), p[:steers]...)
	for rest := p[steers:]; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if steersTerminal(r) {
			out = append(out, escaped(r)...)
		} else {
			out = append(out, rest[:size]...)
		}
		rest = rest[size:]
	}
	if _, err := v.to.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

func escaped(r rune) string { return fmt.Sprintf(`\u%04x`, r) }

func steersTerminal(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
}

// query is the query of a URL in a text.
var query = regexp.MustCompile(`(https?://[^\s"'<>?]*)\?[^\s"'<>)]*`)

// withoutQueries cuts the queries of URLs in logged text: they contain names, numbers
// and session tokens, and logs are kept longer than the frontier.
func withoutQueries(s string) string { return query.ReplaceAllString(s, "$1?…") }
