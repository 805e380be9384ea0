package syntax

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/internal/spelling"
	"github.com/qianshao/qianshao/locales"
)

// Mistake is one mistake in a file of a rule set.
type Mistake struct {
	File string
	// Line and Column count from 1, Column in characters. Line 0 means the file as a whole.
	Line, Column int
	// Message says what is wrong and how to correct it.
	Message locales.Message
}

// In returns the mistake with its place.
func (m Mistake) In(l locales.Lang) string {
	message, file := m.Message.In(l), locales.Escape(m.File)
	switch {
	case m.Line == 0:
		return file + ": " + message
	case file == "":
		return fmt.Sprintf("%d:%d: %s", m.Line, m.Column, message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", file, m.Line, m.Column, message)
}

// String returns In(locales.English).
func (m Mistake) String() string { return m.In(locales.English) }

// Compare orders mistakes by file, line and column.
func (m Mistake) Compare(o Mistake) int {
	return cmp.Or(cmp.Compare(m.File, o.File), cmp.Compare(m.Line, o.Line), cmp.Compare(m.Column, o.Column))
}

// SamePlace says whether both are about the same file, line and column.
func (m Mistake) SamePlace(o Mistake) bool { return m.Compare(o) == 0 }

// maxMistakesShown keeps the text of an Error to a few screens. Error.Mistakes has all of them.
const maxMistakesShown = 100

// Error holds all mistakes of all files, sorted by their place.
type Error struct{ Mistakes []Mistake }

// NewError sorts the mistakes and removes duplicates.
func NewError(mistakes []Mistake) *Error {
	slices.SortStableFunc(mistakes, Mistake.Compare)
	return &Error{Mistakes: slices.CompactFunc(mistakes, func(m, o Mistake) bool { return m.SamePlace(o) && m.String() == o.String() })}
}

// Error returns In(locales.English).
func (e *Error) Error() string { return e.In(locales.English) }

// In returns one line for each mistake.
func (e *Error) In(l locales.Lang) string {
	var b strings.Builder
	for i, m := range e.Mistakes {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == maxMistakesShown {
			b.WriteString(l.Text("rule.mistakes.more", len(e.Mistakes)-i))
			break
		}
		b.WriteString(m.In(l))
	}
	return b.String()
}

// DidYouMean returns `; did you mean "x"?` with the candidate nearest to a word, or the zero
// Message if none is near.
func DidYouMean(word string, candidates []string) locales.Message {
	if best := spelling.Nearest(word, candidates); best != "" {
		return locales.M("mistake.meant", best)
	}
	return locales.Message{}
}
