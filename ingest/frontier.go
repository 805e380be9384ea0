// Package ingest fetches pages: it decides which URL is due, whether an authorisation
// covers it, and what its host allows. Package ingest/input reads pages that are not crawled.
// Neither looks at the content of a page; package analyze does.
package ingest

import (
	"context"
	"errors"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
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
	// HostFailures counts the visits in a row at which the host failed as a whole, over all
	// of its pages and all crawlers.
	HostFailures int
	// Priority orders the due URLs of a host, highest first.
	Priority Priority
	// Holder is who has leased the item; "" if nobody has.
	Holder string
	// Memory is what the last visit left for this one.
	Memory
}

// Priority says which of the due URLs of a host come first.
type Priority int

const (
	// Ordinary URLs come in the order in which they are due.
	Ordinary Priority = iota
	// Urgent URLs are those with an open finding, and those that a person has asked for.
	Urgent
)

// Memory is what a visit must know of the one before it. It belongs to the item
// and not to the page, since several URLs may lead to one page.
type Memory struct {
	// Page is the URL of the page that the item led to; "" before there was one.
	Page string
	// ETag and LastModified are the validators of that page.
	ETag         string
	LastModified string
	// Hash is the SHA-256 of the body that was assessed, in hex, and Rules names
	// the rules that it was assessed by.
	Hash  string
	Rules string
	// Interval is the adapted time between two visits; 0 before the first.
	Interval time.Duration
	// MissedSince is when visits began to bring no page; the zero time if the last
	// one brought a page.
	MissedSince time.Time
}

// Unflagged is what is kept of a page that was judged and is not flagged.
type Unflagged struct {
	URL, RequestedURL string
	// Authorisation is the id under which it was fetched.
	Authorisation string
	Status        int
	FetchedAt     time.Time
	// Hash is the SHA-256 of the body that was judged, in hex, and Rules names the rules that judged it.
	Hash, Rules string
	// ViewsAsked and Scripted are as in store.Save.
	ViewsAsked, Scripted bool
}

// Outcome is what became of an item, recorded when all else is saved.
type Outcome struct {
	// Skip is the reason why there is no page; "" if there is one.
	Skip qianshao.Skip
	// Again is when to visit next; the zero time means never.
	Again time.Time
	// Drop takes the URL out of the frontier, with its query. If a page links to it
	// again, it is a new URL.
	Drop bool
	// Failed counts this visit as a failed attempt; the store keeps the item due at Again.
	Failed   bool
	Priority Priority
	Memory   Memory
	// Page is saved in the same step, before the rest; nil if there is none, or it is already saved.
	Page *Unflagged
	// Links are URLs to be added in the same step, as by Add.
	Links []Item
	// At is when the outcome was decided.
	At time.Time
	// HostNext are the times before which hosts get no request, set in the same step. For a
	// host other than the item's, a later time that is already set stays.
	HostNext map[string]time.Time
	// Authorisation is the id under which the host was requested; "" if no request was made, so
	// that the outcome says nothing about the host.
	Authorisation string
	// HostDown says that the host's other URLs would have failed as well.
	HostDown bool
	// HostFailures becomes Item.HostFailures of the host's next item; 0 after an answer.
	HostFailures int
}

// ErrLeasePassed is returned for an outcome that comes too late: the lease of its item has
// expired, and another crawler has leased the host since. That crawler records the outcome.
var ErrLeasePassed = errors.New("the lease has passed to another crawler")

// Frontier is the durable queue of URLs. Schedules, leases, retries and the hosts' turns are rows of a
// database, not memory, so that a process may die at any instruction and several processes may share a
// frontier. store/sqlstore implements it, and store/storetest tests implementations against these
// promises.
type Frontier interface {
	// Add adds URLs, due at once: all of them, or, on an error, none. A known URL is left as it is.
	Add(ctx context.Context, items []Item) error
	// Lease records the outcomes of lease.Visits, as Done does, and in the same step
	// hands out items that are due, at most one for each host. It leaves out hosts
	// whose next time has not come, that have a live lease (so a slow host gets one request at a
	// time), or that are being requested in a turn. It keeps the items from other callers until the
	// lease ends. An expired lease is handed out again.
	Lease(ctx context.Context, lease Lease) ([]Item, error)
	// HostCount returns the number of the host's URLs, visited ones included.
	HostCount(ctx context.Context, host string) (int, error)
	// QueryCount returns the number of URLs that are page followed by a query.
	QueryCount(ctx context.Context, page string) (int, error)
	// Done records the outcome and ends the lease. It comes last: a crash before it repeats
	// work that is idempotent. If the item has a Holder and its host has been leased by another
	// since, nothing is recorded, and the error wraps ErrLeasePassed. An item without Holder is
	// always recorded, and ends only the lease of its own URL. For an unknown URL the error
	// wraps store.ErrNotFound, unless it is to be dropped.
	Done(ctx context.Context, item Item, outcome Outcome) error
	// Extend makes those leases of hosts that holder still has end after d, counted from now.
	Extend(ctx context.Context, holder string, hosts []string, now time.Time, d time.Duration) error
	// Release ends the leases and turns of holder. It is called when holder ends, and when it
	// starts after a crash. The hosts rest for the interval that was booked with the last of these,
	// counted from now: it is not known when an unreported request was sent, only that it was
	// before.
	Release(ctx context.Context, holder string, now time.Time) error
	// Clock returns the time of the database's clock, which all processes that share the database
	// use; the zero time if the database has no clock of its own.
	Clock(ctx context.Context) (time.Time, error)
	// Turn books the next request to a host for a process that does not have its lease, or has used
	// the turn that came with the lease; see fetch.Turns. It uses the database's clock, or turn.Now
	// if there is none.
	Turn(ctx context.Context, turn Turn) (fetch.Booked, error)
	// EndTurn ends holder's turn at a host, which gets no other request until rest has passed.
	EndTurn(ctx context.Context, holder, host string, now time.Time, rest time.Duration) error
	// Replan finds what was planned while the clock was ahead, and plans it anew
	// from horizon.Now: a URL decided after horizon.Decided keeps the length of its
	// interval, a URL due after horizon.Due is due at once, and a host that rests
	// until after horizon.Rest need not rest. It also counts the findings that were
	// seen after horizon.Decided.
	Replan(ctx context.Context, horizon Horizon) (Replanned, error)
	// Next returns the earliest time at which an item may be leased, leased
	// items included (at their lease's end); ok is false when nothing is left.
	Next(ctx context.Context) (due time.Time, ok bool, err error)
}

// Visit is an item and the outcome of its visit.
type Visit struct {
	Item    Item
	Outcome Outcome
}

// Lease says what to hand out.
type Lease struct {
	// Holder names the process that leases. It is the same after a restart.
	Holder string
	// Visits are finished visits, which are recorded before anything is handed
	// out. If that fails, nothing is handed out.
	Visits []Visit
	// Passed is called for each visit that was not recorded, because its lease has
	// passed to another. It may be nil.
	Passed func(Item)
	Now    time.Time
	Limit  int
	For    time.Duration
	// Interval returns for how long the item's host gets no other request after
	// this one. It is saved with the lease, before the request is made, so that
	// a crash cannot make a host see more than its rate. Nil means no wait.
	Interval func(Item) time.Duration
}
