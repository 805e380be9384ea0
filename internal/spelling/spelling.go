// Package spelling finds the name that a mistyped one was meant to be, so that
// an error can say "did you mean".
package spelling

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// maxWord is longer than any name we know. The distance of longer words is not
// computed: it takes the product of their lengths.
const maxWord = 64

// Nearest returns the one of known that word most likely stands for: the beginning of a name,
// or a name that is few edits away: at most two, or two in five characters for a long name,
// and only one for a word of two letters, of which two edits would leave nothing. It returns
// "" if none is near.
func Nearest(word string, known []string) string {
	if word == "" || len(word) > maxWord {
		return ""
	}
	word = strings.ToLower(word)
	best, least := "", maxWord
	for _, name := range known {
		edits := levenshtein.ComputeDistance(word, strings.ToLower(name))
		if strings.HasPrefix(name, word) {
			edits = min(edits, 1)
		}
		near := max(2, len(name)*2/5)
		if edits < least && edits <= near && edits < len(name) && (edits < 2 || len(word) > 2) {
			best, least = name, edits
		}
	}
	return best
}
