// Package spelling finds the name that a mistyped one was meant to be, so that an error can ask
// "did you mean".
package spelling

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// maxWord is longer than any name we know. The distance to a longer word is not computed, since
// that takes time in the product of the lengths.
const maxWord = 64

// Nearest returns the one of known that word most likely stands for: a name that begins with it, or
// a name that is few edits away. These are at most two, or two in five characters of a long name,
// but only one for a word of two letters, since two edits would replace all of it. It returns "" if
// no name is near.
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
