// Package sites has the pages about what is monitored: sites, the register of authorisations, what
// of it is not monitored, and submissions.
package sites

import (
	"context"
	"embed"
	"io/fs"
	"net/http"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/intake"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

//go:embed templates/*.html
var files embed.FS

//go:embed parts/templates/*.html
var parts embed.FS

// Store is what the pages read; it also withdraws submissions and keeps authorisations.
type Store interface {
	// Authorisations returns the register, by id.
	Authorisations(ctx context.Context) ([]qianshao.Authorisation, error)
	// Authorisation returns one authorisation, or store.ErrNotFound.
	Authorisation(ctx context.Context, id string) (qianshao.Authorisation, error)
	// ReplaceAuthorisations adds or replaces authorisations, all or none, each with an act. If they
	// have changed since seen, their store.RegisterDigest, was computed, it returns
	// store.ErrChanged.
	ReplaceAuthorisations(ctx context.Context, by store.Signed, list []qianshao.Authorisation, seen string) error
	// EndAuthorisation ends an authorisation now, with an act, or returns store.ErrNotFound.
	EndAuthorisation(ctx context.Context, by store.Signed, id string) error
	// Sites returns sites, and how many there are in all; Site returns one, or store.ErrNotFound.
	Sites(ctx context.Context, q store.SitesQuery) (list []store.Site, total int, err error)
	Site(ctx context.Context, sight qianshao.Sight, host string) (store.Site, error)
	// Skips counts the reasons why URLs of a site brought no page.
	Skips(ctx context.Context, sight qianshao.Sight, host string) ([]store.SkipCount, error)
	// Records returns the acts on a subject that is not reviewed, the latest first.
	Records(ctx context.Context, subject qianshao.Subject, limit int) ([]qianshao.Act, error)
	// Submission returns one submission, or store.ErrNotFound.
	Submission(ctx context.Context, id string) (qianshao.Submission, error)
	// Submissions returns the submissions that somebody may read, the latest first, at most limit.
	Submissions(ctx context.Context, who store.Reader, limit int) ([]qianshao.Submission, error)
	// SubmissionsIn returns those in a state, or all with "".
	SubmissionsIn(ctx context.Context, who store.Reader, state qianshao.SubmissionState, offset, limit int) ([]qianshao.Submission, error)
	// FindingsOfSubmissions returns the open findings on the reported pages that the sight shows,
	// by the ids of the reports.
	FindingsOfSubmissions(ctx context.Context, sight qianshao.Sight, ids []string) (map[string][]string, error)
	// SubmissionOrigins counts those of them that are still open, by origin.
	SubmissionOrigins(ctx context.Context, who store.Reader) ([]store.OriginCount, error)
	// WithdrawSubmission removes a submission, with an act, or returns store.ErrNotFound.
	WithdrawSubmission(ctx context.Context, by store.Signed, id string) error
}

// Register parses authorisations that people have written, and is notified when some have changed.
type Register struct {
	// ParseFile parses a file, a table or a scope file, as "qianshao scope add" does; the name is
	// "" if its text was pasted. ParseFields parses the fields of a form, by the keys of a scope
	// file.
	ParseFile   func(name string, data []byte) ([]qianshao.Authorisation, []Mistake)
	ParseFields func(values map[string]string) (qianshao.Authorisation, []Mistake)
	// Changed returns once nothing uses the register's former state any more.
	Changed func(ctx context.Context) error
}

// Mistake is a mistake in a file or a form.
type Mistake struct {
	Line, Column int
	// Field is the key that is wrong; "" for the whole.
	Field   string
	Message locales.Message
}

// Options of New. Store and Guard are required.
type Options struct {
	Store Store
	Guard *auth.Guard
	// Intake takes submissions; without it there is no page for them.
	Intake *intake.Intake
	// Unmonitored lists what is not monitored, and with Limit 0 only counts it; without it there is
	// no page for that.
	Unmonitored func(ctx context.Context, r qianshao.UnmonitoredRequest) (qianshao.UnmonitoredList, error)
	// Watch returns what the register says about each of the sites; without it the pages say
	// nothing about that.
	Watch func(sight qianshao.Sight, list []store.Site) []store.Watch
	// Recheck makes the known URLs of a site, or one page on it, due at once, or returns why no
	// request is allowed; without it nothing can be rechecked.
	Recheck func(ctx context.Context, by store.Signed, sight qianshao.Sight, host, page string) (urls int, why qianshao.Skip, err error)
	// Register parses what people write; without it authorisations can only be read.
	Register *Register
}

// Sites serves the pages about what is monitored.
type Sites struct {
	*page.Room
	opts   Options
	ending ending
}

// New returns the room.
func New(base *page.Base, opts Options) (*Sites, error) {
	if opts.Watch == nil {
		opts.Watch = func(_ qianshao.Sight, list []store.Site) []store.Watch { return make([]store.Watch, len(list)) }
	}
	shared, err := fs.Sub(parts, "parts")
	if err != nil {
		return nil, err
	}
	room, err := base.Room(files, shared)
	return &Sites{Room: room, opts: opts}, err
}

// Route adds the routes of the pages.
func (s *Sites) Route(mux page.Mux) {
	mux.HandleFunc("GET /sites", s.serveSites)
	mux.HandleFunc("GET /sites/{host}", s.serveSite)
	if s.opts.Recheck != nil {
		mux.Handle("POST /sites/{host}/recheck", s.opts.Guard.Require(qianshao.PowerDecide, http.HandlerFunc(s.recheck)))
	}
	mux.HandleFunc("GET /authorisations", s.serveRegister)
	mux.HandleFunc("GET /authorisations/{id}", s.serveAuthorisation)
	if s.opts.Register != nil {
		// These paths are two levels below the list, where no authorisation's page can be, whatever
		// its id: one may be called "new".
		mux.Handle("GET /authorisations/-/new", s.registrars(s.serveNew))
		mux.Handle("POST /authorisations/-/new", s.registrars(s.takeNew))
		mux.Handle("POST /authorisations/-/new/import", s.registrars(s.takeFile))
		mux.Handle("GET /authorisations/{id}/edit", s.registrars(s.serveEdit))
		mux.Handle("POST /authorisations/{id}/edit", s.registrars(s.takeEdit))
		mux.Handle("POST /authorisations/{id}/end", s.registrars(s.end))
	}
	if s.opts.Unmonitored != nil {
		mux.HandleFunc("GET /unmonitored", s.serveUnmonitored)
	}
	if s.opts.Intake != nil {
		mux.HandleFunc("GET /submissions", s.serveSubmissions)
		mux.Handle("POST /submissions", s.opts.Guard.Require(qianshao.PowerSubmit, http.HandlerFunc(s.takeSubmission)))
		mux.Handle("POST /submissions/{id}/withdraw", s.opts.Guard.Require(qianshao.PowerSubmit, http.HandlerFunc(s.withdrawSubmission)))
	}
}

// signed is the author and time of a request's changes.
func (s *Sites) signed(r *http.Request) store.Signed {
	return store.Signed{By: auth.From(r.Context()).Name, At: s.Now()}
}

// registrars lets only accounts pass that may change the register.
func (s *Sites) registrars(next http.HandlerFunc) http.Handler {
	return s.opts.Guard.Require(qianshao.PowerAdminister, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.MayRegister(r) {
			s.Refuse(w, r, http.StatusForbidden, "forbidden")
			return
		}
		next(w, r)
	}))
}
