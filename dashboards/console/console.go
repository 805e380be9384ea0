// Package console is the pages that people look at, in Chinese and English:
// search, findings, the register, submissions, the login, one's account. It also writes the
// report of a finding, a document for those who have no console; report and
// finding's page show evidence in the same way.
//
// Everything that a crawled page says is hostile: it is shown as text through
// html/template, its addresses are never links, and no page of the console
// holds or permits a script.
package console

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/intake"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

//go:embed templates/*.html static/*
var files embed.FS

// Store is what the pages read.
type Store interface {
	// VisibleFinding returns one finding that the sight shows, or store.ErrNotFound.
	VisibleFinding(ctx context.Context, sight qianshao.Sight, id string) (store.Finding, error)
	// Findings returns those of the findings that there are, by id, without their pages.
	Findings(ctx context.Context, ids []string) (map[string]qianshao.Finding, error)
	// Views returns the other views that are kept of a finding's page, by name; of
	// a finding that is gone its pictures alone.
	Views(ctx context.Context, finding string) ([]store.View, error)
	// Authorisation returns one authorisation, or store.ErrNotFound.
	Authorisation(ctx context.Context, id string) (qianshao.Authorisation, error)
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

// Options of New. All but Intake and Fold are required.
type Options struct {
	Store Store
	Index index.Index
	// Guard knows who makes a request.
	Guard *auth.Guard
	// Intake takes submissions; without it there is no page for them.
	Intake *intake.Intake
	// Parser returns what reads the queries that are asked now.
	Parser func() index.Parser
	// Fold is the index's, to mark words; it may be nil.
	Fold func(string) string
	// RuleTitle returns the title of a rule in force; ok is false for others.
	RuleTitle func(id string) (title string, ok bool)
	// Unmonitored lists what is not monitored, and only counts it with Limit 0;
	// without it there is no page for that.
	Unmonitored func(ctx context.Context, r qianshao.UnmonitoredRequest) (qianshao.UnmonitoredList, error)
	// Zone is the zone of all times and days that are shown, the same as the index's.
	Zone *time.Location
	// Version is shown at the foot of every page.
	Version string
	Now     func() time.Time
	Log     *slog.Logger
}

// Console answers people.
type Console struct {
	store     Store
	index     index.Index
	guard     *auth.Guard
	intake    *intake.Intake
	parser    func() index.Parser
	fold      func(string) string
	ruleTitle func(id string) (title string, ok bool)
	// unmonitored lists what is not monitored; nil if nobody knows.
	unmonitored func(ctx context.Context, r qianshao.UnmonitoredRequest) (qianshao.UnmonitoredList, error)
	zone        *time.Location
	version     string
	now         func() time.Time
	log         *slog.Logger
	pages       pages
	css         string // the style sheet's URL; it changes with the content
}

// New returns the console.
func New(opts Options) (*Console, error) {
	c := &Console{
		store: opts.Store, index: opts.Index, guard: opts.Guard, intake: opts.Intake,
		parser: opts.Parser, fold: opts.Fold, ruleTitle: opts.RuleTitle, zone: opts.Zone, unmonitored: opts.Unmonitored,
		version: opts.Version, now: opts.Now, log: opts.Log,
	}
	var err error
	if c.pages, err = parsePages(); err != nil {
		return nil, err
	}
	c.css, err = styleURL()
	return c, err
}

// Mux is what routes are added to.
type Mux interface {
	Handle(pattern string, handler http.Handler)
	HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request))
}

// Route adds the routes of the pages.
func (c *Console) Route(mux Mux) {
	mux.HandleFunc("GET /{$}", c.serveSearch)
	mux.HandleFunc("GET /findings/{id}", c.serveFinding)
	mux.HandleFunc("GET /findings/{id}/screenshot", c.serveScreenshot)
	mux.HandleFunc("GET /authorisations", c.serveRegister)
	if c.unmonitored != nil {
		mux.HandleFunc("GET /unmonitored", c.serveUnmonitored)
	}
	mux.HandleFunc("GET /help", c.serveHelp)
	mux.HandleFunc("GET /static/{file}", c.serveStatic)
	if c.intake != nil {
		mux.HandleFunc("GET /submissions", c.serveSubmissions)
		mux.Handle("POST /submissions", c.guard.Require(qianshao.PowerSubmit, http.HandlerFunc(c.takeSubmission)))
		mux.Handle("POST /submissions/{id}/withdraw", c.guard.Require(qianshao.PowerSubmit, http.HandlerFunc(c.withdrawSubmission)))
	}
	mux.HandleFunc("GET /login", c.serveLogin)
	mux.HandleFunc("POST /login", c.login)
	mux.HandleFunc("POST /login/code", c.loginCode)
	if c.guard.HasProvider() {
		mux.HandleFunc("GET /login/oidc", c.toProvider)
		mux.HandleFunc("GET /login/oidc/callback", c.fromProvider)
	}
	mux.HandleFunc("GET /enter", c.serveEnter)
	mux.HandleFunc("POST /enter", c.enter)
	mux.HandleFunc("POST /logout", c.logout)
	mux.HandleFunc("GET /account", c.serveAccount)
	mux.HandleFunc("POST /account/password", c.accountForm("password", c.changePassword))
	mux.HandleFunc("POST /account/factor", c.accountForm("", c.beginFactor))
	mux.HandleFunc("POST /account/factor/confirm", c.accountForm("", c.confirmFactor))
	mux.HandleFunc("POST /account/factor/drop", c.accountForm("factor", c.dropFactor))
	mux.HandleFunc("POST /account/tokens", c.accountForm("", c.addToken))
	mux.HandleFunc("POST /account/tokens/{id}/revoke", c.accountForm("token", c.revokeToken))
}
