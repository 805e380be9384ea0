package ingest

import (
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

// The pause after each failure in a row; the last one is repeated. A URL that
// fails temporarily is never given up: a site that is down for a morning is
// watched again the same morning.
var (
	retryPauses = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}
	// onceRetryPauses are for a Once run, where a person waits: it tries three times and ends, since a
	// try that is due in five minutes is left to the next run.
	onceRetryPauses = []time.Duration{500 * time.Millisecond, 2 * time.Second, 5 * time.Minute, 15 * time.Minute, time.Hour}
)

// quietTries failures in a row are not worth reporting; a server restarts in that time.
const quietTries = 3

// pause returns how long to wait after a number of failures in a row.
func (c *Crawler) pause(failures int) time.Duration {
	return c.RetryPauses[min(max(failures, 1), len(c.RetryPauses))-1]
}

// later is the outcome of a visit that failed temporarily. If the whole host is
// in trouble, it rests, and one of its URLs is tried at a time: a host of
// 20,000 pages that is down gets one request an hour, not 20,000.
func (c *Crawler) later(item Item, skipped *fetch.SkipError, now time.Time) Outcome {
	failures, hostFailures := item.Attempts+1, 0
	if skipped.HostWide() {
		hostFailures = item.HostFailures + 1
		failures = max(failures, hostFailures)
	}
	pause := max(c.pause(failures), skipped.RetryAfter)
	c.Log.Info("fetch failed; trying again", "url", item.URL, "skip", string(skipped.Skip), "in", pause, "error", skipped.Err)
	if failures >= quietTries && skipped.Skip != qianshao.SkipPaused {
		c.Observe.Skipped(skipped.Skip, item.URL)
	}
	outcome := Outcome{Skip: skipped.Skip, Again: now.Add(pause), Failed: true, Priority: item.Priority, Memory: item.Memory, HostFailures: hostFailures}
	if hostFailures > 0 {
		outcome.HostNext = map[string]time.Time{item.Host: outcome.Again}
	}
	return outcome
}

// KeepMissed is how long the frontier keeps a URL whose visits bring no page,
// whatever the reason. Then the URL is dropped, with its query: a site that was
// moved, or an authorisation that has ended, is back within a month or not at all.
const KeepMissed = 30 * 24 * time.Hour

// noteMiss completes the outcome of a visit that brought no page: it notes since when
// there is none, and drops a URL that is not to be kept. A URL with an open finding
// stays. One with a query that its authorisation forbids is dropped at once; like all
// URLs that are not permitted, it does not come back by a link.
func noteMiss(item Item, o *Outcome, now time.Time) {
	if o.Skip == "" { // the page came, and could not be saved
		return
	}
	if o.Memory.MissedSince = item.MissedSince; item.MissedSince.IsZero() {
		o.Memory.MissedSince = now
	}
	forbidden := o.Skip == qianshao.SkipQuery && strings.Contains(item.URL, "?")
	o.Drop = o.Priority == Ordinary && (forbidden || now.Sub(o.Memory.MissedSince) >= KeepMissed)
}
