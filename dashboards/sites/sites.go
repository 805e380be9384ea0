// Package sites is the pages of what is watched: the register of authorisations, what of it
// is not monitored, the submissions of pages.
package sites

import (
	"context"
	"embed"
	"net/http"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/intake"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/store"
)

//go:embed templates/*.html
var files embed.FS

// Store is what the pages read, and where submissions are withdrawn.
type Store interface {
	// Authorisations returns the register, by id.
	Authorisations(ctx context.Context) ([]qianshao.Authorisation, error)
	// Submission returns one submission, or store.ErrNotFound.
	Submission(ctx context.Context, id string) (qianshao.Submission, error)
	// Submissions returns the submissions that somebody may read, the latest first, at most limit.
	Submissions(ctx context.Context, who store.Reader, limit int) ([]qianshao.Submission, error)
	// SubmissionOrigins counts those of them that are still to be seen to by origin.
	SubmissionOrigins(ctx context.Context, who store.Reader) ([]store.OriginCount, error)
	// WithdrawSubmission removes one, or returns store.ErrNotFound.
	WithdrawSubmission(ctx context.Context, id string) error
}

// Options of New. Store and Guard are required.
type Options struct {
	Store Store
	Guard *auth.Guard
	// Intake takes submissions; without it there is no page for them.
	Intake *intake.Intake
	// Unmonitored lists what is not monitored, and only counts it with Limit 0;
	// without it there is no page for that.
	Unmonitored func(ctx context.Context, r qianshao.UnmonitoredRequest) (qianshao.UnmonitoredList, error)
}

// Sites answers people who ask what is watched.
type Sites struct {
	*page.Room
	opts Options
}

// New returns the room.
func New(base *page.Base, opts Options) (*Sites, error) {
	room, err := base.Room(files)
	return &Sites{Room: room, opts: opts}, err
}

// Route adds the routes of the pages.
func (s *Sites) Route(mux page.Mux) {
	mux.HandleFunc("GET /authorisations", s.serveRegister)
	if s.opts.Unmonitored != nil {
		mux.HandleFunc("GET /unmonitored", s.serveUnmonitored)
	}
	if s.opts.Intake != nil {
		mux.HandleFunc("GET /submissions", s.serveSubmissions)
		mux.Handle("POST /submissions", s.opts.Guard.Require(qianshao.PowerSubmit, http.HandlerFunc(s.takeSubmission)))
		mux.Handle("POST /submissions/{id}/withdraw", s.opts.Guard.Require(qianshao.PowerSubmit, http.HandlerFunc(s.withdrawSubmission)))
	}
}
