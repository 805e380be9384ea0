package evaluate

import (
	"cmp"
	"slices"
	"strings"
)

// SingleSiteTerm is a term of a rule that hit malicious pages of one site and no other malicious
// text. Perhaps it was learned from that site and does not apply to others.
type SingleSiteTerm struct {
	Rule string
	// Term is the list's term, or the regular expression.
	Term string
	Site string
	// Pages counts the site's pages that the term hit.
	Pages int
}

// singleSite returns the terms of the tuning half's sites, and the count over all terms that hit
// malicious pages. A term counts as a hit where a finding of the right category points to it, at
// any level. A term that also hits a malicious message is not a single-site term.
func singleSite(outcomes []Outcome) (terms []SingleSiteTerm, count Count) {
	type key struct{ rule, term string }
	hits := map[key][]*Outcome{}
	for i := range outcomes {
		o := &outcomes[i]
		if !o.Sample.Label.Crime() {
			continue
		}
		seen := map[key]bool{}
		for _, f := range o.Assessment.Findings {
			for _, e := range f.Evidence {
				k := key{f.Rule, e.Term}
				if o.Sample.Label.Covers(f.Category) && !seen[k] {
					seen[k] = true
					hits[k] = append(hits[k], o)
				}
			}
		}
	}
	for k, on := range hits {
		if !slices.ContainsFunc(on, func(o *Outcome) bool { return !o.Sample.IsMessage() }) {
			continue
		}
		first := on[0].Sample
		single := !slices.ContainsFunc(on, func(o *Outcome) bool { return o.Sample.IsMessage() || o.Sample.Site != first.Site })
		count.add(single)
		if single && first.Half == Tuning {
			terms = append(terms, SingleSiteTerm{Rule: k.rule, Term: k.term, Site: first.Site, Pages: len(on)})
		}
	}
	slices.SortFunc(terms, func(a, b SingleSiteTerm) int {
		return cmp.Or(cmp.Compare(b.Pages, a.Pages), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Term, b.Term))
	})
	return terms, count
}
