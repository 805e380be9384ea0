package token

import (
	"fmt"
	"strings"

	"github.com/qianshao/qianshao/analyze/token/internal/dictionary"
	"github.com/qianshao/qianshao/analyze/token/internal/lexicon"
	"github.com/qianshao/qianshao/locales"
)

// leastFrequency is the frequency of an operator's word that gives none, unless the word needs more
// to be kept whole. Words in the supplement have the same frequency.
const leastFrequency = 50

// NewWith returns a segmenter with additional words, as lines of "word" or "word frequency", each
// word once. They replace the same words of the dictionary. A word without a frequency gets one
// with which it is not cut where it stands alone. Making the lexicon takes some tenths of a second.
func NewWith(lines string) (*Segmenter, error) {
	shipped := open()
	words := dictionary.Read(withFrequencies(shipped, lines))
	own := map[string]bool{}
	for _, word := range words {
		own[word.Text] = true
	}
	for word := range shipped.Words() {
		if !own[word.Text] {
			words = append(words, word)
		}
	}
	data, err := lexicon.Encode(words)
	if err != nil {
		return nil, locales.Errorf("rule.dictionary.lexicon", err)
	}
	made, err := lexicon.Open(data)
	if err != nil {
		return nil, err
	}
	return &Segmenter{load: func() *lexicon.Lexicon { return made }}, nil
}

// withFrequencies adds the frequency to lines that give only a word. It is twice what the word
// needs, so that the text beside it is less likely to cut it.
func withFrequencies(shipped *lexicon.Lexicon, lines string) string {
	var out strings.Builder
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if !strings.Contains(line, " ") {
			line = fmt.Sprint(line, " ", max(leastFrequency, 2*shipped.CountToHold(line)))
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}
