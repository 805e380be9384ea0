// Package report summarises what was found and decided in a period, for people responsible for sites, to
// print or to send. It counts findings, sites, campaigns and rules, and never people.
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
	// Authorisation restricts it to one; "" is everything visible.
	Authorisation string
}

// Report has the figures of a period. All lists are sorted, largest first, and bounded by the Max
// constants; items left out are counted beside them. docs/operations.md defines each figure.
type Report struct {
	Query Query
	Made  time.Time

	// Volume is what was found: first seen within the period.
	Volume Volume
	// Verdicts are from the decisions within the period; each finding counts with its standing at the end.
	Verdicts Verdicts
	// Before is the summary of the period before, of the same kind.
	Before Summary

	Rules     []Rule
	MoreRules int
	Sites     []Site
	MoreSites int
	Campaigns []Campaign
	// MoreCampaigns counts the campaigns left out.
	MoreCampaigns int
	Relapses      Relapses
	// Unmonitored are the sites that are not monitored when the report is made.
	Unmonitored       []qianshao.Unmonitored
	MoreUnmonitored   int
	UnmonitoredCounts qianshao.UnmonitoredCounts
	// RuleChanges are in the order in which they came into force, the latest first.
	RuleChanges     []RuleChange
	MoreRuleChanges int
	// NoRuleHistory says that the rules in force were not recorded during the whole period.
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

// End is the time as of which the report gives standings: the end of the period or, while it lasts, when
// the report was made.
func (r *Report) End() time.Time {
	if r.Made.Before(r.Query.Period.To) {
		return r.Made
	}
	return r.Query.Period.To
}

// Summary returns the totals of the period, for comparison with Before.
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
	// Sites are registered domains; Campaigns are the findings' primary ones.
	Findings, Pages, Sites, Campaigns int
	ByCategory                        []Count
	ByLevel                           []Count
	// Days are the days of the period that have begun, in order.
	Days []Day
	// Open are findings of the period that their page still shows when the report is made, Gone those that
	// it no longer shows.
	Open, Gone int
}

// Count is the number of findings with a value: the name of a category, a level or a reason, or a site.
type Count struct {
	Value    string
	Findings int
	// Before is the same for the period before.
	Before int
}

// Day is what was found and decided on one day, in the period's zone.
type Day struct {
	At    time.Time
	Found int
	// Crime, NotCrime and Unsure are the Verdicts decided on this day.
	Crime, NotCrime, Unsure int
	ByLevel                 map[string]int
}

// Verdicts are people's decisions.
type Verdicts struct {
	Crime, NotCrime, Unsure int
	// Undecided are findings that wait at the end of the period, whenever they were found; Overdue those of
	// them that have waited too long; Parked those that are parked.
	Undecided, Overdue, Parked int
	// Reasons are the reasons for "not a crime", by qianshao.Reason; Whose are those for "crime".
	Reasons, Whose []Count
	// ToDecision is the time from first seen to the first decision, for the findings first decided within
	// the period: Decided is their number; half were decided within Median, nine in ten within P90. Zero if
	// there were none.
	Median, P90 time.Duration
	Decided     int
	// Agreement covers all second reviews within the period, Audit those of decisions drawn at random: only
	// these are representative of all decisions.
	Agreement
	Audit Agreement
}

// Agreement is how often a second, blind review came to the same verdict.
type Agreement struct {
	Reviews, Agreed int
	// Kappa is Cohen's; nil if it is undefined, because there are fewer than MinDecisions reviews, or all
	// answers are the same.
	Kappa *float64
}

// AgreementOf computes the agreement from counts of pairs: a first verdict and that of its review.
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

// Few says that there are fewer than MinDecisions reviews, so that no rate is shown.
func (a Agreement) Few() bool { return a.Reviews < MinDecisions }

// Rule is the precision of a rule, by the decisions of the period. A finding counts for the rule with the
// highest score (qianshao.Finding.Rule).
type Rule struct {
	ID, Title string
	Category  qianshao.Category
	// Findings is the number of findings in the period.
	Findings int
	// Rate covers all decisions, Audit only those that were drawn at random for a second review and have
	// had it.
	Rate
	Audit Rate
}

// Rate is a precision, counted by campaign: a campaign of a thousand equal pages counts once.
type Rate struct {
	// Right are campaigns with more members called a crime than not, Wrong those with fewer; Tied those
	// with equally many, which do not count.
	Right, Wrong, Tied int
	// Precision is the share of Right in Right and Wrong, with its Wilson 95 % interval, 0 to 1; Few says
	// that these are fewer than MinDecisions, so that no rate is shown: all three are then 0.
	Precision, Low, High float64
	Few                  bool
}

// RateOf computes the rate from the counts.
func RateOf(right, wrong, tied int) Rate {
	r := Rate{Right: right, Wrong: wrong, Tied: tied, Few: right+wrong < MinDecisions}
	if !r.Few {
		r.Precision = float64(right) / float64(right+wrong)
		r.Low, r.High = rates.Wilson(right, right+wrong)
	}
	return r
}

// MinDecisions is the minimum for a rate to be shown.
const MinDecisions = 10

// Site is a site, a registered domain, with its findings of the period.
type Site struct {
	// Authorisation is that of its first finding; a domain may have several.
	Host, Authorisation string
	Findings            int
	// Crime, NotCrime and Unsure count these findings by their verdict at the end of the period; those that
	// wait for their blind review count in Reviewing instead.
	Crime, NotCrime, Unsure, Reviewing int
	// Open are findings that the page still shows, Relapsed all findings of the site that came back within
	// the period.
	Open, Relapsed int
	Categories     []qianshao.Category
}

// Campaign is a campaign with its findings of the period.
type Campaign struct {
	ID, Label string
	// Category and Level are those of its worst finding.
	Category        qianshao.Category
	Level           qianshao.Level
	Findings, Sites int
	// Verdict is that of most of these findings at the end of the period; empty if none was decided, if it
	// waits for its blind review, or in a tie.
	Verdict qianshao.Verdict
	// First is when the first of its findings was first seen.
	First time.Time
}

// Relapses are the findings that were gone and came back within the period.
type Relapses struct {
	Findings  int
	Sites     []Count
	MoreSites int
}

// RuleChange is a change in the rules in force. If no rule is named, another part of the rule set has
// changed, such as a list of exceptions.
type RuleChange struct {
	At                      time.Time
	Version                 string
	Added, Removed, Changed []string
}
