// Package token cuts Chinese text into words, so that a rule can ask for whole words: 六合 must not
// fire in 六合区. It hides where the words come from. gse reads the dictionary when the lexicon is
// made, and it reads an operator's own words. The lexicon cuts texts in the same way as gse's
// Segment (the shortest path over a dictionary, in time linear in the text).
package token

import (
	_ "embed"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/token/internal/lexicon"
)

// words is the lexicon made from dictionary.txt.gz (see NOTICE and internal/gendictionary) and
// supplement.txt, which are not part of the program.
//
//go:generate go run ./internal/genlexicon
//go:embed lexicon.bin
var words []byte

const (
	// windowReach is how many characters on either side of a span are segmented to find out whether
	// it is bounded. Dictionary words have at most some ten characters, and a shift in segmentation
	// disappears within a few words.
	windowReach = 16
	// pieceLimit is how many bytes of text without punctuation are segmented at once. It bounds
	// memory, since some 30 bytes are kept for each of them.
	pieceLimit = 4096

	// The block of the common Chinese characters. All of them are letters.
	firstIdeograph, lastIdeograph = 0x4e00, 0x9fff
)

// Segmenter cuts text into words. It opens its lexicon on first use (within a millisecond: the
// lexicon is mapped, not read) and is safe for concurrent use.
type Segmenter struct {
	load func() *lexicon.Lexicon
}

// Word is one word of a text: text[Start:End]. Punctuation, spaces and unknown
// characters are words of their own.
type Word struct{ Start, End int }

// New returns a segmenter that has not opened its lexicon yet.
func New() *Segmenter {
	return &Segmenter{load: sync.OnceValue(open)}
}

// open opens the embedded words. A test compares them with their sources, so an error here means
// that the binary is broken.
func open() *lexicon.Lexicon {
	l, err := lexicon.Open(words)
	if err != nil {
		panic(err)
	}
	return l
}

// Words cuts text into words that cover it in order. The dictionary has simplified characters in
// lower case, so text that may be traditional must be folded first.
func (s *Segmenter) Words(text string) []Word {
	words := make([]Word, 0, len(text)/4)
	for start := 0; start < len(text); {
		end := pieceEnd(text, start)
		words = s.segment(words, text, start, end)
		start = end
	}
	return words
}

// segment appends the words of text[start:end].
func (s *Segmenter) segment(words []Word, text string, start, end int) []Word {
	at := start
	s.load().WordEnds(text[start:end], func(ends []int) {
		for _, e := range ends {
			words = append(words, Word{at, start + e})
			at = start + e
		}
	})
	return words
}

// pieceEnd returns the end of the piece of text that starts at start: after the first separator in
// the second half of pieceLimit, or at pieceLimit.
func pieceEnd(text string, start int) int {
	if len(text)-start <= pieceLimit {
		return len(text)
	}
	for at := start + pieceLimit/2; at < start+pieceLimit; {
		r, n := utf8.DecodeRuneInString(text[at:])
		at += n
		if isSeparator(r) && utf8.RuneStart(text[at]) {
			return at
		}
	}
	at := start + pieceLimit
	for at > start+1 && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// IsBounded reports whether text[start:end] begins and ends at word boundaries. It segments only a
// window around the span, so the work for a text is linear in the number of spans asked for. A
// range outside the text is not bounded.
func (s *Segmenter) IsBounded(text string, start, end int) bool {
	if start < 0 || end > len(text) || start >= end {
		return false
	}
	if !utf8.RuneStart(text[start]) || end < len(text) && !utf8.RuneStart(text[end]) {
		return false // inside a character
	}
	from, to := windowStart(text, start), windowEnd(text, end)
	if from == start && to == end {
		return true // between separators on both sides
	}
	// The middle of a long span need not be segmented.
	if end-start <= 2*windowReach*utf8.UTFMax {
		return s.hasBoundaries(text, from, to, start, end)
	}
	return s.hasBoundaries(text, from, windowEnd(text[:end], start), start) &&
		s.hasBoundaries(text, windowStart(text, end), to, end)
}

// hasBoundaries reports whether each of places is a word boundary in the
// segmentation of text[from:to].
func (s *Segmenter) hasBoundaries(text string, from, to int, places ...int) bool {
	all := true
	s.load().WordEnds(text[from:to], func(ends []int) {
		for _, place := range places {
			_, found := slices.BinarySearch(ends, place-from)
			all = all && (found || place == from)
		}
	})
	return all
}

func windowStart(text string, start int) int {
	for range windowReach {
		r, n := utf8.DecodeLastRuneInString(text[:start])
		if n == 0 || isSeparator(r) {
			break
		}
		start -= n
	}
	return start
}

func windowEnd(text string, end int) int {
	for range windowReach {
		r, n := utf8.DecodeRuneInString(text[end:])
		if n == 0 || isSeparator(r) {
			break
		}
		end += n
	}
	return end
}

// isSeparator reports whether no word contains r.
func isSeparator(r rune) bool {
	if r >= firstIdeograph && r <= lastIdeograph {
		return false // true of most characters, and looking them up takes a sixth of the time of IsBounded
	}
	return r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
}
