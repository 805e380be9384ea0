package ingest

import (
	"time"

	"github.com/qianshao/qianshao"
)

// The time between two visits of a page adapts to how often it changes, as in
// Nutch's AdaptiveFetchSchedule: it shrinks when the page has changed and grows
// when it has not, between bounds that the authorisation may set.
const (
	// DefaultRevisit is the first interval of a page.
	DefaultRevisit = 24 * time.Hour
	// MinRevisit keeps a revisit apart from a retry, and lets a Once run end.
	MinRevisit = 10 * time.Minute
	// DefaultSoonest holds for pages that change at every visit, if only by
	// the time of day they show: a front page is seen once an hour.
	DefaultSoonest = time.Hour
	// DefaultLatest is how long a change may stay unseen on a page that never
	// changed before.
	DefaultLatest = 7 * 24 * time.Hour
	// openRevisit is the interval of a page with an open finding, if its own is longer: when the owner
	// has cleaned the page, this shows within the same working day.
	openRevisit = 6 * time.Hour
)

// shrink and grow are chosen so that one change outweighs one visit without a
// change: a page that changes at every second visit is visited ever sooner.
const (
	shrinkNum, shrinkDen = 1, 2
	growNum, growDen     = 3, 2
)

// bounds returns the shortest and the longest interval under an authorisation.
func bounds(a *qianshao.Authorisation) (low, high time.Duration) {
	low, high = a.RevisitMin, a.RevisitMax
	switch {
	case low == 0 && high == 0:
		low, high = DefaultSoonest, DefaultLatest
	case low == 0:
		low = min(DefaultSoonest, high)
	case high == 0:
		high = max(DefaultLatest, low)
	}
	return max(low, MinRevisit), max(high, MinRevisit)
}

// adapted returns the interval until the next visit; before is 0 at the first.
func (c *Crawler) adapted(before time.Duration, changed bool, low, high time.Duration) time.Duration {
	next := c.Revisit
	switch {
	case before == 0:
	case changed:
		next = before * shrinkNum / shrinkDen
	default:
		next = before * growNum / growDen
	}
	return min(max(next, low), high)
}
