package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/metrics"
)

// identify gives the findings of a flagged page their ids, before the archive writes them
// down, and says what they show; byRules and sameBody are as in look.
func (p *Pipeline) identify(ctx context.Context, url string, a *qianshao.Assessment, byRules, sameBody bool) (merged map[string]string, err error) {
	if !a.Flagged() {
		return nil, nil
	}
	known, err := p.Store.FindingsOfPage(ctx, url)
	if err != nil {
		p.Metrics.Failed(metrics.StageSave)
		return nil, err
	}
	merged = settle(url, known, a.Findings)
	look(known, a.Findings, byRules, sameBody)
	return merged, nil
}

// settle gives the findings of a page the ids under which the store has them. A
// finding keeps its id, and so its history, its captures and what people noted of it,
// when its category moves: because a rule was put into another category, or because
// the page's text makes another category of the same words.
//
// An open finding of a category that is not found any more goes where its rules or its
// words went; a category that is still found keeps its own. Where two become one, the
// older stays; merged says for each of the others into which finding it went.
func settle(url string, known []qianshao.FindingRecord, found []qianshao.Finding) (merged map[string]string) {
	open := slices.DeleteFunc(slices.Clone(known), func(r qianshao.FindingRecord) bool { return r.State() == qianshao.StateGone })
	slices.SortFunc(open, older)
	heirs := make([][]*qianshao.FindingRecord, len(found)) // what each of found was until now, the oldest first
	for i := range open {
		if to := successor(&open[i].Finding, open, found); to >= 0 {
			heirs[to] = append(heirs[to], &open[i])
		}
	}
	merged = map[string]string{}
	for i := range found {
		f := &found[i]
		if len(heirs[i]) == 0 {
			f.ID = unusedID(url, f.Category, known)
			continue
		}
		f.ID = heirs[i][0].Finding.ID
		for _, other := range heirs[i][1:] {
			merged[other.Finding.ID] = f.ID
		}
	}
	return merged
}

// older orders records by when they were first seen.
func older(x, y qianshao.FindingRecord) int {
	return cmp.Or(x.FirstSeen.Compare(y.FirstSeen), cmp.Compare(x.Finding.ID, y.Finding.ID))
}

// successor returns which of found an open finding is now, -1 if it is none of them.
func successor(was *qianshao.Finding, open []qianshao.FindingRecord, found []qianshao.Finding) int {
	if at := slices.IndexFunc(found, func(f qianshao.Finding) bool { return f.Category == was.Category }); at >= 0 {
		return at
	}
	best, most := -1, unrelated
	for i := range found {
		isNew := !slices.ContainsFunc(open, func(r qianshao.FindingRecord) bool { return r.Finding.Category == found[i].Category })
		if k := kinshipOf(was, &found[i]); k > most && (isNew || k > sameWords) {
			best, most = i, k
		}
	}
	return best
}

// kinship says what suggests that two findings of different categories are one. Rules are
// stronger evidence than words: rules of two categories may find the same words, so words
// alone say nothing where both categories were there before.
type kinship int

const (
	unrelated kinship = iota
	sameWords         // half of the evidence of either stands in the same places
	sameRule          // a rule made both
	foremost          // the rule that one of them is named after made both
)

func kinshipOf(was, is *qianshao.Finding) kinship {
	before, now := was.Rules(), is.Rules()
	switch {
	case slices.Contains(now, was.Rule) || slices.Contains(before, is.Rule):
		return foremost
	case slices.ContainsFunc(before, func(id string) bool { return slices.Contains(now, id) }):
		return sameRule
	case sharesWords(was.Evidence, is.Evidence):
		return sameWords
	}
	return unrelated
}

// sharesWords says whether half of the evidence of either, at least, stands in the same
// places. Less is what two crimes on a page may share, such as a contact.
func sharesWords(x, y []qianshao.Evidence) bool {
	return sharesHalf(x, y) || sharesHalf(y, x)
}

func sharesHalf(x, y []qianshao.Evidence) bool {
	shared := 0
	for i := range x {
		if slices.ContainsFunc(y, func(e qianshao.Evidence) bool { return samePlace(&x[i], &e) }) {
			shared++
		}
	}
	return shared > 0 && 2*shared >= len(x)
}

// samePlace says whether two pieces of evidence stand in the same place of the page. Its
// source may have changed in between, so places are compared by their region and words.
func samePlace(x, y *qianshao.Evidence) bool {
	return x.View == y.View && x.Region == y.Region && x.Name == y.Name && x.Path == y.Path && x.Text != "" && y.Text != "" &&
		(strings.Contains(x.Text, y.Text) || strings.Contains(y.Text, x.Text))
}

// unusedID returns the id of a finding that was not open: of the one of its category that
// was seen last, or a new one. The id that the category would give belongs to another
// finding if that one was of this category once.
func unusedID(url string, category qianshao.Category, known []qianshao.FindingRecord) string {
	var last *qianshao.FindingRecord
	for i := range known {
		r := &known[i]
		if r.Finding.Category == category && (last == nil || cmp.Or(last.LastSeen.Compare(r.LastSeen), older(*r, *last)) < 0) {
			last = r
		}
	}
	if last != nil {
		return last.Finding.ID
	}
	id := qianshao.FindingID(url, string(category))
	for n := 2; slices.ContainsFunc(known, func(r qianshao.FindingRecord) bool { return r.Finding.ID == id }); n++ {
		id = qianshao.FindingID(url, fmt.Sprintf("%s %d", category, n))
	}
	return id
}
