package ingest

import (
	"context"
	"time"

	"github.com/qianshao/qianshao/ingest/fetch"
)

// What a clock that was ahead has planned would stop the crawl until that time
// comes: a board whose battery is empty starts in another year, and eight hours
// are China's distance from UTC. What is concerned is kept in the database: times
// in memory are compared by the machine's monotonic clock, which nobody sets.
const (
	// LongestPlan is the longest time from a visit to the next that anything here
	// plans: the greatest revisit_max. A Retry-After is at most a day.
	LongestPlan = MaxRevisit
	// clockSlack is how far a clock may be put back without a word. NTP sets a
	// clock by fractions of a second, and by minutes at most after a restart.
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

// Replanned counts what a clock that was ahead has left: the URLs and hosts that
// were planned anew, and the findings that bear a time that has not come yet. Those
// are put right when their page is visited; until then nobody knows better.
type Replanned struct {
	URLs, Hosts, Findings int
}

// horizon returns what may have been planned by now. A host rests an hour at most
// (the last of the retry pauses, the cap of a Retry-After) and its own interval.
func (c *Crawler) horizon(now time.Time) Horizon {
	rest := max(c.pause(len(c.RetryPauses)), fetch.MaxHostPause) + fetch.MaxCrawlDelay
	return Horizon{Now: now, Decided: now.Add(clockSlack), Due: now.Add(LongestPlan + clockSlack), Rest: now.Add(rest + clockSlack)}
}

// replan puts right what a clock that was ahead has planned, and tells of it.
func (c *Crawler) replan(ctx context.Context, now time.Time) error {
	var done Replanned
	err := c.persist(ctx, func() (err error) {
		done, err = c.Frontier.Replan(ctx, c.horizon(now))
		return err
	})
	if err != nil || done == (Replanned{}) {
		return err
	}
	c.Log.Warn("times in the future: the clock was ahead when they were written, or is behind now; they are planned anew from now on",
		"urls", done.URLs, "hosts", done.Hosts, "findings", done.Findings, "now", now)
	c.Observe.Replanned(done)
	return nil
}

// wentBack says whether the clock was put back since latest. Round strips the
// monotonic reading, which would hide it.
func wentBack(latest, now time.Time) bool {
	return now.Round(0).Before(latest.Round(0).Add(-clockSlack))
}
