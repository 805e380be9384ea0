// Package api is the console's JSON, for programs: search, findings and
// submissions. Codes and fields are stable.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/intake"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// Store is what the API reads.
type Store interface {
	// Finding returns one finding, or store.ErrNotFound.
	Finding(ctx context.Context, id string) (store.Finding, error)
	// Authorisation returns one authorisation, or store.ErrNotFound.
	Authorisation(ctx context.Context, id string) (qianshao.Authorisation, error)
	// Submission returns one submission, or store.ErrNotFound.
	Submission(ctx context.Context, id string) (qianshao.Submission, error)
	// Submissions returns the submissions, the latest first, at most limit.
	Submissions(ctx context.Context, limit int) ([]qianshao.Submission, error)
	// SubmissionOrigins counts those that are still to be seen to by origin.
	SubmissionOrigins(ctx context.Context) ([]store.OriginCount, error)
	// WithdrawSubmission removes one, or returns store.ErrNotFound.
	WithdrawSubmission(ctx context.Context, id string) error
}

// Options of New. All but Intake are required.
type Options struct {
	Store Store
	Index index.Index
	// Guard knows who makes a request.
	Guard *auth.Guard
	// Intake takes submissions; without it there are no routes for them.
	Intake *intake.Intake
	// Parser returns what reads the queries that are asked now.
	Parser func() index.Parser
	// Unmonitored lists what is not monitored; without it there is no route for that.
	Unmonitored func(ctx context.Context, r qianshao.UnmonitoredRequest) (qianshao.UnmonitoredList, error)
	// Remedy says what to do about it.
	Remedy func(r qianshao.UnmonitoredReason) (english, chinese string)
	Log    *slog.Logger
}

// API answers programs.
type API struct{ opts Options }

// New returns the API.
func New(opts Options) *API { return &API{opts} }

// Route adds the routes below /api/.
func (a *API) Route(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/search", a.search)
	mux.HandleFunc("GET /api/v1/findings/{id}", a.finding)
	if a.opts.Unmonitored != nil {
		mux.HandleFunc("GET /api/v1/unmonitored", a.unmonitored)
	}
	if a.opts.Intake != nil {
		mux.Handle("POST /api/v1/submissions", a.opts.Guard.Require(qianshao.PowerSubmit, http.HandlerFunc(a.takeSubmission)))
		mux.HandleFunc("GET /api/v1/submissions", a.submissions)
		mux.HandleFunc("GET /api/v1/submissions/{id}", a.submission)
		mux.Handle("DELETE /api/v1/submissions/{id}", a.opts.Guard.Require(qianshao.PowerSubmit, http.HandlerFunc(a.withdraw)))
	}
}

// defaultLimit is how many hits the API returns when it is not told.
const defaultLimit = 20

// Error is what a program is told when a request fails.
type Error struct {
	// Code is stable: bad_query, bad_parameter, not_found, internal,
	// authentication_required, token_invalid, csrf, second_factor_required, forbidden,
	// timeout; and of reports of pages
	// bad_body, bad_url, bad_category, too_many_reports, too_many_waiting,
	// too_many_queued, too_many_of_origin. An address that there is not has not_found,
	// a method that it does not take method_not_allowed.
	Code    string `json:"code"`
	Message string `json:"message"`
	// Chinese says the same in Chinese, with bad_query.
	Chinese string `json:"message_zh,omitempty"`
	// Column is the character of the query, from 1, with bad_query.
	Column int `json:"column,omitempty"`
}

// WriteError answers with an error.
func (a *API) WriteError(w http.ResponseWriter, status int, e Error) {
	a.writeJSON(w, status, map[string]Error{"error": e})
}

func (a *API) writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		a.opts.Log.Error("encode an answer", "error", err)
		status, body = http.StatusInternalServerError, []byte(`{"error":{"code":"internal","message":"the answer could not be encoded"}}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// fail answers with the error of the store or the index.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, store.ErrNotFound) {
		a.WriteError(w, http.StatusNotFound, Error{Code: "not_found", Message: "there is no finding with this id"})
		return
	}
	a.opts.Log.Error("API request failed", "path", r.URL.Path, "error", err)
	if errors.Is(err, context.DeadlineExceeded) {
		a.WriteError(w, http.StatusServiceUnavailable, Error{Code: "timeout", Message: "the request took too long; narrow the query"})
		return
	}
	a.WriteError(w, http.StatusInternalServerError, Error{Code: "internal", Message: "the request failed; the server's log has the cause"})
}

// Found is the answer to a search.
type Found struct {
	index.Results
	// Suggestion is what the query may have been meant as, if that is another.
	Suggestion *index.Suggestion `json:"suggestion,omitempty"`
}

// Suggest adds what a query may have been meant as.
func (f *Found) Suggest(p index.Parser, query string) {
	if offer, ok := p.Suggest(query); ok {
		f.Suggestion = &offer
	}
}

func (a *API) search(w http.ResponseWriter, r *http.Request) {
	parser := a.opts.Parser()
	query, err := parser.Parse(r.FormValue("q"))
	var syntax *index.SyntaxError
	if errors.As(err, &syntax) {
		a.WriteError(w, http.StatusBadRequest, Error{Code: "bad_query", Message: syntax.Message, Chinese: syntax.Chinese(), Column: syntax.Column})
		return
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	req := index.Request{Sight: qianshao.SeeAll(), Query: query, Sort: index.Sort(r.FormValue("sort"))}
	if !req.Sort.Valid() {
		a.WriteError(w, http.StatusBadRequest, Error{Code: "bad_parameter", Message: fmt.Sprintf("sort must be one of %v", index.Sorts())})
		return
	}
	if req.Offset, err = number(r, "offset", 0, index.MaxWindow); err == nil {
		req.Limit, err = number(r, "limit", defaultLimit, index.MaxWindow-req.Offset)
	}
	if err != nil {
		a.WriteError(w, http.StatusBadRequest, Error{Code: "bad_parameter", Message: err.Error()})
		return
	}
	req.After, req.Before = index.Cursor(r.FormValue("after")), index.Cursor(r.FormValue("before"))
	var found Found
	found.Results, err = a.opts.Index.Search(r.Context(), req)
	if errors.Is(err, index.ErrCursor) {
		a.WriteError(w, http.StatusBadRequest, Error{
			Code:    "bad_parameter",
			Message: "after or before must be a next or prev of an answer in the same order, one of them alone, without offset; begin at the first page",
		})
		return
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if found.Hits == nil {
		found.Hits = []index.Hit{}
	}
	for i := range found.Hits {
		found.Hits[i].URL = mask.String(found.Hits[i].URL)
	}
	found.Suggest(parser, r.FormValue("q"))
	a.writeJSON(w, http.StatusOK, found)
}

// number reads a parameter between 0 and limit; missing is what it is when not given.
func number(r *http.Request, name string, missing, limit int) (int, error) {
	s := r.FormValue(name)
	if s == "" {
		return min(missing, limit), nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > limit {
		return 0, fmt.Errorf("%s must be a number from 0 to %d (offset and limit together at most %d)", name, limit, index.MaxWindow)
	}
	return n, nil
}

// Finding is a finding as the API gives it. The page's source is not part of
// it: it may have megabytes, and belongs to whoever wrote it.
type Finding struct {
	qianshao.Finding
	// Page is the page as the last visit got it that saw the finding.
	Page Page `json:"page"`
	// PageNow is what the last visit got at the page's URL.
	PageNow PageNow `json:"page_now"`

	Under *qianshao.Authorisation `json:"authorised_by"` // null for own files
	First time.Time               `json:"first_seen"`
	Last  time.Time               `json:"last_seen"`
	State qianshao.State          `json:"state"`
	// Gone is when the page was first seen without it; absent while it is open.
	Gone time.Time `json:"gone_at,omitzero"`
	// Changes are the times at which it was gone, came back, or moved to another
	// category, oldest first.
	Changes []qianshao.Change `json:"changes"`
}

// PageNow is the present state of a finding's page.
type PageNow struct {
	// Status is 0 if the URL leads to another page, or without HTTP.
	Status int `json:"status"`
	// SHA256 is empty if there is no page.
	SHA256    string    `json:"sha256"`
	FetchedAt time.Time `json:"fetched_at"`
}

// Page is what the API says of the page that a finding was made on. SHA256 is
// empty and Status 0 where the finding was gone before they were kept.
type Page struct {
	Title        string    `json:"title"`
	RequestedURL string    `json:"requested_url"`
	Status       int       `json:"status"`
	Charset      string    `json:"charset"`
	SHA256       string    `json:"sha256"`
	FetchedAt    time.Time `json:"fetched_at"`
}

func (a *API) finding(w http.ResponseWriter, r *http.Request) {
	f, err := a.opts.Store.Finding(r.Context(), r.PathValue("id"))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	under, err := store.Optional(a.opts.Store.Authorisation(r.Context(), f.Authorisation))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.writeJSON(w, http.StatusOK, NewFinding(f, under))
}

// NewFinding returns a finding in the form of the API. under is nil for own files.
// Resident identity numbers in its URLs are masked; its texts have none.
func NewFinding(f store.Finding, under *qianshao.Authorisation) Finding {
	f.Finding.URL, f.RequestedURL = mask.String(f.Finding.URL), mask.String(f.RequestedURL)
	return Finding{
		Finding: f.Finding, Under: under, First: f.FirstSeen, Last: f.LastSeen,
		State: f.State(), Gone: f.GoneAt, Changes: append([]qianshao.Change{}, f.Changes...),
		Page: Page{
			Title: f.PageTitle, RequestedURL: f.RequestedURL, Status: f.Status,
			Charset: f.Charset, SHA256: f.Hash, FetchedAt: f.FetchedAt,
		},
		PageNow: PageNow{Status: f.PageNow.Status, SHA256: f.PageNow.Hash, FetchedAt: f.PageNow.At},
	}
}

// Unknown answers a request for an address that there is not.
func (a *API) Unknown(w http.ResponseWriter) {
	a.WriteError(w, http.StatusNotFound, Error{Code: "not_found", Message: "there are GET /api/v1/search, GET /api/v1/findings/{id}, GET /api/v1/unmonitored, GET and POST /api/v1/submissions, GET and DELETE /api/v1/submissions/{id}"})
}
