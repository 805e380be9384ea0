// Package index is the search over findings: the Index interface, the query
// language as a parsed tree, and the hits. The index is derived from the store
// and can be rebuilt from it at any time.
package index

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Sentinels to test for with errors.Is. The messages name the remedy.
var (
	// ErrRebuild: the index was made by another version of the program, with another folding or zone, or not finished.
	ErrRebuild = locales.Errorf("index.rebuild")
	// ErrUnavailable: the index cannot be reached, or cannot keep up; it may work again later.
	ErrUnavailable = locales.Errorf("index.unavailable")
)

// Index finds findings. bleveindex implements it in a folder and opensearchindex on a cluster; indextest
// tests every implementation against one contract.
type Index interface {
	// Put adds findings or replaces those with the same ids; when it returns, they are durable and can be
	// found. seq is a number of the store's outbox; the findings include all changes up to it. An index
	// that several processes write to keeps data with a greater seq, so that a process that was suspended
	// for a while does not restore an old state. An index with a single process accepts everything.
	Put(ctx context.Context, findings []qianshao.FindingRecord, seq int64) error
	// Delete removes findings, in the same way; an unknown id is not an error.
	Delete(ctx context.Context, ids []string, seq int64) error
	// Purge removes the text of deleted and replaced findings from the disk. It may rewrite the whole
	// index. again is any record of the index, nil if it is empty; it is put once more, since engines merge
	// old data when new data arrives.
	Purge(ctx context.Context, again *qianshao.FindingRecord) error
	// Search returns one page of a query's hits in the requested order, with facets over all hits. It marks
	// the query's words in the stored text of a hit: see Hit.Snippet.
	Search(ctx context.Context, req Request) (Results, error)
	// IDs calls yield with every id in the index, in ascending order, until yield returns false.
	IDs(ctx context.Context, yield func(id string) bool) error
	Close() error
}

// Request is one search.
type Request struct {
	// Query is the parsed query; nil finds everything.
	Query Node
	// Sight limits hits, facets and totals to the findings that it sees; its zero value finds nothing. The
	// operator's own files, which have no authorisation, are found only by those who see everything.
	Sight qianshao.Sight
	// IDs limits hits, facets and total to these findings; nil does not limit them.
	IDs []string
	// Limit is the maximum number of hits on the page; 0 returns only total and facets.
	Limit int
	// The page begins after Offset hits, or directly after the place After, or ends directly before the
	// place Before: at most one of them, otherwise the error wraps ErrCursor. Cursors cost the same at any
	// depth, and never skip or repeat a hit whose own place has not changed. If the sum of Offset and Limit
	// exceeds MaxWindow, the error wraps ErrWindow.
	Offset        int
	After, Before Cursor
	// NoFacets leaves out the facets, if only hits or the total are wanted.
	NoFacets bool
	// Sort is the order of the hits; empty is SortSeen. An order that is not in Sorts is an error.
	Sort Sort
}

// Sort is an order of hits. If two are equal, the one with the newest LastSeen comes first, then the one
// with the lesser id.
type Sort string

// The orders.
const (
	SortSeen  Sort = "seen"  // the newest LastSeen first
	SortNew   Sort = "new"   // the newest FirstSeen first
	SortScore Sort = "score" // the highest score first
)

// Sorts returns the orders, the default first.
func Sorts() []Sort { return []Sort{SortSeen, SortNew, SortScore} }

// Valid says whether a request may use the order.
func (s Sort) Valid() bool { return s == "" || slices.Contains(Sorts(), s) }

// MaxWindow bounds how deep a search can page by offset, because every engine keeps that many hits in
// memory, and how many hits a page can have. Cursors reach further.
const MaxWindow = 10_000

// ErrWindow is wrapped by Search's error for a request beyond MaxWindow.
var ErrWindow = errors.New("search window exceeded")

// DisguisedTerms returns, for each piece of a finding's evidence that was written in disguise, its plain
// term. They are searched along with the page's text, so that "注册送" finds the page that spells it 注*册*送.
func DisguisedTerms(f *qianshao.Finding) []string {
	var terms []string
	for i := range f.Evidence {
		if ev := &f.Evidence[i]; len(ev.Steps) > 0 && !slices.Contains(terms, ev.Term) {
			terms = append(terms, ev.Term)
		}
	}
	return terms
}

// Results is the result of a search.
type Results struct {
	Total int `json:"total"`
	// From is how many hits come before the first of Hits; if there are none, before the page.
	From int   `json:"from"`
	Hits []Hit `json:"hits"`
	// Next and Prev are the places after the last of Hits and before the first, if there are further hits.
	Next Cursor `json:"next,omitempty"`
	Prev Cursor `json:"prev,omitempty"`
	// Facets count the values over all hits, most frequent first. Keys: category, level,
	// state, verdict, host, rule (at most FacetSize values each) and day (YYYY-MM-DD in the
	// zone of the index, newest first, at most FacetDays).
	Facets map[string][]FacetCount `json:"facets"`
	Took   time.Duration           `json:"took_ns"`
}

// Link sets Next and Prev from the page's position in the whole list.
func (r *Results) Link(sort Sort) {
	n := len(r.Hits)
	if n == 0 {
		return
	}
	if r.From > 0 {
		first := PlaceOf(sort, &r.Hits[0])
		r.Prev = first.Cursor(sort)
	}
	if r.From+n < r.Total {
		last := PlaceOf(sort, &r.Hits[n-1])
		r.Next = last.Cursor(sort)
	}
}

// Sizes of the facets: as many values as a person can take in at a glance.
const (
	FacetSize = 20
	FacetDays = 31
)

// FacetCount is one value of a facet and how many hits have it.
type FacetCount struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// Hit is the part of a finding that a list shows. The store has all of it.
type Hit struct {
	ID       string            `json:"id"`
	URL      string            `json:"url"`
	Host     string            `json:"host"`
	Title    string            `json:"title"` // the page's
	Rule     string            `json:"rule"`
	Category qianshao.Category `json:"category"`
	Level    qianshao.Level    `json:"level"`
	Score    int               `json:"score"`
	Hidden   bool              `json:"hidden"`
	State    qianshao.State    `json:"state"`
	// Verdict, Assignee, Parked and Campaign, the primary one, are those of qianshao.Review.
	Verdict  qianshao.Answer `json:"verdict"`
	Assignee string          `json:"assignee,omitempty"`
	Parked   bool            `json:"parked"`
	Campaign string          `json:"campaign,omitempty"`
	// FirstSeen and LastSeen are the finding's.
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	// Evidence is the primary evidence with a little context before and after it, as plain text.
	Evidence string `json:"evidence"`
	// Snippet shows where the title or the evidence contains the query's words; nil if neither does. A
	// Marker finds them in the page's text, which the index does not store.
	Snippet *Snippet `json:"snippet,omitempty"`
}
