package rule

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Limits of a word list.
const (
	maxListFile = 16 << 20 // bytes: some 500,000 terms
	maxListLine = 1000     // bytes
)

// wordList is a file of lists/.
type wordList struct {
	file  string
	terms []weighted
	used  bool
}

// wordList reads a word list. It needs no rule language: a term a line.
func (s *source) wordList(src []byte) *wordList {
	out := &wordList{}
	if len(src) > maxListFile {
		s.at(0, 0, "the list is larger than %d MiB; split it", maxListFile>>20)
		return out
	}
	seen := map[string]int{}
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // put there by Windows' editor
	for number := 1; len(src) > 0; number++ {
		var raw []byte
		raw, src, _ = bytes.Cut(src, []byte("\n"))
		if len(raw) > maxListLine {
			s.at(number, 1, "a line of more than %d bytes; a list has one term a line", maxListLine)
			continue
		}
		line := strings.TrimSpace(string(raw))
		if line == "" || line[0] == '#' {
			continue
		}
		before, _, _ := strings.Cut(string(raw), line)
		column := 1 + utf8.RuneCountInString(before)
		if !utf8.Valid(raw) {
			s.at(number, column, "not UTF-8; save the list as UTF-8")
			return out
		}
		w, message := s.parseTerm(line)
		if message != "" {
			s.at(number, column, "%s", message)
			continue
		}
		if first := seen[w.term]; first > 0 {
			s.at(number, column, "%q stands in line %d already", w.term, first)
			continue
		}
		seen[w.term] = number
		out.terms = append(out.terms, w)
	}
	if len(out.terms) == 0 && len(s.mistakes) == 0 {
		s.at(0, 0, "the list has no term; fill it or remove it")
	}
	return out
}
