package rule

import (
	"bytes"
	"fmt"
	"slices"
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
	file    string
	own     string // the overlay's file, if it adds to the list or makes it
	terms   []weighted
	removed []weighted // of an overlay's file: "- term"
	used    bool
}

// amend adds the terms of an overlay's list, whose weights count, and takes away
// those that it removes. It warns of those that are not there.
func (l *wordList) amend(own *wordList) (warnings []Mistake) {
	at := make(map[string]int, len(l.terms))
	for i, w := range l.terms {
		at[w.key] = i
	}
	gone := map[string]bool{}
	for _, w := range own.removed {
		if _, ok := at[w.key]; !ok {
			warnings = append(warnings, Mistake{File: own.file, Line: int(w.line), Column: int(w.column),
				Message: fmt.Sprintf("%s has no term %q, so nothing is taken away%s", l.file, w.term, didYouMean(w.term, l.words()))})
		}
		gone[w.key] = true
	}
	l.terms = slices.DeleteFunc(l.terms, func(w weighted) bool { return gone[w.key] })
	clear(at)
	for i, w := range l.terms {
		at[w.key] = i
	}
	for _, w := range own.terms {
		if i, ok := at[w.key]; ok {
			l.terms[i] = w
			continue
		}
		l.terms = append(l.terms, w)
	}
	return warnings
}

// maxSuggested keeps the search for the nearest term short in a list of 100,000.
const maxSuggested = 5000

func (l *wordList) words() (out []string) {
	for _, w := range l.terms[:min(len(l.terms), maxSuggested)] {
		out = append(out, w.term)
	}
	return out
}

// refuseRemovals speaks of lines that take a term away where there is no list to take it from.
func (l *wordList) refuseRemovals(s *source, inOverlay bool) {
	for _, w := range l.removed {
		why := "only an overlay takes terms away; delete the term's own line instead"
		if inOverlay {
			why = "the rule set has no list of this name to take it from"
		}
		s.at(int(w.line), int(w.column), "%q takes the term %q away, but %s", "- "+w.term, w.term, why)
	}
}

// wordList reads a word list. It needs no rule language: a term a line.
func (s *source) wordList(src []byte) *wordList {
	out := &wordList{}
	if len(src) > maxListFile {
		s.at(0, 0, "the list is larger than %d MiB; split it", maxListFile>>20)
		return out
	}
	seen := map[string]int{}
	s.lines(src, func(line string, number, column int) {
		line, removes := strings.CutPrefix(line, "-")
		w, message := s.parseTerm(line)
		w.file, w.line, w.column = s.file, int32(number), int32(column)
		switch first := seen[w.term]; {
		case message != "":
		case slip(w.term) != "":
			message = slip(w.term)
		case removes && strings.Contains(line, "|"):
			message = fmt.Sprintf("a term that is taken away has no weight; write %q", "- "+w.term)
		case first > 0:
			message = fmt.Sprintf("%q stands in line %d already", w.term, first)
		}
		if message != "" {
			s.at(number, column, "%s", message)
			return
		}
		seen[w.term] = number
		if removes {
			out.removed = append(out.removed, w)
		} else {
			out.terms = append(out.terms, w)
		}
	})
	if len(out.terms)+len(out.removed) == 0 && len(s.mistakes) == 0 {
		s.at(0, 0, "the list has no term; fill it or remove it")
	}
	return out
}

// lines calls read for each line that says something, without the white space
// around it: neither empty nor a comment.
func (s *source) lines(src []byte, read func(line string, number, column int)) {
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
			return
		}
		read(line, number, column)
	}
}

// slip tells of what people write in a list who know another program's.
func slip(term string) string {
	if before, _, found := strings.Cut(term, " #"); found {
		return fmt.Sprintf("a comment stands on a line of its own, and begins with #; here stays %s", strings.TrimSpace(before))
	}
	i := strings.IndexAny(term, ",，、;；:：=\t")
	if i <= 0 || i == len(term)-1 {
		return ""
	}
	_, size := utf8.DecodeRuneInString(term[i:])
	before, after := strings.TrimSpace(term[:i]), strings.TrimSpace(term[i+size:])
	switch {
	case after == "":
	case strings.Trim(after, "0123456789") == "":
		return fmt.Sprintf("a weight stands behind a bar: %s | %s", before, after)
	case strings.ContainsAny(term[i:i+size], "，、；;"):
		return fmt.Sprintf("one term a line; write %s and %s on lines of their own, or leave the separator out", before, after)
	}
	return ""
}
