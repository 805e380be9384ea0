// Package api is the console's JSON API: search, findings, submissions, and the work of review.
// Codes and field names are stable. docs/api.md describes every operation.
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
	// Backlog says how far behind a consumer of findings is.
	Backlog(ctx context.Context, c store.Consumer) (store.Backlog, error)
	// Submission returns one submission, or store.ErrNotFound.
	Submission(ctx context.Context, id string) (qianshao.Submission, error)
	// Submissions returns the submissions that somebody may see, the latest first, at most limit.
	Submissions(ctx context.Context, who store.Reader, limit int) ([]qianshao.Submission, error)
	// SubmissionOrigins counts those of them that are still open, by origin.
	SubmissionOrigins(ctx context.Context, who store.Reader) ([]store.OriginCount, error)
	// WithdrawSubmission removes a submission, or returns store.ErrNotFound.
	WithdrawSubmission(ctx context.Context, by store.Signed, id string) error
}

// Options of New. A field is required unless its comment says what happens without it.
type Options struct {
	Store Store
	Index index.Index
	// Guard knows who makes each request.
	Guard *auth.Guard
	// Accounts have the administrator's settings.
	Accounts *auth.Accounts
	// Desk records acts; without it there are no routes for acts, batches, campaigns and events.
	Desk *desk.Desk
	// Campaigns are the groups of findings, and Selection finds the findings that a batch is made
	// of; required with Desk.
	Campaigns Campaigns
	Selection selection.Selector
	// News reports new acts and findings; required with Desk.
	News News
	// Closing is closed when the server is shutting down, to end the streams. Without it they end
	// when their clients leave.
	Closing <-chan struct{}
	// Answers and Views store what accounts leave here; Holder identifies this process among all
	// that use the store.
	Answers Answers
	Views   *views.Views
	Holder  string
	// Intake takes submissions; without it there are no routes for them.
	Intake *intake.Intake
	// Parser returns the parser for a query that is asked now.
	Parser func(ctx context.Context) index.Parser
	// Exporter exports findings; without it there is no route for that.
	Exporter *export.Exporter
	// Scan judges pages that are sent; without it there is no route for that.
	Scan Scan
	// Unmonitored lists what is not monitored; without it there is no route for that.
	Unmonitored func(ctx context.Context, r qianshao.UnmonitoredRequest) (qianshao.UnmonitoredList, error)
	// Notices has channels, alerts and deliveries; without it there are no routes for them.
	Notices Notices
	// Remedy says what to do about something that is not monitored, by its reason.
	Remedy func(r qianshao.UnmonitoredReason) (english, chinese string)
	// Version is the version of the program.
	Version string
	Now     func() time.Time
	Log     *slog.Logger
}

// API is the JSON API.
type API struct {
	opts Options
	huma huma.API
	// unkeyed has the patterns of operations that take no Idempotency-Key, each with the reason.
	unkeyed map[string]string
	// powers has the power that each pattern requires.
	powers map[string]qianshao.Power
	scans  chan struct{} // holds one element for each scan in progress
	// scanBodies holds one element for each scan that has its body in memory.
	scanBodies chan struct{}
	streams    streams
	working    sync.Map // the hashes of keyed requests in progress, by workingKey
}

// New returns the API.
func New(opts Options) *API {
	return &API{
		opts: opts, unkeyed: map[string]string{}, powers: map[string]qianshao.Power{}, streams: streams{by: map[string]int{}},
		scans: make(chan struct{}, maxScans), scanBodies: make(chan struct{}, maxScanBodies),
	}
}

// Root is the path of all operations.
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
				Description: "Findings on the monitored pages, and the work of the people who review them.",
			},
			Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{
				"token": {Type: "http", Scheme: "bearer", Description: "A token of an account."},
			}},
			Security: []map[string][]string{{"token": {}}},
		},
		Formats:       map[string]huma.Format{"application/json": jsonFormat(), "json": jsonFormat()},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{ownProblem},
		// Unknown parameters are refused: a misspelt filter must not silently widen a list.
		RejectUnknownQueryParameters: true,
	}
}

// schemaName names a type in the OpenAPI description. Types of index and desk are prefixed with
// their package's name: some of them, such as desk.Order, have the same name as types here.
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

// jsonFormat encodes the whole answer before any of it is sent.
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

// maxBody bounds the body of an operation that sets no bound of its own, in bytes.
const maxBody = 64 << 10

// register adds an operation. Its users need the power; "" is enough for reading.
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

// requireJSON refuses bodies of a type that the operation does not take, such as those that a form
// on any web page can send.
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

// answer sends a problem from a middleware.
func (a *API) answer(ctx huma.Context, p *Problem) {
	_, w := humago.Unwrap(ctx)
	a.WriteProblem(w, p)
}

// WriteProblem sends a problem from outside an operation.
func (a *API) WriteProblem(w http.ResponseWriter, p *Problem) {
	body, err := json.Marshal(p)
	if err != nil {
		a.opts.Log.Error("encode a problem", "error", err)
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}

// serveOpenAPI answers with the OpenAPI description of all operations.
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
	a.WriteProblem(w, NewProblem(http.StatusNotFound, "not_found", "there is no such address; GET "+Root+"/openapi.json lists all addresses"))
}
