package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/internal/spelling"
)

// Mistake is one thing wrong with a rule, a list or a context.
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

// compare orders mistakes by their place.
func (m Mistake) compare(o Mistake) int {
	return cmp.Or(cmp.Compare(m.File, o.File), cmp.Compare(m.Line, o.Line), cmp.Compare(m.Column, o.Column))
}

// SamePlace says whether both speak of the same file, line and column.
func (m Mistake) SamePlace(o Mistake) bool { return m.compare(o) == 0 }

// maxMistakesShown keeps LoadError's text on a few screens; all are in Mistakes.
const maxMistakesShown = 100

// LoadError holds all mistakes of all files, sorted by their place.
type LoadError struct{ Mistakes []Mistake }

// Error has one line a mistake.
func (e *LoadError) Error() string {
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

func loadError(mistakes []Mistake) error {
	slices.SortStableFunc(mistakes, Mistake.compare)
	return &LoadError{Mistakes: slices.Compact(mistakes)}
}

// didYouMean returns `; did you mean "x"?` for the nearest candidate, or nothing.
func didYouMean(word string, candidates []string) string {
	if best := spelling.Nearest(word, candidates); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}
