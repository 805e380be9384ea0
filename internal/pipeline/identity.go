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

// identify gives the findings of a flagged page their ids, before they are archived, and sets what
// they show. For byRules and sameBody see look.
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

// settle gives the findings of a page the ids under which the store has them. A finding keeps its
// id, and with it its history, its captures and people's notes, when its category changes because a
// rule was put into another category, or because the same words now mean another category.
//
// An open finding of a category that is no longer found becomes the finding with the same rules or
// words. A category that is still found keeps its finding. If two become one, the older one stays.
// merged says for each of the others which finding it has become.
func settle(url string, known []qianshao.FindingRecord, found []qianshao.Finding) (merged map[string]string) {
	open := slices.DeleteFunc(slices.Clone(known), func(r qianshao.FindingRecord) bool { return r.State() == qianshao.StateGone })
	slices.SortFunc(open, older)
	heirs := make([][]*qianshao.FindingRecord, len(found)) // the former records of each finding, the oldest first
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

// successor returns the index in found of what an open finding has become, or -1 if it has become
// none of them.
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

// kinship says what suggests that two findings of different categories are the same. Rules are
// stronger evidence than words: rules of two categories may find the same words, so words alone
// mean nothing if both categories were found before.
type kinship int

const (
	unrelated kinship = iota
	sameWords         // half of the evidence of one of them is in the same places
	sameRule          // a rule made both
	foremost          // both were made by the rule that one of them is named after
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

// sharesWords reports whether at least half of the evidence of one of the two is in the same
// places. Two crimes on a page may have less than that in common, such as a contact.
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

// samePlace reports whether two pieces of evidence are in the same place on the page. The page's
// source may have changed in between, so places are compared by region and words.
func samePlace(x, y *qianshao.Evidence) bool {
	return x.View == y.View && x.Region == y.Region && x.Name == y.Name && x.Path == y.Path && x.Text != "" && y.Text != "" &&
		(strings.Contains(x.Text, y.Text) || strings.Contains(y.Text, x.Text))
}

// unusedID returns the id for a finding that was not open: the id of the last seen finding of its
// category, or a new one. The id derived from the category may belong to another finding that once
// had this category.
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
