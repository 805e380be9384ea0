// Package review is the queue, where an analyst spends the day: lists of what is waiting, one
// campaign a row, beside them the evidence of one of these, and to its right the panel for
// deciding.
package review

import (
	"context"
	"embed"
	"net/http"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/console"
	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/dashboards/views"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

//go:embed templates/*.html
var files embed.FS

// Campaigns is what the queue reads.
type Campaigns interface {
	// Queue returns a page of campaigns.
	Queue(ctx context.Context, q campaign.Query) (campaign.Page, error)
	// Count returns how many campaigns a list has, up to limit.
	Count(ctx context.Context, q campaign.Query, limit int) (int, error)
	// Tallies counts a list narrowed in several ways, each up to a bound.
	Tallies(ctx context.Context, queries []campaign.Query) ([]campaign.Tally, error)
	// Grown counts the members of campaigns that were first seen after a time, up to limit each.
	Grown(ctx context.Context, sight qianshao.Sight, ids []string, since time.Time, limit int) (map[string]int, error)
	// Campaign returns what can be seen of a campaign, or desk.ErrNotFound.
	Campaign(ctx context.Context, sight qianshao.Sight, id string) (campaign.Details, error)
	// Waiting returns the member that somebody who works through a list should look at next.
	Waiting(ctx context.Context, q campaign.Query, d *campaign.Details) (string, error)
	// Of returns the campaigns of a finding, the primary one first.
	Of(ctx context.Context, finding string) ([]campaign.Membership, error)
}

// Looks stores how accounts want pages to look, and when they last looked at a list.
type Looks interface {
	Preferences(ctx context.Context, account string) (store.Preferences, error)
	SavePreferences(ctx context.Context, account string, p store.Preferences) error
	Looked(ctx context.Context, account, list string) (time.Time, error)
	// SaveLooked changes nothing if a later time is already recorded.
	SaveLooked(ctx context.Context, account, list string, at time.Time) error
}

// Options of New. Without Campaigns there is no queue; the others are required.
type Options struct {
	Decision  *decision.Decision
	Console   *console.Console
	Campaigns Campaigns
	Looks     Looks
	Views     *views.Views
	Index     index.Index
	// Parser returns the parser for queries that are asked now.
	Parser func(ctx context.Context) index.Parser
	Guard  *auth.Guard
	// WhyNothing says why nothing may have been found, and where to do something about it; "" if no
	// reason is known.
	WhyNothing func(ctx context.Context, v *page.Layout) (why, url string)
}

// Review shows the queue.
type Review struct {
	*page.Room
	opts     Options
	counters counters
	found    found
}

// New returns the room.
func New(base *page.Base, opts Options) (*Review, error) {
	room, err := base.Room(files, decision.Parts(), console.Parts())
	return &Review{Room: room, opts: opts}, err
}

// Route adds the routes of the pages.
func (v *Review) Route(mux page.Mux) {
	if v.opts.Campaigns == nil {
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, page.WithQuery("/search", r.URL.Query()), http.StatusSeeOther)
		})
		return
	}
	mux.HandleFunc("GET /{$}", v.serveQueue)
	mux.HandleFunc("GET /views/{id}", v.openView)
	mux.HandleFunc("POST /preferences", v.takePreferences)
	mux.HandleFunc("POST /looked", v.takeLooked)
	// Whoever may report pages may also save views; auditors may change nothing.
	mux.Handle("POST /views", v.opts.Guard.Require(qianshao.PowerSubmit, http.HandlerFunc(v.takeView)))
	mux.Handle("POST /views/{id}/delete", v.opts.Guard.Require(qianshao.PowerSubmit, http.HandlerFunc(v.deleteView)))
}
