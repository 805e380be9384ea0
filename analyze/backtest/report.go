package backtest

import (
	"cmp"
	"slices"
)

// Report is the result of a comparison.
type Report struct {
	Inputs int `json:"inputs"`
	// NewlyFlagged and NoLongerFlagged count inputs, whichever rule flags them.
	NewlyFlagged    int           `json:"newly_flagged"`
	NoLongerFlagged int           `json:"no_longer_flagged"`
	Rules           []RuleChanges `json:"rules"` // by id
	Sites           []SiteChanges `json:"sites"` // most changes first
	// Changes are in the order of their kinds, then by rule, highest level first.
	Changes []Change `json:"changes"`
	Errors  []string `json:"errors,omitempty"`
	// NotCompared counts the stored pages of which no text is kept.
	NotCompared NotCompared `json:"not_compared,omitzero"`
}

// NotCompared counts pages on which a draft could not be tried, because the text of a page that is
// not flagged is not kept. Their next visit shows whether the draft would flag them.
type NotCompared struct {
	NeverFlagged    int `json:"never_flagged"`
	NoLongerFlagged int `json:"no_longer_flagged"`
}

// Pages returns the sum.
func (n NotCompared) Pages() int { return n.NeverFlagged + n.NoLongerFlagged }

// Counts counts changes by kind.
type Counts struct {
	Gained int `json:"newly_flagged"`
	Lost   int `json:"no_longer_flagged"`
	Higher int `json:"higher"`
	Lower  int `json:"lower"`
}

// RuleChanges counts the changes of one rule.
type RuleChanges struct {
	Rule  string `json:"rule"`
	Title string `json:"title"`
	Counts
}

// SiteChanges counts the changes on one site.
type SiteChanges struct {
	Site string `json:"site"` // empty for files
	Counts
}

// Summarise makes a report of outcomes, which are in the order of the inputs.
func Summarise(outcomes []Outcome) *Report {
	r := &Report{Inputs: len(outcomes), Rules: []RuleChanges{}, Sites: []SiteChanges{}, Changes: []Change{}}
	for _, o := range outcomes {
		switch {
		case o.Err != nil:
			r.Errors = append(r.Errors, o.Err.Error())
		case o.After && !o.Before:
			r.NewlyFlagged++
		case o.Before && !o.After:
			r.NoLongerFlagged++
		}
		r.Changes = append(r.Changes, o.Changes...)
	}
	slices.SortStableFunc(r.Changes, func(x, y Change) int {
		return cmp.Or(cmp.Compare(slices.Index(Kinds(), x.Kind), slices.Index(Kinds(), y.Kind)), cmp.Compare(x.Rule, y.Rule),
			cmp.Compare(max(y.Before, y.After), max(x.Before, x.After)))
	})
	r.count()
	return r
}

func (r *Report) count() {
	rules, sites := map[string]int{}, map[string]int{}
	for i := range r.Changes {
		c := &r.Changes[i]
		if _, known := rules[c.Rule]; !known {
			rules[c.Rule] = len(r.Rules)
			r.Rules = append(r.Rules, RuleChanges{Rule: c.Rule, Title: c.Title})
		}
		if _, known := sites[c.Site]; !known {
			sites[c.Site] = len(r.Sites)
			r.Sites = append(r.Sites, SiteChanges{Site: c.Site})
		}
		r.Rules[rules[c.Rule]].add(c.Kind)
		r.Sites[sites[c.Site]].add(c.Kind)
	}
	slices.SortFunc(r.Rules, func(x, y RuleChanges) int { return cmp.Compare(x.Rule, y.Rule) })
	slices.SortStableFunc(r.Sites, func(x, y SiteChanges) int { return cmp.Or(y.sum()-x.sum(), cmp.Compare(x.Site, y.Site)) })
}

func (c *Counts) add(kind Kind) {
	switch kind {
	case Gained:
		c.Gained++
	case Lost:
		c.Lost++
	case Higher:
		c.Higher++
	case Lower:
		c.Lower++
	}
}

func (c *Counts) sum() int { return c.Gained + c.Lost + c.Higher + c.Lower }

// OfKind returns the changes of the given kind.
func (r *Report) OfKind(kind Kind) (of []Change) {
	for i := range r.Changes {
		if r.Changes[i].Kind == kind {
			of = append(of, r.Changes[i])
		}
	}
	return of
}
