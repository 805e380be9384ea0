package index

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Distances between the positions of consecutive tokens: adjacent, with separators between them, in
// different regions. A phrase only uses the first two. They are chosen so that no sum of them (a token left
// out) equals one of them: otherwise the phrase "册 送" would be found in 册注送.
const (
	StepAdjacent  = 2
	StepSeparated = 3
	StepRegion    = 10
)

// Tokens calls yield with each token of text, in order, and its position. It defines what a phrase finds,
// both for indexing and for queries: a phrase matches where its tokens are at the same distances from each
// other.
//
// Each line (a region of the page) goes through fold, which may be nil, and is then split: a character of a
// script without spaces (Chinese, Japanese, Korean, Thai …) or a symbol such as an emoji is a token by
// itself, so that any substring of a Chinese text is found; a run of other letters and digits is one token,
// so that "av" is not found in "java". Tokens are lower case. Marks and invisible characters are dropped.
// Everything else separates: one or many of them, spaces or punctuation, are equivalent.
func Tokens(text string, fold func(string) string, yield func(token string, position int)) {
	at := 0
	for line := range strings.SplitSeq(text, "\n") {
		if fold != nil {
			line = fold(line)
		}
		before := at
		at = tokens(line, at, func(token string, position, _, _ int) { yield(token, position) })
		if at > before {
			at += StepRegion - StepAdjacent
		}
	}
}

// PhraseTokens returns the tokens of a query's phrase with their positions,
// the first of which is 0. A line break separates as a space does.
func PhraseTokens(text string, fold func(string) string) (tokens []string, positions []int) {
	Tokens(strings.ReplaceAll(text, "\n", " "), fold, func(t string, at int) {
		tokens, positions = append(tokens, t), append(positions, at)
	})
	return tokens, positions
}

// tokens splits one line; the first token gets position at. It yields each with its range of bytes in the
// line, and returns the position of a token that follows without separator.
func tokens(line string, at int, yield func(token string, position, start, end int)) int {
	word := -1     // where the run of letters and digits began
	begun := false // a token has been seen, so separators count
	separated := false
	flush := func(end int) {
		if word >= 0 {
			yield(plain(line[word:end]), at, word, end)
			at, word = at+StepAdjacent, -1
		}
	}
	for i, r := range line {
		kind := kindOf(r)
		if kind == kindInvisible {
			continue
		}
		if kind == kindSeparator {
			flush(i)
			separated = begun
			continue
		}
		if separated {
			at, separated = at+StepSeparated-StepAdjacent, false
		}
		begun = true
		switch {
		case kind == kindSingle:
			flush(i)
			end := i + utf8.RuneLen(r)
			yield(plain(line[i:end]), at, i, end)
			at += StepAdjacent
		case word < 0:
			word = i
		}
	}
	flush(len(line))
	return at
}

// plain returns a token in lower case and without invisible characters.
func plain(token string) string {
	for _, r := range token {
		if r >= 0x80 && kindOf(r) == kindInvisible || unicode.ToLower(r) != r {
			return strings.Map(func(r rune) rune {
				if kindOf(r) == kindInvisible {
					return -1
				}
				return unicode.ToLower(r)
			}, token)
		}
	}
	return token
}

type kind uint8

const (
	kindSeparator kind = iota
	kindInvisible      // combining marks, variation selectors, zero-width characters
	kindLetter         // of a script that writes spaces between words; digits
	kindSingle
)

func kindOf(r rune) kind {
	switch {
	case r < 0x80:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return kindLetter
		}
		return kindSeparator
	case r >= 0x4E00 && r <= 0x9FFF: // nearly all of a Chinese text, without lookup in tables
		return kindSingle
	case r == '，', r == '。', r == '、', r == '：', r == '！':
		return kindSeparator
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return kindInvisible
	case r == utf8.RuneError: // invalid text
		return kindSeparator
	case unicode.Is(unicode.So, r):
		return kindSingle
	case unicode.IsLetter(r), unicode.IsNumber(r), unicode.Is(unicode.Mc, r):
		if writesNoSpaces(r) {
			return kindSingle
		}
		return kindLetter
	}
	return kindSeparator
}

// writesNoSpaces goes by Unicode blocks, because 〇, 々 and ー do not belong to a single script.
func writesNoSpaces(r rune) bool {
	switch {
	case r < 0x0E00:
		return false
	case r <= 0x0EFF, // Thai, Lao
		r >= 0x1000 && r <= 0x109F,   // Myanmar
		r >= 0x1100 && r <= 0x11FF,   // Hangul jamo
		r >= 0x1780 && r <= 0x17FF,   // Khmer
		r >= 0x2E80 && r <= 0xA4CF,   // radicals, kana, bopomofo, ideographs, Yi
		r >= 0xA960 && r <= 0xA97F,   // jamo
		r >= 0xAC00 && r <= 0xD7FF,   // Hangul syllables
		r >= 0xF900 && r <= 0xFAFF,   // compatibility ideographs
		r >= 0xFF66 && r <= 0xFFDC,   // half-width kana and jamo
		r >= 0x1AFF0 && r <= 0x1B2FF, // kana, Nushu
		r >= 0x20000 && r <= 0x3FFFF: // ideographs of planes 2 and 3
		return true
	}
	return false
}
