// Package report sums up what was found and decided in a period: for those who answer for
// sites, to print or to send. It counts findings, sites, campaigns and rules, and never people.
package report

import (
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/rates"
)

// Query asks for a report.
type Query struct {
	Period Period
	Sight  qianshao.Sight
	// Authorisation restricts it to one; "" is all that may be seen.
	Authorisation string
}

// Report is what is known of a period. All lists are sorted, the most first, and bounded by
// the Max constants; what is left out is counted beside them. docs/operations.md defines
// each figure.
type Report struct {
	Query Query
	Made  time.Time

	// Volume is what was found: first seen within the period.
	Volume Volume
	// Verdicts are of the decisions within the period, each finding with what stands of it at its end.
	Verdicts Verdicts
	// Before are the same of the period before, of the same kind.
	Before Summary

	Rules     []Rule
	MoreRules int
	Sites     []Site
	MoreSites int
	Campaigns []Campaign
	// MoreCampaigns counts those that are left out.
	MoreCampaigns int
	Relapses      Relapses
	// Unmonitored is what nobody watches when the report is made.
	Unmonitored       []qianshao.Unmonitored
	MoreUnmonitored   int
	UnmonitoredCounts qianshao.UnmonitoredCounts
	// RuleChanges are in the order in which they were put in force, the latest first.
	RuleChanges     []RuleChange
	MoreRuleChanges int
	// NoRuleHistory says that the rules in force were not recorded over the whole period.
	NoRuleHistory bool
}

// Limits of the lists.
const (
	MaxRules       = 50
	MaxSites       = 20
	MaxCampaigns   = 20
	MaxUnmonitored = 50
	MaxRuleChanges = 20
)

// End is the moment of which the report tells what stands: the end of the period or, while it
// lasts, when the report was made.
func (r *Report) End() time.Time {
	if r.Made.Before(r.Query.Period.To) {
		return r.Made
	}
	return r.Query.Period.To
}

// Summary returns the totals of the period, to be held against Before.
func (r *Report) Summary() Summary {
	v := &r.Verdicts
	return Summary{
		Found: r.Volume.Findings, Decided: v.Crime + v.NotCrime + v.Unsure, Crime: v.Crime, NotCrime: v.NotCrime, Unsure: v.Unsure,
		Relapsed: r.Relapses.Findings,
	}
}

// Summary has the totals of a period.
type Summary struct{ Found, Decided, Crime, NotCrime, Unsure, Relapsed int }

// Volume is what was found.
type Volume struct {
	// Sites are registered domains; Campaigns the primary ones of the findings.
	Findings, Pages, Sites, Campaigns int
	ByCategory                        []Count
	ByLevel                           []Count
	// Days are all days of the period that have begun, in their order.
	Days []Day
	// Open are findings of the period whose page still shows them when the report is made, Gone
	// those that it no longer shows.
	Open, Gone int
}

// Count is how many findings have a value: the name of a category, a level or a reason, or a site.
type Count struct {
	Value    string
	Findings int
	// Before is the same of the period before.
	Before int
}

// Day is what was found and decided on a day of the period's zone.
type Day struct {
	At    time.Time
	Found int
	// Crime, NotCrime and Unsure are those of Verdicts that were decided on this day.
	Crime, NotCrime, Unsure int
	ByLevel                 map[string]int
}

// Verdicts are what people have decided.
type Verdicts struct {
	Crime, NotCrime, Unsure int
	// Undecided are findings that wait at the end of the period, whenever they were found; Overdue
	// those of them that have waited too long; Parked those that were put aside.
	Undecided, Overdue, Parked int
	// Reasons are those of "not a crime", by qianshao.Reason; Whose those of "crime".
	Reasons, Whose []Count
	// ToDecision is the time from first seen to the first decision, over the findings that were first decided
	// within the period: Decided is their number; half were decided within Median, nine of ten within P90.
	// Zero if there were none.
	Median, P90 time.Duration
	Decided     int
	// Agreement is over all second reviews within the period, Audit over those that were drawn at random:
	// only these are representative of all decisions.
	Agreement
	Audit Agreement
}

// Agreement says how often a second, blind review has come to the same verdict.
type Agreement struct {
	Reviews, Agreed int
	// Kappa is Cohen's; nil if it is undefined, because there are fewer than MinDecisions reviews, or all
	// answers are the same.
	Kappa *float64
}

// AgreementOf counts pairs of a first verdict and that of its review.
func AgreementOf(table map[[2]qianshao.Verdict]int) (a Agreement) {
	for pair, n := range table {
		a.Reviews += n
		if pair[0] == pair[1] {
			a.Agreed += n
		}
	}
	if kappa, ok := rates.Kappa(table); ok && !a.Few() {
		a.Kappa = &kappa
	}
	return a
}

// Few says that there are fewer than MinDecisions reviews, and no rate is shown.
func (a Agreement) Few() bool { return a.Reviews < MinDecisions }

// Rule is how well a rule has done, by the decisions of the period. A finding counts for the rule with the
// highest score (qianshao.Finding.Rule).
type Rule struct {
	ID, Title string
	Category  qianshao.Category
	// Findings are those of the period.
	Findings int
	// Rate is by all decisions, Audit by those alone that were drawn at random for a second
	// review, and had it.
	Rate
	Audit Rate
}

// Rate is a precision, counted by campaign: a campaign of a thousand equal pages is one.
type Rate struct {
	// Right and Wrong are campaigns of whose members people called more a crime than not, and
	// more not a crime; Tied those with as many of both, which count for neither.
	Right, Wrong, Tied int
	// Precision is Right of Right and Wrong, with its Wilson 95 % interval, 0 to 1; Few says that they
	// are fewer than MinDecisions, and no rate is shown: all three are 0 then.
	Precision, Low, High float64
	Few                  bool
}

// RateOf makes the rate of what was counted.
func RateOf(right, wrong, tied int) Rate {
	r := Rate{Right: right, Wrong: wrong, Tied: tied, Few: right+wrong < MinDecisions}
	if !r.Few {
		r.Precision = float64(right) / float64(right+wrong)
		r.Low, r.High = rates.Wilson(right, right+wrong)
	}
	return r
}

// MinDecisions is the number below which no rate is shown.
const MinDecisions = 10

// Site is a site, a registered domain, with its findings of the period.
type Site struct {
	// Authorisation is that of the first of the findings; a domain may have several.
	Host, Authorisation string
	Findings            int
	// Crime, NotCrime and Unsure are what stands of these findings at the end of the period; what
	// waits for its blind review is Reviewing instead.
	Crime, NotCrime, Unsure, Reviewing int
	// Open are those that the page still shows, Relapsed all findings of the site that came back
	// within the period.
	Open, Relapsed int
	Categories     []qianshao.Category
}

// Campaign is a campaign with its findings of the period.
type Campaign struct {
	ID, Label string
	// Category and Level are those of the worst of the findings.
	Category        qianshao.Category
	Level           qianshao.Level
	Findings, Sites int
	// Verdict is what stands of most of these findings at the end of the period; empty where
	// nothing was decided, where it waits for its blind review, and for a tie.
	Verdict qianshao.Verdict
	// First is when the first of the findings was seen.
	First time.Time
}

// Relapses are findings that were gone and came back within the period.
type Relapses struct {
	Findings  int
	Sites     []Count
	MoreSites int
}

// RuleChange is what has changed in the rules in force. Where no rule is named, something else
// of the rule set has changed: a list of exceptions, say.
type RuleChange struct {
	At                      time.Time
	Version                 string
	Added, Removed, Changed []string
}
