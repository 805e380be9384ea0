// Package dictionary uses gse to read the words from which the lexicon is made.
package dictionary

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-ego/gse"

	"github.com/qianshao/qianshao/analyze/token/internal/lexicon"
)

// supplementFrequency is the frequency of a word in the supplement that gives none: above the
// dictionary's rare words (3), below its everyday ones.
const supplementFrequency = "50"

// Lines returns the words of a folder in gse's format: lines of "word frequency". Those of
// supplement.txt come before those of dictionary.txt.gz, because gse keeps the first of two
// entries.
func Lines(folder string) (string, error) {
	supplement, err := os.ReadFile(filepath.Join(folder, "supplement.txt"))
	if err != nil {
		return "", err
	}
	var words strings.Builder
	for line := range strings.Lines(string(supplement)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
		case len(fields) == 1:
			words.WriteString(fields[0] + " " + supplementFrequency + "\n")
		default:
			words.WriteString(fields[0] + " " + fields[1] + "\n")
		}
	}
	if err := unzip(&words, filepath.Join(folder, "dictionary.txt.gz")); err != nil {
		return "", err
	}
	return words.String(), nil
}

func unzip(w io.Writer, name string) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	zip, err := gzip.NewReader(in)
	if err == nil {
		_, err = io.Copy(w, zip)
		err = errors.Join(err, zip.Close())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Read reads lines of "word frequency" as gse's LoadDictStr does. But LoadDictStr also splits every
// word for search engines, which takes half as much time and memory again.
func Read(lines string) (words []lexicon.Word) {
	reader := &gse.Segmenter{SkipLog: true, NotLoadHMM: true, NotStop: true, Dict: gse.NewDict()}
	reader.Init()
	for line := range strings.Lines(lines) {
		text, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		// Size returns the frequency with which gse counts a word: 2 for every word of one
		// character, 0 for a line without a word.
		counted, known := reader.Size(2, text, number), reader.Dict.NumTokens()
		if counted == 0 || reader.AddToken(text, counted) != nil || reader.Dict.NumTokens() == known {
			continue
		}
		frequency, _ := strconv.ParseFloat(number, 64) // Size has parsed it without an error
		words = append(words, lexicon.Word{Text: reader.Dict.Tokens[known].Text(), Frequency: uint32(frequency), Counted: uint32(counted)})
	}
	return words
}

// Compact returns the lexicon file for the words of a folder.
func Compact(folder string) ([]byte, error) {
	lines, err := Lines(folder)
	if err != nil {
		return nil, err
	}
	return lexicon.Encode(Read(lines))
}
