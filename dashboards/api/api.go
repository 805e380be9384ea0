// Package api is the console's JSON, for programs: search, findings, submissions, and
// the work of review. Codes and fields are stable. docs/api.md has every operation.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/intake"
	"github.com/qianshao/qianshao/dashboards/selection"
	"github.com/qianshao/qianshao/dashboards/views"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/export"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// Store is what the API reads.
type Store interface {
	// VisibleFinding returns one finding that the sight shows, or store.ErrNotFound.
	VisibleFinding(ctx context.Context, sight qianshao.Sight, id string) (store.Finding, error)
	// Authorisation returns one authorisation, or store.ErrNotFound.
	Authorisation(ctx context.Context, id string) (qianshao.Authorisation, error)
	// Backlog says how far a consumer of the findings is behind.
	Backlog(ctx context.Context, c store.Consumer) (store.Backlog, error)
	// Submission returns one submission, or store.ErrNotFound.
	Submission(ctx context.Context, id string) (qianshao.Submission, error)
	// Submissions returns the submissions that somebody may see, the latest first, at most limit.
	Submissions(ctx context.Context, who store.Reader, limit int) ([]qianshao.Submission, error)
	// SubmissionOrigins counts those of them that are still to be seen to by origin.
	SubmissionOrigins(ctx context.Context, who store.Reader) ([]store.OriginCount, error)
	// WithdrawSubmission removes one, or returns store.ErrNotFound.
	WithdrawSubmission(ctx context.Context, by store.Signed, id string) error
}

// Options of New. A field is required unless its comment says what it is without it.
type Options struct {
	Store Store
	Index index.Index
	// Guard knows who makes a request.
	Guard *auth.Guard
	// Accounts keep what the administrator sets.
	Accounts *auth.Accounts
	// Desk takes acts; without it there are no routes for acts, batches, campaigns and events.
	Desk *desk.Desk
	// Campaigns are what findings are grouped into, and Selection finds what is meant to become a
	// batch; required with Desk.
	Campaigns Campaigns
	Selection selection.Selector
	// News tells what has happened; required with Desk.
	News News
	// Closing is closed when the server is to end: streams end then. Without it they end with their clients.
	Closing <-chan struct{}
	// Answers and Views keep what accounts leave here; Holder names this process among all on the store.
	Answers Answers
	Views   *views.Views
	Holder  string
	// Intake takes submissions; without it there are no routes for them.
	Intake *intake.Intake
	// Parser returns the parser for queries that are asked now.
	Parser func(ctx context.Context) index.Parser
	// Exporter takes findings out; without it there is no route for that.
	Exporter *export.Exporter
	// Scan judges what is sent; without it there is no route for that.
	Scan Scan
	// Unmonitored lists what is not monitored; without it there is no route for that.
	Unmonitored func(ctx context.Context, r qianshao.UnmonitoredRequest) (qianshao.UnmonitoredList, error)
	// Notices are what people are told; without it there are no routes for that.
	Notices Notices
	// Remedy says what to do about it.
	Remedy func(r qianshao.UnmonitoredReason) (english, chinese string)
	// Version is the program's.
	Version string
	Now     func() time.Time
	Log     *slog.Logger
}

// API answers programs.
type API struct {
	opts Options
	huma huma.API
	// unkeyed are the patterns of operations that take no Idempotency-Key, each with the reason.
	unkeyed map[string]string
	// powers are those that patterns need.
	powers map[string]qianshao.Power
	scans  chan struct{} // those that are worked on
	// scanBodies are the bodies of scans that are held.
	scanBodies chan struct{}
	streams    streams
	working    sync.Map // the hashes of requests with a key that are worked on, by workingKey
}

// New returns the API.
func New(opts Options) *API {
	return &API{
		opts: opts, unkeyed: map[string]string{}, powers: map[string]qianshao.Power{}, streams: streams{by: map[string]int{}},
		scans: make(chan struct{}, maxScans), scanBodies: make(chan struct{}, maxScanBodies),
	}
}

// Root is the path under which all operations are.
const Root = "/api/v1"

// Route adds the routes below /api/.
func (a *API) Route(mux humago.Mux) {
	a.huma = humago.New(keyed{mux, a}, a.config())
	a.huma.UseMiddleware(withOwnProblems)
	a.routeFindings()
	a.routeViews()
	if a.opts.Desk != nil {
		a.routeActs()
		a.routeBatches()
		a.routeCampaigns()
		a.routeEvents(mux)
	}
	a.routeIndicators()
	a.routeTokens()
	a.routeSettings()
	if a.opts.Exporter != nil {
		a.routeExports()
	}
	if a.opts.Scan != nil {
		a.routeScan()
	}
	if a.opts.Unmonitored != nil {
		a.routeUnmonitored()
	}
	if a.opts.Notices != nil {
		a.routeNotices()
	}
	if a.opts.Intake != nil {
		a.routeSubmissions()
	}
	mux.HandleFunc("GET "+Root+"/openapi.json", a.serveOpenAPI)
}

func (a *API) config() huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	registry.RegisterTypeAlias(reflect.TypeFor[huma.ErrorModel](), reflect.TypeFor[Problem]())
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Qianshao", Version: a.opts.Version,
				Description: "What was found on the pages that are watched, and the work of those who review it.",
			},
			Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{
				"token": {Type: "http", Scheme: "bearer", Description: "A token of an account."},
			}},
			Security: []map[string][]string{{"token": {}}},
		},
		Formats:       map[string]huma.Format{"application/json": jsonFormat(), "json": jsonFormat()},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{ownProblem},
		// A misspelt parameter must not widen a list: unknown ones are refused.
		RejectUnknownQueryParameters: true,
	}
}

// schemaName names a type in the description. Types of index and desk get their room's name
// in front: both have types, such as desk.Order, that are called like others here.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	switch t.PkgPath() {
	case reflect.TypeFor[index.Hit]().PkgPath():
		return "Index" + name
	case reflect.TypeFor[desk.Order]().PkgPath(), reflect.TypeFor[campaign.Kind]().PkgPath():
		return "Desk" + name
	}
	return name
}

// jsonFormat encodes an answer as a whole before a byte of it is sent.
func jsonFormat() huma.Format {
	return huma.Format{
		Marshal: func(w io.Writer, v any) error {
			body, err := json.Marshal(v)
			if err == nil {
				_, err = w.Write(append(body, '\n'))
			}
			return err
		},
		Unmarshal: json.Unmarshal,
	}
}

// maxBody bounds the body of an operation that names no bound of its own, in bytes.
const maxBody = 64 << 10

// register adds an operation. Whoever uses it needs the power; "" is for reading.
func register[I, O any](a *API, power qianshao.Power, op huma.Operation, answer func(context.Context, *I) (*O, error)) {
	op.Path = Root + op.Path
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = maxBody
	}
	a.powers[op.Method+" "+op.Path] = power
	if power != "" {
		op.Description = "Needs the power " + string(power) + ", of the account's role and of the token's scopes."
	}
	op.Middlewares = append(huma.Middlewares{a.requirePower(power), a.requireJSON}, op.Middlewares...)
	huma.Register(a.huma, op, answer)
}

// requirePower refuses accounts without a power.
func (a *API) requirePower(power qianshao.Power) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if power != "" && !auth.May(ctx.Context(), power) {
			a.answer(ctx, lacksPower(power))
			return
		}
		next(ctx)
	}
}

// requireJSON refuses bodies of a type that the operation does not take, such as those that
// a form on any web page can send.
func (a *API) requireJSON(ctx huma.Context, next func(huma.Context)) {
	takes := ctx.Operation().RequestBody
	if takes == nil {
		next(ctx)
		return
	}
	if request, _ := humago.Unwrap(ctx); !takes.Required && request.ContentLength == 0 {
		next(ctx)
		return
	}
	if _, ok := takes.Content[mediaType(ctx.Header("Content-Type"))]; !ok {
		types := slices.Sorted(maps.Keys(takes.Content))
		a.answer(ctx, NewProblem(http.StatusUnsupportedMediaType, "bad_body", "send Content-Type: "+strings.Join(types, " or ")))
		return
	}
	next(ctx)
}

// mediaType is a content type without its parameters.
func mediaType(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// answer writes a problem from a middleware.
func (a *API) answer(ctx huma.Context, p *Problem) {
	_, w := humago.Unwrap(ctx)
	a.WriteProblem(w, p)
}

// WriteProblem answers with a problem outside of an operation.
func (a *API) WriteProblem(w http.ResponseWriter, p *Problem) {
	body, err := json.Marshal(p)
	if err != nil {
		a.opts.Log.Error("encode a problem", "error", err)
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}

// serveOpenAPI answers with the description of all operations.
func (a *API) serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	body, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		a.opts.Log.ErrorContext(r.Context(), "describe the API", "error", err)
		a.WriteProblem(w, NewProblem(http.StatusInternalServerError, "internal", "the description failed; the server's log has the cause"))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.Copy(w, bytes.NewReader(append(body, '\n')))
}

// Unknown answers a request for an address that does not exist.
func (a *API) Unknown(w http.ResponseWriter) {
	a.WriteProblem(w, NewProblem(http.StatusNotFound, "not_found", "there is no such address; GET "+Root+"/openapi.json lists those that there are"))
}
