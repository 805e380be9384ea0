// Package review is the queue, where an analyst spends the day.
package review

import (
	"context"
	"net/http"

	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk/campaign"
)

// Campaigns are what the queue reads.
type Campaigns interface {
	// Count returns how many campaigns a list has, but no more than limit.
	Count(ctx context.Context, q campaign.Query, limit int) (int, error)
}

// Options of New. Without Campaigns there is no queue; the others are required.
type Options struct {
	Decision  *decision.Decision
	Campaigns Campaigns
}

// Review shows the queue.
type Review struct {
	*page.Base
	opts     Options
	counters counters
}

// New returns the room.
func New(base *page.Base, opts Options) (*Review, error) {
	return &Review{Base: base, opts: opts}, nil
}

// Route adds the routes of the pages.
func (v *Review) Route(mux page.Mux) {
	mux.HandleFunc("GET /{$}", v.serveQueue)
}

// serveQueue leads bookmarks of searches, which were at this address once, to where they are now.
func (v *Review) serveQueue(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, page.WithQuery("/search", r.URL.Query()), http.StatusSeeOther)
}
