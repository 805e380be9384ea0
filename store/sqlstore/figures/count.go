package figures

import (
	"slices"
	"sort"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// count has the counters of a report. It takes dozens of bytes for each site, campaign and rule of the
// period, and eight for each first decision.
type count struct {
	// now is the elapsed part of the period, before is the period before it; end and endTime are now.to.
	now, before window
	end         int64
	endTime     time.Time
	begins      []int64 // of the days
	resting     map[int64]bool

	verdicts        report.Verdicts
	summaryBefore   report.Summary
	found           int
	open            int
	categories      pairs
	levels          pairs
	reasons, whose  pairs
	days            []report.Day
	times           []int64 // from first seen to the first decision, in ms
	reviews, audits map[[2]qianshao.Verdict]int

	sites     map[string]*site
	campaigns map[int64]*group
	members   map[member]struct{} // which campaigns are on which sites
	rules     map[string]*rule
	alone     int64 // numbers downwards findings without a campaign yet: each is its own

	pages                    int
	relapses, relapsesBefore map[string]int
	top                      []int64 // the campaigns of the report
}

// pairs are figures of the period, and of the one before, by value.
type pairs map[string]*[2]int

func (p pairs) add(value string, before int) {
	n := p[value]
	if n == nil {
		n = &[2]int{}
		p[value] = n
	}
	n[before]++
}

// site has the counters of a site.
type site struct {
	number                                        int32
	authorisation                                 string
	findings, crime, notCrime, unsure, due, shown int
	categories                                    []string
}

// group has the counters of a campaign.
type group struct {
	findings, crime, notCrime, unsure, sites int32
	level                                    int
	category                                 string
	first                                    int64
}

// member says that a campaign is on a site.
type member struct {
	campaign int64
	site     int32
}

// rule has the counters of a rule. last is the finding of it that was first seen latest.
type rule struct {
	findings       int
	category, last string
	all, audited   votes
}

// votes are the verdicts on the members of campaigns.
type votes map[int64]vote

type vote struct{ crime, notCrime int32 }

func (v votes) add(campaign int64, verdict qianshao.Verdict) {
	n := v[campaign]
	switch verdict {
	case qianshao.VerdictCrime:
		n.crime++
	case qianshao.VerdictNotCrime:
		n.notCrime++
	default:
		return
	}
	v[campaign] = n
}

// newCount returns the counters of a new report. resting are the parked campaigns.
func newCount(out *report.Report, resting map[int64]bool) *count {
	p, before := out.Query.Period, out.Query.Period.Before()
	end := database.Millis(out.End())
	c := &count{
		now: window{database.Millis(p.From), end}, before: window{database.Millis(before.From), database.Millis(before.To)},
		end: end, endTime: out.End(), resting: resting,
		categories: pairs{}, levels: pairs{}, reasons: pairs{}, whose: pairs{},
		reviews: map[[2]qianshao.Verdict]int{}, audits: map[[2]qianshao.Verdict]int{},
		sites: map[string]*site{}, campaigns: map[int64]*group{}, members: map[member]struct{}{}, rules: map[string]*rule{},
	}
	for _, at := range p.Days() {
		if database.Millis(at) < end {
			c.begins = append(c.begins, database.Millis(at))
			c.days = append(c.days, report.Day{At: at, ByLevel: map[string]int{}})
		}
	}
	return c
}

// day is the day of a moment within the period.
func (c *count) day(ms int64) *report.Day {
	return &c.days[sort.Search(len(c.begins), func(i int) bool { return c.begins[i] > ms })-1]
}

// add counts a finding.
func (c *count) add(f *finding) {
	standing := desk.Replay(f.acts)
	c.addWaiting(f, &standing)
	switch {
	case c.now.has(f.first):
		c.addFound(f, &standing)
	case c.before.has(f.first):
		c.summaryBefore.Found++
		c.categories.add(f.category, 1)
		c.levels.add(qianshao.Level(f.level).String(), 1)
	}
	if len(f.acts) == 0 {
		return
	}
	audited := c.addReviews(f)
	if standing.Verdict != "" && c.now.has(database.Millis(standing.At)) {
		c.addVerdict(f, &standing, audited)
	}
	if ms, ok := firstDecision(f.acts); ok && c.now.has(ms) {
		c.times = append(c.times, max(0, ms-f.first))
	}
	c.addBefore(f)
}

// addWaiting counts a finding that is undecided at the end, unless it is parked.
func (c *count) addWaiting(f *finding, s *desk.Standing) {
	v := &c.verdicts
	switch {
	case s.Resting(f.facts, c.endTime):
		v.Parked++
	case len(f.acts) > 0 && !s.Undecided(f.facts):
	case c.resting[f.campaign]:
		v.Parked++
	default:
		v.Undecided++
		if f.first+campaign.OverdueAfter(qianshao.Level(f.level)).Milliseconds() <= c.end {
			v.Overdue++
		}
	}
}

// addFound counts a finding of the period.
func (c *count) addFound(f *finding, s *desk.Standing) {
	level := qianshao.Level(f.level).String()
	c.found++
	c.categories.add(f.category, 0)
	c.levels.add(level, 0)
	day := c.day(f.first)
	day.Found++
	day.ByLevel[level]++
	if f.open {
		c.open++
	}
	rule := c.rule(f)
	rule.findings++
	at := c.site(f)
	at.findings++
	if f.open {
		at.shown++
	}
	if !slices.Contains(at.categories, f.category) {
		at.categories = append(at.categories, f.category)
	}
	var in group // dropped, for a finding without a campaign
	g := &in
	if f.campaign != 0 {
		g = c.group(f, at)
	}
	// A verdict that waits for its blind review is not counted for single sites and campaigns.
	switch {
	case s.DueForReview():
		at.due++
	case s.Verdict == qianshao.VerdictCrime:
		at.crime++
		g.crime++
	case s.Verdict == qianshao.VerdictNotCrime:
		at.notCrime++
		g.notCrime++
	case s.Verdict == qianshao.VerdictUnsure:
		at.unsure++
		g.unsure++
	}
}

func (c *count) site(f *finding) *site {
	s := c.sites[f.site]
	if s == nil {
		s = &site{number: int32(len(c.sites)), authorisation: f.authorisation} //nolint:gosec // sites are fewer than findings
		c.sites[f.site] = s
	}
	return s
}

// group returns the campaign of a finding, and counts the finding and its site in it.
func (c *count) group(f *finding, at *site) *group {
	g := c.campaigns[f.campaign]
	if g == nil {
		g = &group{first: f.first}
		c.campaigns[f.campaign] = g
	}
	g.findings++
	if f.level > g.level {
		g.level, g.category = f.level, f.category
	}
	m := member{f.campaign, at.number}
	if _, known := c.members[m]; !known {
		c.members[m] = struct{}{}
		g.sites++
	}
	return g
}

// rule returns the rule of a finding. Findings come in the order in which they were first seen.
func (c *count) rule(f *finding) *rule {
	r := c.rules[f.rule]
	if r == nil {
		r = &rule{all: votes{}, audited: votes{}}
		c.rules[f.rule] = r
	}
	r.category, r.last = f.category, f.id
	return r
}

// addVerdict counts a finding by the verdict that stands at the end, if it was decided within the period.
func (c *count) addVerdict(f *finding, s *desk.Standing, audited bool) {
	v, day := &c.verdicts, c.day(database.Millis(s.At))
	switch s.Verdict {
	case qianshao.VerdictCrime:
		v.Crime++
		day.Crime++
		c.whose.add(string(s.Reason), 0)
	case qianshao.VerdictNotCrime:
		v.NotCrime++
		day.NotCrime++
		c.reasons.add(string(s.Reason), 0)
	default:
		v.Unsure++
		day.Unsure++
	}
	in := f.campaign
	if in == 0 {
		c.alone--
		in = c.alone
	}
	r := c.rule(f)
	r.all.add(in, s.Verdict)
	if audited {
		r.audited.add(in, s.Verdict)
	}
}

// addBefore counts a finding by the verdict that stood at the end of the period before.
func (c *count) addBefore(f *finding) {
	if !slices.ContainsFunc(f.acts, func(a qianshao.Act) bool { return decides(a.Kind) && c.before.has(database.Millis(a.At)) }) {
		return
	}
	acts := slices.DeleteFunc(slices.Clone(f.acts), func(a qianshao.Act) bool { return database.Millis(a.At) >= c.before.to })
	s := desk.Replay(acts)
	if s.Verdict == "" || !c.before.has(database.Millis(s.At)) {
		return
	}
	b := &c.summaryBefore
	b.Decided++
	switch s.Verdict {
	case qianshao.VerdictCrime:
		b.Crime++
		c.whose.add(string(s.Reason), 1)
	case qianshao.VerdictNotCrime:
		b.NotCrime++
		c.reasons.add(string(s.Reason), 1)
	default:
		b.Unsure++
	}
}

// addReviews counts the second reviews of the period, each with the decision that it is about. audited says
// that one of these decisions had been drawn at random.
func (c *count) addReviews(f *finding) (audited bool) {
	for i := range f.acts {
		a := &f.acts[i]
		if a.Kind != qianshao.ActReview || !c.now.has(database.Millis(a.At)) {
			continue
		}
		of := slices.IndexFunc(f.acts, func(d qianshao.Act) bool { return decides(d.Kind) && d.Round == a.Round })
		if of < 0 {
			continue // cannot happen in a trail that we wrote
		}
		pair := [2]qianshao.Verdict{f.acts[of].Verdict, a.Verdict}
		c.reviews[pair]++
		if detailOf(&f.acts[of]).Second == desk.SecondSample {
			c.audits[pair]++
			audited = true
		}
	}
	return audited
}

// firstDecision is when a person who looked at the finding first decided it: not its campaign's policy, and
// not a slip that was undone.
func firstDecision(acts []qianshao.Act) (ms int64, ok bool) {
	for i := range acts {
		a := &acts[i]
		undone := slices.ContainsFunc(acts[i:], func(b qianshao.Act) bool { return b.Kind == qianshao.ActUndo && b.Reverts == a.Seq })
		if decides(a.Kind) && !undone && detailOf(a).Policy == 0 {
			return database.Millis(a.At), true
		}
	}
	return 0, false
}

// decides says whether acts of the kind set the verdict that stands.
func decides(k qianshao.ActKind) bool { return k == qianshao.ActDecide || k == qianshao.ActAdjudicate }

// detailOf reads the detail of an act; one that was tampered with counts as empty, as at the desk.
func detailOf(a *qianshao.Act) desk.Detail {
	d, err := desk.ParseDetail(a.Detail)
	if err != nil {
		return desk.Detail{}
	}
	return d
}
