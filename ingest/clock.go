package ingest

import (
	"context"
	"time"

	"github.com/qianshao/qianshao/ingest/fetch"
)

// Visits planned while the clock was ahead would stop the crawl until their time comes. A clock may
// be ahead by years, when a board with an empty battery starts, or by eight hours, when China's
// time is taken for UTC. Only times in the database are affected: times in memory are compared by
// the machine's monotonic clock, which cannot be set.
const (
	// LongestPlan is the longest time that is ever planned from one visit to the
	// next: the greatest revisit_max. A Retry-After is at most a day.
	LongestPlan = MaxRevisit
	// clockSlack is how far a clock may be set back without being reported. NTP corrects a clock by
	// fractions of a second, and by minutes at most after a restart.
	clockSlack = 2 * time.Minute
)

// Horizon is how far ahead a frontier's times may lie if the clock was right when
// they were written.
type Horizon struct {
	Now time.Time
	// Decided is the latest time at which something may have been decided.
	Decided time.Time
	// Due is the latest time at which a URL may be due.
	Due time.Time
	// Rest is the latest time until which a host may rest.
	Rest time.Time
}

// Replanned counts the effects of a clock that was ahead: the URLs and hosts that were planned anew,
// and the findings whose time lies in the future. The findings are corrected when their page is visited
// next; until then their true time is unknown.
type Replanned struct {
	URLs, Hosts, Findings int
}

// horizon returns how far ahead a correct clock may have planned by now. A host rests at most an
// hour (the last of the retry pauses, the cap of a Retry-After) plus its own interval.
func (c *Crawler) horizon(now time.Time) Horizon {
	rest := max(c.pause(len(c.RetryPauses)), fetch.MaxHostPause) + fetch.MaxCrawlDelay
	return Horizon{Now: now, Decided: now.Add(clockSlack), Due: now.Add(LongestPlan + clockSlack), Rest: now.Add(rest + clockSlack)}
}

// replan corrects what was planned while the clock was ahead, and reports it.
func (c *Crawler) replan(ctx context.Context, now time.Time) error {
	var done Replanned
	err := c.persist(ctx, func() (err error) {
		done, err = c.Frontier.Replan(ctx, c.horizon(now))
		return err
	})
	if err != nil || done == (Replanned{}) {
		return err
	}
	c.Log.Warn("times in the future: the clock was ahead when they were written, or is behind now; rescheduled from now",
		"urls", done.URLs, "hosts", done.Hosts, "findings", done.Findings, "now", now)
	c.Observe.Replanned(done)
	return nil
}

// wentBack says whether the clock was set back since latest. Round strips the monotonic reading,
// which would hide it.
func wentBack(latest, now time.Time) bool {
	return now.Round(0).Before(latest.Round(0).Add(-clockSlack))
}
