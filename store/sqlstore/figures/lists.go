package figures

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// fill writes the counters into a report.
func (c *count) fill(out *report.Report) {
	out.Volume = report.Volume{
		Findings: c.found, Pages: c.pages, Sites: len(c.sites), Campaigns: len(c.campaigns),
		ByCategory: c.categories.counts(), ByLevel: c.levels.counts(), Days: c.days, Open: c.open, Gone: c.found - c.open,
	}
	v := &c.verdicts
	v.Reasons, v.Whose = c.reasons.counts(), c.whose.counts()
	slices.Sort(c.times)
	v.Decided, v.Median, v.P90 = len(c.times), within(c.times, .5), within(c.times, .9)
	v.Agreement, v.Audit = report.AgreementOf(c.reviews), report.AgreementOf(c.audits)
	out.Verdicts = *v
	out.Before = c.summaryBefore
	out.Before.Relapsed = sum(c.relapsesBefore)
	out.Rules, out.MoreRules = c.ruleList()
	out.Sites, out.MoreSites = c.siteList()
	out.Campaigns, out.MoreCampaigns = c.campaignList()
	out.Relapses = report.Relapses{Findings: sum(c.relapses)}
	out.Relapses.Sites, out.Relapses.MoreSites = first(c.relapsed(), report.MaxSites)
}

// counts are the values, largest first.
func (p pairs) counts() []report.Count {
	list := make([]report.Count, 0, len(p))
	for value, n := range p {
		list = append(list, report.Count{Value: value, Findings: n[0], Before: n[1]})
	}
	return sorted(list)
}

func sorted(list []report.Count) []report.Count {
	slices.SortFunc(list, func(a, b report.Count) int {
		return cmp.Or(cmp.Compare(b.Findings, a.Findings), cmp.Compare(b.Before, a.Before), cmp.Compare(a.Value, b.Value))
	})
	return list
}

// relapsed are the sites with relapses in the period.
func (c *count) relapsed() []report.Count {
	list := make([]report.Count, 0, len(c.relapses))
	for host, n := range c.relapses {
		list = append(list, report.Count{Value: host, Findings: n, Before: c.relapsesBefore[host]})
	}
	return sorted(list)
}

// first is the beginning of a list, and the number of items left out.
func first[T any](list []T, most int) (some []T, more int) {
	if len(list) <= most {
		return list, 0
	}
	return slices.Clone(list[:most]), len(list) - most
}

func sum(counts map[string]int) (n int) {
	for _, k := range counts {
		n += k
	}
	return n
}

// within is the shortest of the sorted times, in ms, within which a share of them lies; 0 if there are none.
func within(times []int64, share float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	return time.Duration(times[int(math.Ceil(share*float64(len(times))))-1]) * time.Millisecond
}

func (c *count) ruleList() ([]report.Rule, int) {
	list := make([]report.Rule, 0, len(c.rules))
	for id, r := range c.rules {
		list = append(list, report.Rule{ID: id, Category: qianshao.Category(r.category), Findings: r.findings, Rate: r.all.rate(), Audit: r.audited.rate()})
	}
	slices.SortFunc(list, func(a, b report.Rule) int {
		return cmp.Or(cmp.Compare(b.Findings, a.Findings), cmp.Compare(b.Right+b.Wrong, a.Right+a.Wrong), cmp.Compare(a.ID, b.ID))
	})
	return first(list, report.MaxRules)
}

// rate counts each campaign once, by the verdict on most of its members.
func (v votes) rate() report.Rate {
	right, wrong, tied := 0, 0, 0
	for _, n := range v {
		switch {
		case n.crime > n.notCrime:
			right++
		case n.crime < n.notCrime:
			wrong++
		default:
			tied++
		}
	}
	return report.RateOf(right, wrong, tied)
}

func (c *count) siteList() ([]report.Site, int) {
	hosts := slices.SortedFunc(maps.Keys(c.sites), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.sites[b].findings, c.sites[a].findings), cmp.Compare(a, b))
	})
	hosts, more := first(hosts, report.MaxSites)
	list := make([]report.Site, len(hosts))
	for i, host := range hosts {
		s := c.sites[host]
		list[i] = report.Site{
			Host: host, Authorisation: s.authorisation, Findings: s.findings, Crime: s.crime, NotCrime: s.notCrime, Unsure: s.unsure, Reviewing: s.due,
			Open: s.shown, Relapsed: c.relapses[host],
		}
		for _, category := range slices.Sorted(slices.Values(s.categories)) {
			list[i].Categories = append(list[i].Categories, qianshao.Category(category))
		}
	}
	return list, more
}

func (c *count) campaignList() ([]report.Campaign, int) {
	numbers := slices.SortedFunc(maps.Keys(c.campaigns), func(a, b int64) int {
		x, y := c.campaigns[a], c.campaigns[b]
		return cmp.Or(cmp.Compare(y.findings, x.findings), cmp.Compare(x.first, y.first), cmp.Compare(a, b))
	})
	more := 0
	c.top, more = first(numbers, report.MaxCampaigns)
	list := make([]report.Campaign, len(c.top))
	for i, n := range c.top {
		g := c.campaigns[n]
		list[i] = report.Campaign{
			Category: qianshao.Category(g.category), Level: qianshao.Level(g.level), Findings: int(g.findings), Sites: int(g.sites), //nolint:gosec // a level is 0 to 5
			Verdict: g.verdict(), First: database.FromMillis(g.first),
		}
	}
	return list, more
}

// verdict is the verdict on most members, if there is one.
func (g *group) verdict() qianshao.Verdict {
	switch {
	case g.crime > max(g.notCrime, g.unsure):
		return qianshao.VerdictCrime
	case g.notCrime > max(g.crime, g.unsure):
		return qianshao.VerdictNotCrime
	case g.unsure > max(g.crime, g.notCrime):
		return qianshao.VerdictUnsure
	}
	return ""
}
