package dashboards

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"golang.org/x/time/rate"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

const (
	// maxReport bounds the body of a report, in bytes: an address of the longest
	// kind that is followed, and a category.
	maxReport = 16 << 10
	// reportRate and reportBurst bound the reports of all clients together, a
	// second and at once: a portal hands them on one by one, a script in batches.
	reportRate  = 20
	reportBurst = 200
	// shownReports is how many reports the page and, unless told, the API list.
	shownReports = 200
	maxReports   = 1000
)

// reportsView is the page of reports, with what became of one just handed in.
type reportsView struct {
	*view
	List       []qianshao.Submission
	Categories []qianshao.Category
	Address    string // as typed, to be corrected
	Problem    string
	Accepted   *qianshao.Submission
}

func (c *console) reportsPage(w http.ResponseWriter, r *http.Request) {
	v := &reportsView{view: c.view(w, r, "reports.title")}
	if id := r.FormValue("report"); id != "" {
		if report, err := c.store.Submission(r.Context(), id); err == nil {
			v.Accepted = &report
		}
	}
	c.showReports(w, r, http.StatusOK, v)
}

func (c *console) showReports(w http.ResponseWriter, r *http.Request, status int, v *reportsView) {
	var err error
	if v.List, err = c.store.Submissions(r.Context(), shownReports); err != nil {
		c.failWith(w, r, err)
		return
	}
	v.Categories = qianshao.Categories()
	c.render(w, r, status, "reports", v)
}

// report takes the form of the page.
func (c *console) report(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxReport)
	v := &reportsView{view: c.view(w, r, "reports.title"), Address: r.PostFormValue("url")}
	report, e := c.take(r, v.Address, r.PostFormValue("category"))
	if e == nil {
		http.Redirect(w, r, "/submissions?report="+report.ID, http.StatusSeeOther)
		return
	}
	v.Problem = v.T("reports.error." + e.Code)
	c.showReports(w, r, e.status, v)
}

// refusal is a report that was not taken.
type refusal struct {
	apiError
	status int
}

// take hands a report on to whoever queues it.
func (c *console) take(r *http.Request, url, category string) (qianshao.Submission, *refusal) {
	var suspected qianshao.Category
	if category != "" {
		var err error
		if suspected, err = qianshao.ParseCategory(category); err != nil {
			return qianshao.Submission{}, &refusal{apiError{Code: "bad_category", Message: err.Error()}, http.StatusBadRequest}
		}
	}
	if !c.reports.AllowN(c.now(), 1) {
		return qianshao.Submission{}, &refusal{apiError{Code: "too_many_reports", Message: "too many reports at once; wait a little"}, http.StatusTooManyRequests}
	}
	report, err := c.submit(r.Context(), url, suspected)
	switch {
	case err == nil:
		return report, nil
	case errors.Is(err, qianshao.ErrBadURL):
		return report, &refusal{apiError{Code: "bad_url", Message: err.Error() + "; write it whole, as https://school.example/page.html"}, http.StatusBadRequest}
	case errors.Is(err, store.ErrTooManyWaiting):
		return report, &refusal{apiError{Code: "too_many_waiting", Message: store.ErrTooManyWaiting.Error()}, http.StatusServiceUnavailable}
	}
	c.log.Error("a report was not taken", "error", err)
	return report, &refusal{apiError{Code: "internal", Message: "the report was not taken; the server's log has the cause"}, http.StatusInternalServerError}
}

// reportAPI takes {"url": …, "category": …}; category may be missing.
func (c *console) reportAPI(w http.ResponseWriter, r *http.Request) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		c.apiError(w, http.StatusUnsupportedMediaType, apiError{Code: "bad_body", Message: `send JSON, Content-Type: application/json`})
		return
	}
	var body struct {
		URL      string `json:"url"`
		Category string `json:"category"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxReport))
	decoder.DisallowUnknownFields() // a name or a telephone number has no place here
	if err := decoder.Decode(&body); err != nil {
		c.apiError(w, http.StatusBadRequest, apiError{Code: "bad_body", Message: `the body is not {"url": "https://…", "category": "gambling"}: ` + err.Error()})
		return
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		c.apiError(w, http.StatusBadRequest, apiError{Code: "bad_body", Message: "there is something behind the report; send one at a time"})
		return
	}
	report, e := c.take(r, body.URL, body.Category)
	if e != nil {
		c.apiError(w, e.status, e.apiError)
		return
	}
	w.Header().Set("Location", "/api/v1/submissions/"+report.ID)
	c.writeJSON(w, http.StatusAccepted, report)
}

func (c *console) reportsAPI(w http.ResponseWriter, r *http.Request) {
	limit, err := number(r, "limit", shownReports, maxReports)
	if err != nil {
		c.apiError(w, http.StatusBadRequest, apiError{Code: "bad_parameter", Message: err.Error()})
		return
	}
	list, err := c.store.Submissions(r.Context(), limit)
	if err != nil {
		c.apiFailure(w, r, err)
		return
	}
	if list == nil {
		list = []qianshao.Submission{}
	}
	c.writeJSON(w, http.StatusOK, map[string][]qianshao.Submission{"submissions": list})
}

func (c *console) oneReportAPI(w http.ResponseWriter, r *http.Request) {
	report, err := c.store.Submission(r.Context(), r.PathValue("id"))
	if errors.Is(err, store.ErrNotFound) {
		c.apiError(w, http.StatusNotFound, apiError{Code: "not_found", Message: "there is no report with this id"})
		return
	}
	if err != nil {
		c.apiFailure(w, r, err)
		return
	}
	c.writeJSON(w, http.StatusOK, report)
}

func newReportLimiter() *rate.Limiter { return rate.NewLimiter(reportRate, reportBurst) }

// State names how far a report has come, Skip why it got no further.
func (v *reportsView) State(s qianshao.SubmissionState) string {
	return v.lang.named("report.", string(s))
}
func (v *reportsView) Skip(s qianshao.Skip) string { return v.lang.named("skip.", string(s)) }

// FindingsOf leads to the findings of a page.
func (v *reportsView) FindingsOf(url string) string { return searchURL(clause("url", url), 0) }
