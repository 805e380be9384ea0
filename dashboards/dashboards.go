// Package dashboards is what people look at: the console (pages in Chinese and
// English, and a small API), the metrics, and beside them the Grafana board
// and the alert rules. It only reads; the one thing that it takes are reports of
// pages, which it hands on.
//
// Everything a crawled page says is hostile: it is shown as text through
// html/template, its addresses are never links, and no page of the console
// holds or permits a script.
package dashboards

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/time/rate"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

//go:embed templates/*.html static/*
var files embed.FS

// Options are what a console needs. Store and Index are required.
type Options struct {
	Store Store
	Index index.Index
	// Registry is served at /metrics; without one that page does not exist.
	Registry *prometheus.Registry
	// Password that everyone who enters must know: in clear, or as HashPassword
	// writes it. Without one, only requests addressed to loopback names are answered.
	Password string
	// Submit takes the report of a page, queues it where an authorisation covers
	// it, and returns what it came to. An error that wraps qianshao.ErrBadURL or
	// store.ErrTooManyWaiting is told the reporter. Without Submit no reports are taken.
	Submit func(ctx context.Context, url string, suspected qianshao.Category) (qianshao.Submission, error)
	// Version is shown at the foot of every page.
	Version string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log is told of failures; nil keeps silent.
	Log *slog.Logger
}

// Store is what the console reads.
type Store interface {
	// Finding returns one finding, or store.ErrNotFound.
	Finding(ctx context.Context, id string) (store.Finding, error)
	// Findings returns those of the findings that there are, by id, without their pages.
	Findings(ctx context.Context, ids []string) (map[string]qianshao.Finding, error)
	// Views returns the other views that are kept of a page, by name.
	Views(ctx context.Context, url string) ([]store.View, error)
	// Authorisation returns one authorisation, or store.ErrNotFound.
	Authorisation(ctx context.Context, id string) (qianshao.Authorisation, error)
	// Authorisations returns the register, by id.
	Authorisations(ctx context.Context) ([]qianshao.Authorisation, error)
	// Submission returns one submission, or store.ErrNotFound.
	Submission(ctx context.Context, id string) (qianshao.Submission, error)
	// Submissions returns the submissions, the latest first, at most limit.
	Submissions(ctx context.Context, limit int) ([]qianshao.Submission, error)
}

// requestTime bounds what one request may take of store and index.
const requestTime = 20 * time.Second

type console struct {
	store    Store
	index    index.Index
	now      func() time.Time
	log      *slog.Logger
	version  string
	pages    pages
	css      string // the style sheet's URL; it changes with the content
	password *passwordGate
	submit   func(ctx context.Context, url string, suspected qianshao.Category) (qianshao.Submission, error)
	reports  *rate.Limiter
}

// New returns the console's handler. The error is about the password.
func New(opts Options) (http.Handler, error) {
	if opts.Store == nil || opts.Index == nil {
		return nil, errors.New("dashboards: Store and Index are required")
	}
	c := &console{
		store: opts.Store, index: opts.Index, now: opts.Now, log: opts.Log, version: opts.Version,
		submit: opts.Submit, reports: newReportLimiter(),
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if c.pages, err = parsePages(); err != nil {
		return nil, err
	}
	if c.css, err = styleURL(); err != nil {
		return nil, err
	}
	if opts.Password != "" {
		if c.password, err = newPasswordGate(opts.Password, c.now); err != nil {
			return nil, err
		}
	}
	return c.protect(c.routes(opts.Registry)), nil
}

func (c *console) routes(registry *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", c.searchPage)
	mux.HandleFunc("GET /findings/{id}", c.findingPage)
	mux.HandleFunc("GET /findings/{id}/screenshot", c.screenshot)
	mux.HandleFunc("GET /authorisations", c.registerPage)
	mux.HandleFunc("GET /help", c.helpPage)
	mux.HandleFunc("GET /api/v1/search", c.searchAPI)
	mux.HandleFunc("GET /api/v1/findings/{id}", c.findingAPI)
	if c.submit != nil {
		mux.HandleFunc("GET /submissions", c.reportsPage)
		mux.HandleFunc("POST /submissions", c.report)
		mux.HandleFunc("POST /api/v1/submissions", c.reportAPI)
		mux.HandleFunc("GET /api/v1/submissions", c.reportsAPI)
		mux.HandleFunc("GET /api/v1/submissions/{id}", c.oneReportAPI)
	}
	mux.HandleFunc("/api/", c.unknownAPI)
	mux.HandleFunc("GET /static/{file}", c.static)
	mux.HandleFunc("GET /healthz", c.health)
	if registry != nil {
		// One collector that fails must not blind the others.
		mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
			ErrorHandling: promhttp.ContinueOnError,
			ErrorLog:      slog.NewLogLogger(c.log.Handler(), slog.LevelWarn),
		}))
	}
	if c.password != nil {
		mux.HandleFunc("GET /login", c.loginPage)
		mux.HandleFunc("POST /login", c.login)
		mux.HandleFunc("POST /logout", c.logout)
	}
	mux.HandleFunc("/", c.notFound)
	return mux
}

// health answers 200 when store and index answer. It says no more than that,
// because it needs no password.
func (c *console) health(w http.ResponseWriter, r *http.Request) {
	// An id that no finding has: a look into the database without reading much.
	_, err := c.store.Finding(r.Context(), "-")
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		c.unhealthy(w, "store", err)
		return
	}
	if _, err := c.index.Search(r.Context(), index.Request{Query: index.Phrase{Text: "healthz"}}); err != nil {
		c.unhealthy(w, "index", err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

func (c *console) unhealthy(w http.ResponseWriter, part string, err error) {
	c.log.Error("health check", "part", part, "error", err)
	http.Error(w, part+" does not answer; the log has the cause", http.StatusServiceUnavailable)
}

// withDeadline bounds a request's context.
func withDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
