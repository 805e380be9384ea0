package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/intake"
	"github.com/qianshao/qianshao/store"
)

// How many submissions are listed: unless told, and at most.
const (
	defaultSubmissions = 200
	maxSubmissions     = 1000
)

// takeSubmission takes {"url": …, "category": …}; category may be missing.
func (a *API) takeSubmission(w http.ResponseWriter, r *http.Request) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		a.WriteError(w, http.StatusUnsupportedMediaType, Error{Code: "bad_body", Message: `send JSON, Content-Type: application/json`})
		return
	}
	var body struct {
		URL      string `json:"url"`
		Category string `json:"category"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, intake.MaxBody))
	decoder.DisallowUnknownFields() // a name or a telephone number has no place here
	if err := decoder.Decode(&body); err != nil {
		a.WriteError(w, http.StatusBadRequest, Error{Code: "bad_body", Message: `the body is not {"url": "https://…", "category": "gambling"}: ` + err.Error()})
		return
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		a.WriteError(w, http.StatusBadRequest, Error{Code: "bad_body", Message: "there is something behind the report; send one at a time"})
		return
	}
	submission, refusal := a.opts.Intake.Take(r.Context(), body.URL, body.Category, intake.FromAPI(r.RemoteAddr))
	if refusal != nil {
		a.WriteError(w, refusal.Status, Error{Code: refusal.Code, Message: refusal.Message})
		return
	}
	w.Header().Set("Location", "/api/v1/submissions/"+submission.ID)
	submission.URL = mask.String(submission.URL)
	a.writeJSON(w, http.StatusAccepted, submission)
}

func (a *API) submissions(w http.ResponseWriter, r *http.Request) {
	limit, err := number(r, "limit", defaultSubmissions, maxSubmissions)
	if err != nil {
		a.WriteError(w, http.StatusBadRequest, Error{Code: "bad_parameter", Message: err.Error()})
		return
	}
	list, err := a.opts.Store.Submissions(r.Context(), limit)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if list == nil {
		list = []qianshao.Submission{}
	}
	for i := range list {
		list[i].URL = mask.String(list[i].URL)
	}
	origins, err := a.opts.Store.SubmissionOrigins(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	answer := struct {
		Submissions []qianshao.Submission `json:"submissions"`
		// Open counts the reports that wait for an authorisation or their visit.
		Open []originCount `json:"open_by_origin"`
	}{list, []originCount{}}
	for _, o := range origins {
		answer.Open = append(answer.Open, originCount(o))
	}
	a.writeJSON(w, http.StatusOK, answer)
}

type originCount struct {
	Origin  string `json:"origin"`
	Waiting int    `json:"waiting"`
	Queued  int    `json:"queued"`
}

// withdraw removes a report.
func (a *API) withdraw(w http.ResponseWriter, r *http.Request) {
	err := a.opts.Store.WithdrawSubmission(r.Context(), r.PathValue("id"))
	switch {
	case errors.Is(err, store.ErrNotFound):
		a.WriteError(w, http.StatusNotFound, Error{Code: "not_found", Message: "there is no report with this id"})
	case err != nil:
		a.fail(w, r, err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (a *API) submission(w http.ResponseWriter, r *http.Request) {
	submission, err := a.opts.Store.Submission(r.Context(), r.PathValue("id"))
	if errors.Is(err, store.ErrNotFound) {
		a.WriteError(w, http.StatusNotFound, Error{Code: "not_found", Message: "there is no report with this id"})
		return
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	submission.URL = mask.String(submission.URL)
	a.writeJSON(w, http.StatusOK, submission)
}
