package locales

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Escape shows control characters, ends of lines among them, and characters that change the
// direction of writing as \n, \x1b or \u202e. Otherwise an id or a file's name with a line end could
// add to the output a line that looks like one of ours. Other characters stay as they are.
func Escape(text string) string {
	if !strings.ContainsFunc(text, misleads) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if !misleads(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

func misleads(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

// foreign is an arg with characters to escape. The verb %q does that by itself.
type foreign string

// Format implements fmt.Formatter.
func (text foreign) Format(state fmt.State, verb rune) {
	shown := string(text)
	if verb != 'q' {
		shown = Escape(shown)
	}
	_, _ = fmt.Fprintf(state, fmt.FormatString(state, verb), shown)
}
