package syntax

import (
	"fmt"
	"strings"
	"testing"
)

func TestErrorIsBounded(t *testing.T) {
	mistakes := make([]Mistake, 1000)
	for i := range mistakes {
		mistakes[i] = Mistake{File: "f", Line: i + 1, Column: 1, Message: fmt.Sprint(i)}
	}
	text := NewError(mistakes).Error()
	if lines := strings.Count(text, "\n") + 1; lines != maxMistakesShown+1 || !strings.HasSuffix(text, "and 900 more") {
		t.Errorf("%d lines, ending in %q", lines, text[len(text)-20:])
	}
}
