package syntax

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/internal/spelling"
)

// Mistake is one thing wrong with a file of a rule set.
type Mistake struct {
	File string
	// Line and Column count from 1, Column in characters. Line 0 means the file as a whole.
	Line, Column int
	// Message says what is wrong and how to put it right.
	Message string
}

func (m Mistake) String() string {
	switch {
	case m.Line == 0:
		return m.File + ": " + m.Message
	case m.File == "":
		return fmt.Sprintf("%d:%d: %s", m.Line, m.Column, m.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Message)
}

// Compare orders mistakes by file, line and column.
func (m Mistake) Compare(o Mistake) int {
	return cmp.Or(cmp.Compare(m.File, o.File), cmp.Compare(m.Line, o.Line), cmp.Compare(m.Column, o.Column))
}

// SamePlace says whether both are about the same file, line and column.
func (m Mistake) SamePlace(o Mistake) bool { return m.Compare(o) == 0 }

// maxMistakesShown keeps an Error's text on a few screens. Error.Mistakes has all of them.
const maxMistakesShown = 100

// Error holds all mistakes of all files, sorted by their place.
type Error struct{ Mistakes []Mistake }

// NewError sorts the mistakes and leaves out repeated ones.
func NewError(mistakes []Mistake) *Error {
	slices.SortStableFunc(mistakes, Mistake.Compare)
	return &Error{Mistakes: slices.Compact(mistakes)}
}

// Error has one line for each mistake.
func (e *Error) Error() string {
	var b strings.Builder
	for i, m := range e.Mistakes {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == maxMistakesShown {
			fmt.Fprintf(&b, "and %d more", len(e.Mistakes)-i)
			break
		}
		b.WriteString(m.String())
	}
	return b.String()
}

// DidYouMean returns `; did you mean "x"?` for the candidate nearest to a word, or
// nothing if none is near.
func DidYouMean(word string, candidates []string) string {
	if best := spelling.Nearest(word, candidates); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}
