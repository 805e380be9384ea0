// Package report sums up what was found and decided in a period: for those who answer for
// sites, to print or to send. It counts findings, sites, campaigns and rules, and never people.
package report

import (
	"time"

	"github.com/qianshao/qianshao"
)

// Period is what a report is about: from From, inclusive, to To, exclusive; both are
// midnights of Zone.
type Period struct {
	From, To time.Time
	Zone     *time.Location
}

// Query asks for a report.
type Query struct {
	Period Period
	Sight  qianshao.Sight
	// Authorisation restricts it to one; "" is all that may be seen.
	Authorisation string
}

// Report is what is known of a period. All lists are sorted, the most first, and bounded by
// the Max constants; what is left out is counted beside them.
type Report struct {
	Query Query
	Made  time.Time

	// Volume is what was found: first seen within the period.
	Volume Volume
	// Verdicts are of the decisions within the period, each finding with what stands of it at its end.
	Verdicts Verdicts
	// Before are the same of the period before, of the same length.
	Before Summary

	Rules     []Rule
	MoreRules int
	Sites     []Site
	MoreSites int
	Campaigns []Campaign
	// MoreCampaigns counts those that are left out.
	MoreCampaigns int
	Relapses      Relapses
	Unmonitored   []qianshao.Unmonitored
	RuleChanges   []RuleChange
	// NoRuleHistory says that the rules in force were not recorded over the whole period.
	NoRuleHistory bool
}

// Limits of the lists.
const (
	MaxRules     = 50
	MaxSites     = 20
	MaxCampaigns = 20
)

// Summary has the totals of a period.
type Summary struct{ Found, Decided, Crime, NotCrime, Unsure, Relapsed int }

// Volume is what was found.
type Volume struct {
	Findings, Pages, Sites, Campaigns int
	ByCategory                        []Count
	ByLevel                           []Count
	Days                              []Day
	// Open are findings of the period whose page still shows them, Gone those that it no longer shows.
	Open, Gone int
}

// Count is how many findings have a value: a category's or a level's name.
type Count struct {
	Value    string
	Findings int
	// Before is the same of the period before.
	Before int
}

// Day is what was found and decided on a day of the period's zone.
type Day struct {
	At                      time.Time
	Found                   int
	Crime, NotCrime, Unsure int
	ByLevel                 map[string]int
}

// Verdicts are what people have decided.
type Verdicts struct {
	Crime, NotCrime, Unsure int
	// Undecided are findings that wait at the end of the period, whenever they were found; Overdue
	// those that have waited too long.
	Undecided, Overdue int
	// Reasons are those of "not a crime", by qianshao.Reason; Whose those of "crime".
	Reasons, Whose []Count
	// ToDecision is from first seen to the first decision, of the findings that were decided within the
	// period: half of them within Median, nine of ten within P90. Zero if none was.
	Median, P90 time.Duration
	// Reviews are second reviews within the period, Agreed those that confirmed; Kappa is Cohen's,
	// NaN if it cannot be said.
	Reviews, Agreed int
	Kappa           float64
}

// Rule is how well a rule has done, by the decisions of the period, counted by campaign: a
// campaign of a thousand equal pages is one.
type Rule struct {
	ID, Title string
	Category  qianshao.Category
	Findings  int
	// Right and Wrong are campaigns that people called crime and not a crime.
	Right, Wrong int
	// Precision and its Wilson 95 % interval, 0 to 1; Few says that there are fewer than MinDecisions,
	// and no rate is shown.
	Precision, Low, High float64
	Few                  bool
}

// MinDecisions is below which no rate is shown.
const MinDecisions = 10

// Site is a site with its findings of the period.
type Site struct {
	Host, Authorisation string
	Findings            int
	Crime, NotCrime     int
	Open, Relapsed      int
	Categories          []qianshao.Category
}

// Campaign is a campaign with its findings of the period.
type Campaign struct {
	ID, Label       string
	Category        qianshao.Category
	Level           qianshao.Level
	Findings, Sites int
	Verdict         qianshao.Verdict
	First           time.Time
}

// Relapses are findings that were gone and came back within the period.
type Relapses struct {
	Findings int
	Sites    []Count
}

// RuleChange is what has changed in the rules in force.
type RuleChange struct {
	At                      time.Time
	Version                 string
	Added, Removed, Changed []string
}
