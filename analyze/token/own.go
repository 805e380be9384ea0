package token

import (
	"fmt"
	"strings"

	"github.com/qianshao/qianshao/analyze/token/internal/dictionary"
	"github.com/qianshao/qianshao/analyze/token/internal/lexicon"
	"github.com/qianshao/qianshao/locales"
)

// leastFrequency is the frequency of an operator's word that gives none, unless it takes more
// to keep the word whole. It is that of words in the supplement.
const leastFrequency = 50

// NewWith returns a segmenter that knows other words, too: lines of "word" or "word
// frequency", each word once. They take the place of the same words of the dictionary. A word without
// a frequency gets one by which it is not cut where it stands by itself. Making the
// lexicon takes some tenths of a second.
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

// withFrequencies completes lines that give a word alone. Such a word gets twice the frequency
// that it needs, so that text beside it is less likely to cut it.
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
