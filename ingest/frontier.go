// Package ingest brings pages in: which URL is due, whether an authorisation
// covers it, what its host allows, and the sources other than a crawl (WARC
// files, folders, JSON lines). It never looks into a page; that is analyze's.
package ingest

import (
	"context"
	"time"

	"github.com/qianshao/qianshao"
)

// Item is one URL of the crawl frontier.
type Item struct {
	// URL is canonical (see Canonical); it is the item's key.
	URL  string
	Host string
	// Authorisation is the id under which the URL was added.
	Authorisation string
	// Depth is the number of links from a seed; a seed has 0.
	Depth int
	// Attempts counts the failed tries so far.
	Attempts int
}

// Outcome is what became of an item, recorded when all else is saved.
type Outcome struct {
	// Skip is the reason for which there is no page; "" if there is one.
	Skip qianshao.Skip
	// Again is when to visit next; the zero time means never.
	Again time.Time
	// Failed counts this as an attempt; the store keeps the item due at Again.
	Failed bool
}

// Frontier is the durable queue of URLs. Schedule, lease and retry are rows,
// not memory, so that a process may die at any instruction. Met by
// index/store.
type Frontier interface {
	// Add puts URLs in, due at once. A URL that is known already is left as it is.
	Add(ctx context.Context, items []Item) error
	// Lease hands out up to limit items that are due at now, at most one a
	// host and none of a host whose next time has not come or that has a live
	// lease (so a slow host is asked for one page at a time), and keeps them from
	// other callers until now+ttl. An expired lease is handed out again.
	Lease(ctx context.Context, now time.Time, limit int, ttl time.Duration) ([]Item, error)
	// HostCount returns the number of the host's URLs, visited ones included.
	HostCount(ctx context.Context, host string) (int, error)
	// QueryCount returns the number of URLs that are page followed by a query.
	QueryCount(ctx context.Context, page string) (int, error)
	// HostNext sets the time before which host gets no request.
	HostNext(ctx context.Context, host string, next time.Time) error
	// Done records the outcome and ends the lease. It comes last: a crash
	// before it repeats work that is idempotent.
	Done(ctx context.Context, item Item, outcome Outcome) error
	// Release ends all leases, for a start after a crash.
	Release(ctx context.Context) error
	// Next returns the earliest time at which an item may be leased, leased
	// items included (at their lease's end); ok is false when nothing is left.
	Next(ctx context.Context) (due time.Time, ok bool, err error)
}
