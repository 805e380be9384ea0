// Package dashboards is what people and programs look at. It wires the
// rooms of pages, the API and the metrics into one handler, and decides in
// what order a request passes through its guards. Beside it are the Grafana
// board and the alert rules. What people change here (acts and batches, submissions,
// saved views, settings, their own account) is checked and kept by desk, intake and auth.
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

// Store is what console and API read together.
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

// Campaigns are what console, API and exports read of campaigns.
type Campaigns interface {
	api.Campaigns
	review.Campaigns
	export.Campaigns
	campaigns.Reader
	console.Campaigns
}

// Options of New. Store, Index and Holder are required. What is left out has no pages and no routes.
type Options struct {
	Store Store
	Index index.Index
	// Holder names this process among all on the store, by the same name after a restart.
	Holder string

	// Who may enter. Accounts are those that may; nil makes them over Store. OIDC is where people
	// may log in, too; nil for nowhere. LocalToken, Proxies and RequireFactor are as in
	// auth.GuardOptions and auth.Proxies.
	Accounts      *auth.Accounts
	OIDC          *auth.OIDC
	LocalToken    string
	Proxies       auth.Proxies
	RequireFactor bool

	// What people decide. Desk takes acts. Campaigns are what findings are grouped into, and Checks
	// holds the trail against its chain: both are required with Desk.
	Desk      *desk.Desk
	Campaigns Campaigns
	Checks    admin.Checks

	// Notices tells people what they want to know, by channels; without it there are no pages for that.
	Notices notices.Engine

	// What is taken out. ExportFolder is where exports lie until they are sent; without it, or
	// Desk, none are made. Evidence writes a zip of what is archived of findings.
	ExportFolder string
	Evidence     func(ctx context.Context, w io.Writer, b export.Bundle) error

	// What is counted. Reports makes the report of a period; without it there is no page for that.
	Reports func(ctx context.Context, q report.Query) (*report.Report, error)

	// What is watched. Submit queues submissions. Unmonitored lists what the register says is
	// watched and is not; with Limit 0 it only counts. Watch, Recheck and Register are as in
	// sites.Options, Whereabouts as in console.Options.
	Submit      intake.Submit
	Unmonitored func(ctx context.Context, r qianshao.UnmonitoredRequest) (qianshao.UnmonitoredList, error)
	Watch       func(sight qianshao.Sight, list []store.Site) []store.Watch
	Recheck     func(ctx context.Context, by store.Signed, sight qianshao.Sight, host, page string) (urls int, why qianshao.Skip, err error)
	Register    *sites.Register
	Whereabouts func(ctx context.Context, url string) (console.Whereabouts, error)

	// How pages are read and judged. Rule returns what a rule in force says of itself, and RuleLaw
	// the provisions that it names; ok is false for rules that are gone. RuleIDs are those of the
	// rules in force; nil for none. Understand is as in
	// console.Options. Scan judges what programs send.
	Rule       func(id string) (r console.RuleTexts, ok bool)
	RuleIDs    func() []string
	RuleLaw    func(id string) []string
	Understand func(url, source string) *qianshao.Document
	Scan       api.Scan

	// How queries are read. Canonical spells a URL as the URLs of pages are spelt in the index; nil
	// leaves pasted URLs to index.Parser. Fold is the index's normalisation of text, to mark the
	// words of a query in evidence that the index does not hold; nil changes nothing but the case.
	Canonical func(url string) (string, error)
	Fold      func(string) string

	// Zone is the zone in which times are shown and days begin, the same as the index's; nil is
	// index.DefaultZone. Version is shown at the foot of every page. Now is the clock; nil is
	// time.Now. Log is told of failures; nil keeps silent.
	Zone    *time.Location
	Version string
	Now     func() time.Time
	Log     *slog.Logger
	// Registry is served at /metrics; without one that page does not exist.
	Registry *prometheus.Registry
	// Closing is closed when the server is to end; see api.Options.
	Closing <-chan struct{}
}

// requestTime bounds what one request may take of store and index.
const requestTime = 20 * time.Second

// site is all that is served at one address.
type site struct {
	opts  Options
	guard *auth.Guard
	pages *page.Base
	api   *api.API
	// sites, review and notices are the rooms that the frame of all pages asks; rooms are all rooms of pages.
	sites   *sites.Sites
	review  *review.Review
	notices *notices.Notices
	rooms   []room
	mux     *routes
}

// New returns the handler. The error is about the options.
func New(opts Options) (http.Handler, error) {
	s, err := newSite(opts)
	if err != nil {
		return nil, err
	}
	return s.protect(s.routes()), nil
}

// routes is a mux that knows the patterns of its routes, so that a test can hold each of
// them to who may use it.
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
		// One collector that fails must not blind the others.
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

// rest is the route that takes what no other one does.
const rest = "/"

// exists says whether there is a page at an address.
func (s *site) exists(at *url.URL) bool {
	_, pattern := s.mux.Handler(&http.Request{Method: http.MethodGet, URL: at})
	return pattern != rest
}

// allowedMethods returns the methods that a request's address takes. The mux would
// answer 405 by itself, but for the route that takes all the rest.
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

// health answers 200 when store and index answer, and where the search server alone is away: nothing
// would be won by taking the console from people, too. It says no more than that, because it needs no log-in.
func (s *site) health(w http.ResponseWriter, r *http.Request) {
	// An id that no finding has: a look into the database without reading much.
	_, err := s.opts.Store.VisibleFinding(r.Context(), qianshao.SeeAll(), "-")
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.unhealthy(w, "store", err)
		return
	}
	_, err = s.opts.Index.Search(r.Context(), index.Request{Sight: qianshao.SeeAll(), Query: index.Phrase{Text: "healthz"}, NoFacets: true})
	answer := "ok\n"
	switch {
	case errors.Is(err, index.ErrUnavailable):
		answer = "ok, without search\n"
	case err != nil:
		s.unhealthy(w, "index", err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(answer))
}

func (s *site) unhealthy(w http.ResponseWriter, part string, err error) {
	s.opts.Log.Error("health check", "part", part, "error", err)
	http.Error(w, part+" does not answer; the log has the cause", http.StatusServiceUnavailable)
}

// isMachine says whether a program rather than a person asks: it gets JSON or
// plain text instead of pages, and sends a token instead of a login form.
func isMachine(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/metrics"
}

// fail answers with an error status: a person with a page, a program in its form.
func (s *site) fail(w http.ResponseWriter, r *http.Request, status int) {
	if isMachine(r) {
		s.refuse(w, r, status, strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"), http.StatusText(status))
		return
	}
	s.pages.Fail(w, r, status)
}

// refuse answers a request that is not let in: a program with code and message, a person
// with a page.
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

// withDeadline bounds a request's context.
func withDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == api.EventsPath { // it lasts as long as its client
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
