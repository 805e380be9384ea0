package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// Problem is the answer to a request that failed: problem details as in RFC 9457. It is the error
// type of every operation.
type Problem struct {
	// Type is always "about:blank": problems are told apart by Code.
	Type string `json:"type"`
	// Title is the status in words.
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail is what went wrong, and what to do about it.
	Detail string `json:"detail"`
	// Code is stable: see docs/api.md.
	Code string `json:"code"`
	// Chinese is Detail in Chinese; only with bad_query.
	Chinese string `json:"detail_zh,omitempty"`
	// Column is the character of the query with the mistake, counted from 1; only with bad_query.
	Column int `json:"column,omitempty"`
	// Conflict has both answers; only with conflict.
	Conflict *Conflict `json:"conflict,omitempty"`
	// Refusal says more precisely what is refused, and Field which member of the body is wrong;
	// only with refused.
	Refusal string `json:"refusal,omitempty"`
	Field   string `json:"field,omitempty"`
	// Former repeats the problem as early clients of version 1 read it.
	Former Error `json:"error"`
}

// Error is the member "error", which predates problem details and is kept for clients that read it.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Chinese string `json:"message_zh,omitempty"`
	Column  int    `json:"column,omitempty"`
}

// NewProblem returns a problem. code is stable.
func NewProblem(status int, code, detail string) *Problem {
	return &Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code,
		Former: Error{Code: code, Message: detail},
	}
}

// badQuery returns the problem of a query that cannot be read at a column.
func badQuery(english, chinese string, column int) *Problem {
	p := NewProblem(http.StatusBadRequest, "bad_query", english)
	p.Chinese, p.Column, p.Former.Chinese, p.Former.Column = chinese, column, chinese, column
	return p
}

func badParameter(format string, args ...any) *Problem {
	return NewProblem(http.StatusBadRequest, "bad_parameter", fmt.Sprintf(format, args...))
}

func badBody(detail string) *Problem { return NewProblem(http.StatusBadRequest, "bad_body", detail) }

func lacksPower(power qianshao.Power) *Problem {
	return NewProblem(http.StatusForbidden, "forbidden", "your account may not do this; it needs the power "+string(power))
}

func notFound(what string) *Problem {
	return NewProblem(http.StatusNotFound, "not_found", "there is no "+what+" with this id")
}

// Error makes Problem, with GetStatus, an error that huma can answer with.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus returns the status of the answer.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of problem details.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// failure returns the problem for an error of the store or the index. what names the requested
// thing, for store.ErrNotFound and the log.
func (a *API) failure(ctx context.Context, what string, err error) *Problem {
	var p *Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, store.ErrNotFound):
		return notFound(what)
	case errors.Is(err, index.ErrUnavailable):
		a.opts.Log.ErrorContext(ctx, "API request failed", "what", what, "error", err)
		return NewProblem(http.StatusServiceUnavailable, "search_unavailable", "the search server does not answer; nothing is lost; try again later")
	case errors.Is(err, context.DeadlineExceeded):
		a.opts.Log.ErrorContext(ctx, "API request failed", "what", what, "error", err)
		return NewProblem(http.StatusServiceUnavailable, "timeout", "the request took too long; narrow the query")
	}
	a.opts.Log.ErrorContext(ctx, "API request failed", "what", what, "error", err)
	if errors.Is(err, syscall.ENOSPC) {
		return NewProblem(http.StatusInsufficientStorage, "disk_full", "the server's disk is full: nothing was written, and nothing is lost; send it again when there is room")
	}
	return NewProblem(http.StatusInternalServerError, "internal", "the request failed; the server's log has the cause")
}

// answering lets ownProblem change the status of an answer: huma answers a body that violates its
// schema with 422, but this API has always used 400.
type answering struct {
	asked
	status int
}

// asked is another name for huma.Context: embedded under its own name, it would hide its method
// Context.
type asked = huma.Context

// Unwrap is called by humago.
func (c *answering) Unwrap() huma.Context { return c.asked }

// SetStatus is called by huma before it writes the body.
func (c *answering) SetStatus(status int) {
	if c.status != 0 {
		status = c.status
	}
	c.asked.SetStatus(status)
}

// withOwnProblems lets ownProblem replace the errors of huma itself.
func withOwnProblems(ctx huma.Context, next func(huma.Context)) { next(&answering{asked: ctx}) }

// ownProblem turns huma's errors into problems. It leaves out the values that huma quotes, since
// they may be whole bodies.
func ownProblem(ctx huma.Context, _ string, v any) (any, error) {
	refused, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	status, code, texts := refused.Status, "bad_parameter", []string(nil)
	for _, e := range refused.Errors {
		if e == nil {
			continue
		}
		if strings.HasPrefix(e.Location, "body") {
			code = "bad_body"
		}
		texts = append(texts, strings.TrimPrefix(e.Location+": "+e.Message, ": "))
	}
	switch status {
	case http.StatusUnprocessableEntity:
		status = http.StatusBadRequest
	case http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusBadRequest, http.StatusRequestTimeout:
		code = "bad_body"
	default:
		code = "internal"
	}
	if len(texts) == 0 || code == "internal" {
		texts = []string{refused.Detail}
	}
	if own, ok := ctx.(*answering); ok {
		own.status = status
	}
	return NewProblem(status, code, strings.Join(texts, "; ")), nil
}
