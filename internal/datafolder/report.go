package datafolder

import (
	"context"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/store"
)

// Report summarises a period: the store's figures, the unmonitored sites, and the changes of the
// rules. The error for an authorisation outside the sight is store.ErrNotFound.
func (f *Folder) Report(ctx context.Context, q report.Query) (*report.Report, error) {
	r, err := f.figures().Report(ctx, q)
	if err != nil {
		return nil, err
	}
	sight := q.Sight
	if q.Authorisation != "" {
		sight = qianshao.Sight{Authorisations: []string{q.Authorisation}}
	}
	silent, err := f.Unmonitored(ctx, qianshao.UnmonitoredRequest{Sight: sight, Limit: report.MaxUnmonitored})
	if err != nil {
		return nil, err
	}
	r.Unmonitored, r.UnmonitoredCounts, r.MoreUnmonitored = silent.Rows, silent.Counts, silent.Total("")-len(silent.Rows)
	return r, f.addRuleChanges(ctx, r)
}

// maxRuleSets bounds how many rule sets are read: enough for one reload a day for a year.
const maxRuleSets = report.MaxDays

// addRuleChanges adds the differences between consecutive rule sets in force in the period.
func (f *Folder) addRuleChanges(ctx context.Context, r *report.Report) error {
	sets, err := f.Store.RuleSets(ctx, r.Query.Period.From, r.End(), maxRuleSets)
	if err != nil {
		return err
	}
	r.NoRuleHistory = len(sets) == 0 || sets[len(sets)-1].At.After(r.Query.Period.From)
	for i := range len(sets) - 1 {
		if len(r.RuleChanges) == report.MaxRuleChanges {
			r.MoreRuleChanges = len(sets) - 1 - i
			break
		}
		r.RuleChanges = append(r.RuleChanges, changed(&sets[i+1], &sets[i]))
	}
	return nil
}

// changed returns the differences between a rule set and the one before it.
func changed(before, now *store.RuleSet) report.RuleChange {
	c := report.RuleChange{At: now.At, Version: now.Version}
	for id, fingerprint := range now.Rules {
		switch was, known := before.Rules[id]; {
		case !known:
			c.Added = append(c.Added, id)
		case was != fingerprint:
			c.Changed = append(c.Changed, id)
		}
	}
	for id := range before.Rules {
		if _, stays := now.Rules[id]; !stays {
			c.Removed = append(c.Removed, id)
		}
	}
	for _, ids := range [][]string{c.Added, c.Removed, c.Changed} {
		slices.Sort(ids)
	}
	return c
}

// NoteRules records that a rule set is in force from now on, if it has changed, so that reports can show
// the differences.
func (f *Folder) NoteRules(ctx context.Context, set *rule.Set, version string, at time.Time) error {
	last, err := f.Store.RuleSetInForce(ctx)
	if err != nil || last == set.Digest() {
		return err
	}
	return f.Store.PutRuleSet(ctx, store.RuleSet{At: at, Digest: set.Digest(), Version: version, Rules: set.Fingerprints()})
}
