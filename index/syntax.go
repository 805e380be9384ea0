package index

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// SyntaxError says where a query cannot be read and what would be right.
type SyntaxError struct {
	Query string
	// Column counts characters from 1; it is one behind the last for what is missing at the end.
	Column int
	// Message says in English what is wrong, and Chinese does in Chinese.
	Message string
	// Mistake and Args are the same for programs.
	Mistake Mistake
	Args    []any
}

// Chinese says in Chinese what is wrong.
func (e *SyntaxError) Chinese() string { return e.Mistake.chinese(e.Args) }

// excerpt is how many characters of the query are shown on each side of the error.
const excerpt = 40

// Error shows the message and, below it, the query with a caret under the place.
func (e *SyntaxError) Error() string {
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
	return fmt.Sprintf("query, character %d: %s\n  %s\n  %s^", e.Column, e.Message, line.String(), pad.String())
}

// blank returns spaces as wide as r is on a terminal.
func blank(r rune) string {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return "  "
	}
	return " "
}
