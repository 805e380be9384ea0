package rule

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// Limits of an operator's dictionary. It is checked here, line by line, because gse silently skips
// what it cannot read, or takes it for a part of the next line.
const (
	// maxDictionaryFile bounds the file in bytes: maxDictionary words of the greatest length.
	maxDictionaryFile = 2 << 20
	// maxDictionary bounds the number of words. The lexicon has room for 65,535 different
	// frequencies, of which the shipped words take 5,000; and no town has more names.
	maxDictionary = 20_000
	// maxOwnWord is how many characters of a word are seen when a hit in it is compared with the
	// words around it (the window of package token).
	maxOwnWord = 16
	// maxOther bounds the total of characters that are not common Chinese ones. The lexicon numbers
	// runs of such characters, and has about 1,980 numbers.
	maxOther = 1_500
	// gse leaves out rarer words; the most frequent word of its dictionary, 的, has 883,634.
	minFrequency, maxFrequency = 2, 1_000_000
	maxSpeech                  = 8 // bytes of a part of speech: nz, ns, eng
)

// dictionary is an overlay's dictionary.txt as it is read.
type dictionary struct {
	*syntax.File
	places map[string]int  // line of each word, by the word in lower case
	other  int             // characters counted against maxOther
	lines  strings.Builder // the accepted lines
}

// readDictionary reads the words of an overlay, if there are any.
func (l *loader) readDictionary(o Options) error {
	shown := o.shown(dictionaryFile)
	src, err := l.readOptional(o.Overlay, dictionaryFile, shown)
	if src == nil || err != nil {
		return err
	}
	l.words.File, l.words.places = &syntax.File{Name: shown}, map[string]int{}
	if len(src) > maxDictionaryFile {
		l.words.Errorf(syntax.Place{}, "rule.dictionary.large", maxDictionaryFile>>20)
	} else {
		l.words.Lines(src, l.words.read)
	}
	l.mistakes = append(l.mistakes, l.words.Mistakes...)
	return nil
}

// read reads a line: a word and, as in gse's dictionaries, a frequency and a part of speech.
func (d *dictionary) read(line string, at syntax.Place) {
	fields := strings.Fields(line)
	word := strings.ToLower(fields[0])
	switch first := d.places[word]; {
	case len(fields) > 3:
		d.Errorf(at, "rule.dictionary.parts", len(fields))
		return
	case first > 0:
		d.Errorf(at, "rule.dictionary.twice", syntax.Cut(fields[0], 60), first)
		return
	case len(d.places) == maxDictionary:
		d.places[word] = at.Line
		d.Errorf(at, "rule.dictionary.many", maxDictionary)
		return
	case len(d.places) > maxDictionary:
		return // reported once
	}
	d.places[word] = at.Line
	if !d.isWord(fields[0], at) {
		return
	}
	d.lines.WriteString(fields[0])
	if len(fields) > 1 {
		n, err := strconv.Atoi(fields[1])
		if err != nil || n < minFrequency || n > maxFrequency {
			d.Errorf(at, "rule.dictionary.frequency", syntax.Cut(fields[1], 30), fields[0], minFrequency, maxFrequency)
		}
		d.lines.WriteString(" " + strconv.Itoa(n))
	}
	if len(fields) > 2 && !isSpeech(fields[2]) {
		d.Errorf(at, "rule.dictionary.speech", syntax.Cut(fields[2], 30), fields[0])
	}
	d.lines.WriteByte('\n')
}

func (d *dictionary) isWord(word string, at syntax.Place) bool {
	shown, n, other := syntax.Cut(word, 60), utf8.RuneCountInString(word), 0
	for _, r := range word {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) {
			d.Errorf(at, "rule.dictionary.character", shown, r)
			return false
		}
		if !unicode.Is(unicode.Han, r) || r > 0xffff {
			other++
		}
	}
	d.other += other
	switch {
	case n < syntax.MinTerm || n > maxOwnWord:
		d.Errorf(at, "rule.dictionary.length", shown, syntax.MinTerm, maxOwnWord, n)
	case !strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Han, r) }):
		d.Errorf(at, "rule.dictionary.no_chinese", shown)
	case d.other > maxOther && d.other-other <= maxOther:
		d.Errorf(at, "rule.dictionary.other", maxOther)
	default:
		return true
	}
	return false
}

func isSpeech(s string) bool {
	return len(s) <= maxSpeech && !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
