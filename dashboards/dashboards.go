// Package dashboards is what people and programs see of Qianshao. It combines the rooms of pages,
// the API and the metrics into one handler, and decides in what order a request passes through the
// guards. It also holds the Grafana boards and the alert rules. What people change here (acts and
// batches, submissions, saved views, settings, their own account) is checked and stored by desk,
// intake and auth.
package dashboards

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/admin"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/campaigns"
	"github.com/qianshao/qianshao/dashboards/console"
	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/dashboards/downloads"
	"github.com/qianshao/qianshao/dashboards/intake"
	"github.com/qianshao/qianshao/dashboards/notices"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/dashboards/review"
	"github.com/qianshao/qianshao/dashboards/sites"
	"github.com/qianshao/qianshao/dashboards/views"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/export"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/wording"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/store"
)

// Store is what the console and the API need of the store.
type Store interface {
	console.Store
	sites.Store
	decision.Store
	campaigns.Store
	admin.Store
	api.Store
	auth.Store
	api.Answers
	views.Store
	review.Looks
	api.News
	export.Store
	notices.Store
}

// Campaigns is what the console, the API and exports need of campaigns.
type Campaigns interface {
	api.Campaigns
	review.Campaigns
	export.Campaigns
	campaigns.Reader
	console.Campaigns
}

// Options of New. Store, Index and Holder are required. Without one of the others, its pages and
// routes do not exist.
type Options struct {
	Store Store
	Index index.Index
	// Holder identifies this process among all that use the store; it must be the same after a
	// restart.
	Holder string

	// Sign-in. Accounts are the accounts; nil means those of Store. OIDC is the provider where
	// people may also sign in; nil for none. LocalToken, Proxies and RequireFactor are those of
	// auth.GuardOptions and auth.Proxies.
	Accounts      *auth.Accounts
	OIDC          *auth.OIDC
	LocalToken    string
	Proxies       auth.Proxies
	RequireFactor bool

	// Decisions. Desk records acts. Campaigns are the groups of findings, and Checks verifies the
	// trail: both are required with Desk.
	Desk      *desk.Desk
	Campaigns Campaigns
	Checks    admin.Checks

	// Notices sends alerts to channels; without it there are no pages for that.
	Notices notices.Engine

	// Exports. ExportFolder is where they are kept until they are sent; there are none without it
	// or without Desk. Evidence writes the archived evidence of findings as a zip.
	ExportFolder string
	Evidence     func(ctx context.Context, w io.Writer, b export.Bundle) error

	// Statistics. Reports makes the report of a period; without it there is no page for that.
	Reports func(ctx context.Context, q report.Query) (*report.Report, error)

	// Monitoring. Submit queues submissions. Unmonitored lists what is in the register but is not
	// monitored; with Limit 0 it only counts. Watch, Recheck and Register are those of
	// sites.Options, Whereabouts is that of console.Options.
	Submit      intake.Submit
	Unmonitored func(ctx context.Context, r qianshao.UnmonitoredRequest) (qianshao.UnmonitoredList, error)
	Watch       func(sight qianshao.Sight, list []store.Site) []store.Watch
	Recheck     func(ctx context.Context, by store.Signed, sight qianshao.Sight, host, page string) (urls int, why qianshao.Skip, err error)
	Register    *sites.Register
	Whereabouts func(ctx context.Context, url string) (console.Whereabouts, error)

	// Judging. Rule returns the explanations of a rule in force, and RuleLaw the provisions that it
	// names; ok is false for rules that no longer exist. RuleIDs returns the ids of the rules in
	// force; nil for none. Understand is that of console.Options. Scan judges pages sent by
	// programs.
	Rule       func(id string) (r console.RuleTexts, ok bool)
	RuleIDs    func() []string
	RuleLaw    func(id string) []string
	Understand func(url, source string) *qianshao.Document
	Scan       api.Scan

	// Queries. Canonical spells a URL as the index does; if it is nil, pasted URLs are left to
	// index.Parser. Fold is the index's normalisation of text, for marking the words of a query in
	// evidence that the index does not have; if it is nil, only case is ignored.
	Canonical func(url string) (string, error)
	Fold      func(string) string

	// Zone is the time zone for times and days, the same as the index's; nil means
	// index.DefaultZone. Version is shown at the foot of every page. Now is the clock; nil means
	// time.Now. Log receives failures; if it is nil, they are not logged.
	Zone    *time.Location
	Version string
	Now     func() time.Time
	Log     *slog.Logger
	// Registry is served at /metrics; without it that page does not exist.
	Registry *prometheus.Registry
	// Closing is closed when the server is shutting down; see api.Options.
	Closing <-chan struct{}
}

// requestTime bounds the time that one request may use the store and the index.
const requestTime = 20 * time.Second

// site is everything served at one address.
type site struct {
	opts  Options
	guard *auth.Guard
	pages *page.Base
	api   *api.API
	// sites, review and notices are rooms that the layout of every page needs; rooms are all rooms
	// of pages.
	sites   *sites.Sites
	review  *review.Review
	notices *notices.Notices
	rooms   []room
	mux     *routes
}

// New returns the handler. Its error is a mistake in the options.
func New(opts Options) (http.Handler, error) {
	s, err := newSite(opts)
	if err != nil {
		return nil, err
	}
	return s.protect(s.routes()), nil
}

// routes is a mux that knows the patterns of its routes, so that a test can check who may use each
// of them.
type routes struct {
	*http.ServeMux
	patterns []string
}

// HandleFunc adds a route.
func (r *routes) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	r.Handle(pattern, http.HandlerFunc(handler))
}

// Handle adds a route.
func (r *routes) Handle(pattern string, handler http.Handler) {
	r.patterns = append(r.patterns, pattern)
	r.ServeMux.Handle(pattern, handler)
}

func newSite(opts Options) (*site, error) {
	if opts.Store == nil || opts.Index == nil || opts.Holder == "" {
		return nil, errors.New("dashboards: Store, Index and Holder are required")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Zone == nil {
		opts.Zone = index.DefaultZone()
	}
	if opts.Rule == nil {
		opts.Rule = func(string) (console.RuleTexts, bool) { return console.RuleTexts{}, false }
	}
	if opts.RuleIDs == nil {
		opts.RuleIDs = func() []string { return nil }
	}
	if opts.Accounts == nil {
		opts.Accounts = auth.NewAccounts(opts.Store, opts.Now)
	}
	s := &site{opts: opts}
	var provider *auth.Provider
	if opts.OIDC != nil {
		provider = auth.NewProvider(*opts.OIDC)
	}
	s.guard = auth.NewGuard(auth.GuardOptions{
		Provider: provider, Accounts: opts.Accounts, Local: opts.LocalToken, RequireFactor: opts.RequireFactor, Log: opts.Log,
		Rules: auth.Rules{IsOpen: isOpen, IsMachine: isMachine, Refuse: s.refuse},
	})
	c := newCommon(&s.opts, s.guard)
	var told api.Notices
	if opts.Notices != nil {
		told = opts.Store
	}
	s.api = api.New(api.Options{
		Notices:  told,
		Exporter: c.exporter, Views: c.views, Intake: c.intake, Parser: c.parser, Selection: c.selection,
		Store: opts.Store, Index: opts.Index, Guard: s.guard, Accounts: opts.Accounts, Answers: opts.Store, Holder: opts.Holder, Unmonitored: opts.Unmonitored, Remedy: wording.Remedy,
		Desk: opts.Desk, Campaigns: opts.Campaigns, News: opts.Store, Closing: opts.Closing, Scan: opts.Scan, Version: opts.Version, Now: opts.Now, Log: opts.Log,
	})
	err := s.addPages(c)
	return s, err
}

func (s *site) routes() *routes {
	mux := &routes{ServeMux: http.NewServeMux()}
	s.mux = mux
	for _, r := range s.rooms {
		r.Route(mux)
	}
	mux.HandleFunc("GET /static/{file}", s.pages.ServeStatic)
	s.api.Route(mux)
	mux.HandleFunc("GET /healthz", s.health)
	if s.opts.Registry != nil {
		// One failing collector must not hide the other metrics.
		mux.Handle("GET /metrics", s.guard.RequireScope(qianshao.ScopeMetrics, promhttp.HandlerFor(s.opts.Registry, promhttp.HandlerOpts{
			ErrorHandling: promhttp.ContinueOnError,
			ErrorLog:      slog.NewLogLogger(s.opts.Log.Handler(), slog.LevelWarn),
		})))
	}
	mux.HandleFunc(rest, func(w http.ResponseWriter, r *http.Request) {
		if allowed := allowedMethods(mux.ServeMux, r); len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			s.fail(w, r, http.StatusMethodNotAllowed)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			s.api.Unknown(w)
			return
		}
		s.fail(w, r, http.StatusNotFound)
	})
	return mux
}

// rest is the route for everything that no other route matches.
const rest = "/"

// exists says whether an address has a page.
func (s *site) exists(at *url.URL) bool {
	_, pattern := s.mux.Handler(&http.Request{Method: http.MethodGet, URL: at})
	return pattern != rest
}

// allowedMethods returns the methods that a request's address allows. The mux would answer 405 by
// itself, if the route "/" did not match everything.
func allowedMethods(mux *http.ServeMux, r *http.Request) (allowed []string) {
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut} {
		probe := r.Clone(r.Context())
		probe.Method = method
		if _, pattern := mux.Handler(probe); pattern != rest {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

// health answers 200 if the store and the index answer. It also does so if only the search server is
// unavailable: taking the console offline, too, would help nobody. It says no more than that, because
// it needs no sign-in.
func (s *site) health(w http.ResponseWriter, r *http.Request) {
	// No finding has this id: it makes the database answer without reading much.
	_, err := s.opts.Store.VisibleFinding(r.Context(), qianshao.SeeAll(), "-")
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.unhealthy(w, api.HealthStore, err)
		return
	}
	_, err = s.opts.Index.Search(r.Context(), index.Request{Sight: qianshao.SeeAll(), Query: index.Phrase{Text: "healthz"}, NoFacets: true})
	answer := "ok\n"
	switch {
	case errors.Is(err, index.ErrUnavailable):
		answer = "ok, without search\n"
	case err != nil:
		s.unhealthy(w, api.HealthIndex, err)
		return
	}
	w.Header().Set(api.HealthHeader, api.HealthOK)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(answer))
}

func (s *site) unhealthy(w http.ResponseWriter, part string, err error) {
	s.opts.Log.Error("health check", "part", part, "error", err)
	w.Header().Set(api.HealthHeader, part)
	http.Error(w, part+" does not answer; the log has the cause", http.StatusServiceUnavailable)
}

// isMachine says whether a request comes from a program rather than from a person: it gets JSON or
// plain text instead of pages, and sends a token instead of a login form.
func isMachine(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/metrics"
}

// fail answers with an error status: a person gets a page, a program its own format.
func (s *site) fail(w http.ResponseWriter, r *http.Request, status int) {
	if isMachine(r) {
		s.refuse(w, r, status, strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"), http.StatusText(status))
		return
	}
	s.pages.Fail(w, r, status)
}

// refuse answers a request that is not allowed: a program gets code and message, a person a page.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	if !isMachine(r) {
		s.pages.Refuse(w, r, status, code)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		s.api.WriteProblem(w, api.NewProblem(status, code, message))
		return
	}
	http.Error(w, message, status)
}

// withDeadline sets a deadline on a request's context.
func withDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == api.EventsPath { // the stream lasts as long as its client
			next.ServeHTTP(w, r)
			return
		}
		limit := requestTime
		if r.URL.Path == downloads.Path || r.URL.Path == api.ExportsPath {
			limit = export.MaxTime
		}
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
