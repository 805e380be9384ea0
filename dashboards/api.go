package dashboards

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// defaultLimit is how many hits the API returns when it is not told.
const defaultLimit = 20

// apiError is what a program is told when a request fails.
type apiError struct {
	// Code is stable: bad_query, bad_parameter, not_found, internal,
	// password_required, too_many_tries, timeout; and of reports of pages
	// bad_body, bad_url, bad_category, too_many_reports, too_many_waiting.
	Code    string `json:"code"`
	Message string `json:"message"`
	// Column is the character of the query, from 1, with bad_query.
	Column int `json:"column,omitempty"`
}

func (c *console) apiError(w http.ResponseWriter, status int, e apiError) {
	c.writeJSON(w, status, map[string]apiError{"error": e})
}

func (c *console) writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		c.log.Error("encode an answer", "error", err)
		status, body = http.StatusInternalServerError, []byte(`{"error":{"code":"internal","message":"the answer could not be encoded"}}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// apiFailure answers with the error of the store or the index.
func (c *console) apiFailure(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, store.ErrNotFound) {
		c.apiError(w, http.StatusNotFound, apiError{Code: "not_found", Message: "there is no finding with this id"})
		return
	}
	c.log.Error("API request failed", "path", r.URL.Path, "error", err)
	if errors.Is(err, context.DeadlineExceeded) {
		c.apiError(w, http.StatusServiceUnavailable, apiError{Code: "timeout", Message: "the request took too long; narrow the query"})
		return
	}
	c.apiError(w, http.StatusInternalServerError, apiError{Code: "internal", Message: "the request failed; the server's log has the cause"})
}

func (c *console) searchAPI(w http.ResponseWriter, r *http.Request) {
	query, err := index.Parse(r.FormValue("q"), c.now())
	var syntax *index.SyntaxError
	if errors.As(err, &syntax) {
		c.apiError(w, http.StatusBadRequest, apiError{Code: "bad_query", Message: syntax.Message, Column: syntax.Column})
		return
	}
	if err != nil {
		c.apiFailure(w, r, err)
		return
	}
	req := index.Request{Query: query}
	if req.Offset, err = number(r, "offset", 0, index.MaxWindow); err == nil {
		req.Limit, err = number(r, "limit", defaultLimit, index.MaxWindow-req.Offset)
	}
	if err != nil {
		c.apiError(w, http.StatusBadRequest, apiError{Code: "bad_parameter", Message: err.Error()})
		return
	}
	results, err := c.index.Search(r.Context(), req)
	if err != nil {
		c.apiFailure(w, r, err)
		return
	}
	if results.Hits == nil {
		results.Hits = []index.Hit{}
	}
	c.writeJSON(w, http.StatusOK, results)
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

// findingJSON is a finding as the API gives it. The page's source is not part
// of it: it may be of megabytes, and belongs to whoever wrote it.
type findingJSON struct {
	qianshao.Finding
	Page  pageJSON                `json:"page"`
	Under *qianshao.Authorisation `json:"authorised_by"` // null for own files
	First time.Time               `json:"first_seen"`
	Last  time.Time               `json:"last_seen"`
	State qianshao.State          `json:"state"`
	// Gone is when the page was first seen without it; absent while it is open.
	Gone time.Time `json:"gone_at,omitzero"`
	// Changes are the times at which it was gone and came back, oldest first.
	Changes []qianshao.Change `json:"changes"`
}

type pageJSON struct {
	Title        string    `json:"title"`
	RequestedURL string    `json:"requested_url"`
	Status       int       `json:"status"`
	Charset      string    `json:"charset"`
	SHA256       string    `json:"sha256"`
	FetchedAt    time.Time `json:"fetched_at"`
}

func (c *console) findingAPI(w http.ResponseWriter, r *http.Request) {
	f, err := c.store.Finding(r.Context(), r.PathValue("id"))
	if err != nil {
		c.apiFailure(w, r, err)
		return
	}
	under, err := c.authorisation(r.Context(), f.Authorisation)
	if err != nil {
		c.apiFailure(w, r, err)
		return
	}
	c.writeJSON(w, http.StatusOK, asJSON(f, under))
}

func asJSON(f store.Finding, under *qianshao.Authorisation) findingJSON {
	return findingJSON{
		Finding: f.Finding, Under: under, First: f.FirstSeen, Last: f.LastSeen,
		State: f.State(), Gone: f.GoneAt, Changes: append([]qianshao.Change{}, f.Changes...),
		Page: pageJSON{
			Title: f.PageTitle, RequestedURL: f.RequestedURL, Status: f.Status,
			Charset: f.Charset, SHA256: f.Hash, FetchedAt: f.FetchedAt,
		},
	}
}

// authorisation returns the register's entry, or nil where it has none.
func (c *console) authorisation(ctx context.Context, id string) (*qianshao.Authorisation, error) {
	if id == "" {
		return nil, nil
	}
	a, err := c.store.Authorisation(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &a, nil
}

func (c *console) unknownAPI(w http.ResponseWriter, _ *http.Request) {
	c.apiError(w, http.StatusNotFound, apiError{Code: "not_found", Message: "there are GET /api/v1/search, GET /api/v1/findings/{id}, GET and POST /api/v1/submissions and GET /api/v1/submissions/{id}"})
}
