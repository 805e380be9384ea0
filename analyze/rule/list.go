package rule

import (
	"cmp"
	"slices"

	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// wordList is a file of lists/.
type wordList struct {
	file    string
	own     string // the overlay's file, if it creates the list or adds to it
	terms   []syntax.Term
	removed []syntax.Term // by lines "- term" of an overlay's file
	grading syntax.Grading
	used    bool
}

// amend adds the terms of an overlay's list, whose weights take precedence, and removes the terms
// that it takes off. Terms without a grade are graded like the shipped ones. It warns of removed
// terms that the list does not have.
func (l *wordList) amend(own *wordList) (warnings []syntax.Mistake) {
	at := make(map[string]int, len(l.terms))
	for i, t := range l.terms {
		at[t.Key] = i
	}
	gone := map[string]bool{}
	for _, t := range own.removed {
		if _, ok := at[t.Key]; !ok {
			reader := &syntax.File{Name: own.file}
			warnings = append(warnings, reader.MistakeAt(syntax.Place{Line: int(t.Line), Column: int(t.Column)},
				locales.M("rule.words.not_there", l.file, t.Text, syntax.DidYouMean(t.Text, l.words()))))
		}
		gone[t.Key] = true
	}
	l.terms = slices.DeleteFunc(l.terms, func(t syntax.Term) bool { return gone[t.Key] })
	clear(at)
	for i, t := range l.terms {
		at[t.Key] = i
	}
	for _, t := range own.terms {
		t.Grade = cmp.Or(t.Grade, l.grading.Of(t.Weight))
		if i, ok := at[t.Key]; ok {
			l.terms[i] = t
			continue
		}
		l.terms = append(l.terms, t)
	}
	return warnings
}

// maxSuggested bounds the search for the nearest term in a list of 100,000.
const maxSuggested = 5000

func (l *wordList) words() (out []string) {
	for _, t := range l.terms[:min(len(l.terms), maxSuggested)] {
		out = append(out, t.Text)
	}
	return out
}

// refuseRemovals reports lines that remove a term where there is no list to remove it from.
func (l *wordList) refuseRemovals(f *syntax.File, inOverlay bool) {
	for _, t := range l.removed {
		key := "rule.words.removal"
		if inOverlay {
			key = "rule.words.removal_of_nothing"
		}
		f.Errorf(syntax.Place{Line: int(t.Line), Column: int(t.Column)}, key, "- "+t.Text, t.Text)
	}
}
