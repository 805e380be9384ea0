package sites

import (
	"errors"
	"net/http"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/intake"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/store"
)

// shownSubmissions is how many submissions the page lists.
const shownSubmissions = 200

// submissionsPage lists the submissions, with what became of one just handed in.
type submissionsPage struct {
	*page.Layout
	List       []qianshao.Submission
	Origins    []store.OriginCount // of those that are still to be seen to
	Categories []qianshao.Category
	Address    string // as typed, to be corrected
	Problem    string
	Accepted   *qianshao.Submission
}

func (s *Sites) serveSubmissions(w http.ResponseWriter, r *http.Request) {
	v := &submissionsPage{Layout: s.Layout(w, r, "reports.title")}
	if id := r.FormValue("report"); id != "" {
		if submission, err := s.opts.Store.Submission(r.Context(), id); err == nil && intake.Reader(auth.From(r.Context())).Sees(submission) {
			v.Accepted = &submission
		}
	}
	s.showSubmissions(w, r, http.StatusOK, v)
}

func (s *Sites) showSubmissions(w http.ResponseWriter, r *http.Request, status int, v *submissionsPage) {
	var err error
	if v.List, err = s.opts.Store.Submissions(r.Context(), intake.Reader(auth.From(r.Context())), shownSubmissions); err != nil {
		s.FailWith(w, r, err)
		return
	}
	if v.Origins, err = s.opts.Store.SubmissionOrigins(r.Context(), intake.Reader(auth.From(r.Context()))); err != nil {
		s.FailWith(w, r, err)
		return
	}
	v.Categories = qianshao.Categories()
	s.Render(w, r, status, "reports", v)
}

// takeSubmission takes the form of the page.
func (s *Sites) takeSubmission(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, intake.MaxBody)
	v := &submissionsPage{Layout: s.Layout(w, r, "reports.title"), Address: r.PostFormValue("url")}
	origin := intake.Origin(auth.From(r.Context()), intake.FromForm)
	submission, refusal := s.opts.Intake.Take(r.Context(), v.Address, r.PostFormValue("category"), origin)
	if refusal == nil {
		http.Redirect(w, r, "/submissions?report="+submission.ID, http.StatusSeeOther)
		return
	}
	v.Problem = v.T("reports.error." + refusal.Code)
	s.showSubmissions(w, r, refusal.Status, v)
}

// withdrawSubmission takes the button of a report. One that is gone already is as wanted.
func (s *Sites) withdrawSubmission(w http.ResponseWriter, r *http.Request) {
	submission, err := s.opts.Store.Submission(r.Context(), r.PathValue("id"))
	if err == nil && intake.Reader(auth.From(r.Context())).Sees(submission) {
		err = s.opts.Store.WithdrawSubmission(r.Context(), submission.ID)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.FailWith(w, r, err)
		return
	}
	http.Redirect(w, r, "/submissions", http.StatusSeeOther)
}

// Origin names the way by which a report came.
func (v *submissionsPage) Origin(origin string) string {
	way, network, _ := strings.Cut(origin, " ")
	if way == "" {
		return v.T("origin.unknown")
	}
	return strings.TrimSpace(v.Language.Named("origin.", way) + " " + network)
}

// State names how far a submission has come.
func (v *submissionsPage) State(s qianshao.SubmissionState) string {
	return v.Language.Named("report.", string(s))
}

// FindingsOf leads to the findings of a page; where its URL has a resident identity
// number, to those of all pages whose URLs begin like it.
func (v *submissionsPage) FindingsOf(url string) string {
	return page.SearchURL(page.Clause("url", mask.Prefix(url)))
}
