package index

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/qianshao/qianshao/locales"
)

// SyntaxError says where a query cannot be read and what would be right.
type SyntaxError struct {
	Query string
	// Column counts characters from 1; it is one after the last if something is missing at the end.
	Column int
	// Mistake is what is wrong, and Args are the values in its message.
	Mistake Mistake
	Args    []any
}

// Message says what is wrong, but not where.
func (e *SyntaxError) Message(l locales.Lang) string { return e.Mistake.message(e.Args).In(l) }

// excerpt is how many characters of the query are shown on each side of the error.
const excerpt = 40

// Error is In in English.
func (e *SyntaxError) Error() string { return e.In(locales.English) }

// In shows the message and, below it, the query with a caret under the place.
func (e *SyntaxError) In(l locales.Lang) string {
	text := []rune(e.Query)
	at := min(max(e.Column-1, 0), len(text))
	from, to := max(0, at-excerpt), min(len(text), at+excerpt)
	var line, pad strings.Builder
	if from > 0 {
		line.WriteString("… ")
		pad.WriteString("  ")
	}
	for i, r := range text[from:to] {
		if !unicode.IsPrint(r) {
			r = ' '
		}
		line.WriteRune(r)
		if from+i < at {
			pad.WriteString(blank(r))
		}
	}
	if to < len(text) {
		line.WriteString(" …")
	}
	return l.Text("query.placed", e.Column, e.Message(l), line.String(), pad.String())
}

// blank returns spaces as wide as r is on a terminal.
func blank(r rune) string {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return "  "
	}
	return " "
}
