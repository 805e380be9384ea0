package sites

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/intake"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/store"
)

const (
	// shownSubmissions is how many submissions the page lists.
	shownSubmissions = 100
	// maxSubmissions exceeds the number of reports that are kept.
	maxSubmissions = store.MaxWaiting + store.MaxQueued + store.MaxVisited
)

// submissionsPage lists the submissions, with the outcome of one that was just submitted.
type submissionsPage struct {
	*page.Layout
	List       []qianshao.Submission
	Origins    []store.OriginCount // of the open ones
	Categories []qianshao.Category
	// State is the state that is shown; "" for all.
	State            qianshao.SubmissionState
	States           []stateChoice
	PrevURL, NextURL string
	findings         map[string][]string // by report
	Address          string              // as typed, to be corrected
	Problem          string
	Accepted         *qianshao.Submission
}

// stateChoice is a choice in the menu of states.
type stateChoice struct {
	Name, URL string
	Active    bool
}

func submissionsURL(state qianshao.SubmissionState, offset int) string {
	values := url.Values{}
	if state != "" {
		values.Set("state", string(state))
	}
	if offset > 0 {
		values.Set("offset", strconv.Itoa(offset))
	}
	return page.WithQuery("/submissions", values)
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
	if state := qianshao.SubmissionState(r.FormValue("state")); slices.Contains(qianshao.SubmissionStates(), state) {
		v.State = state
	}
	v.States = append(v.States, stateChoice{v.T("unmonitored.all"), "/submissions", v.State == ""})
	for _, state := range qianshao.SubmissionStates() {
		v.States = append(v.States, stateChoice{v.Language.Named("report.", string(state)), submissionsURL(state, 0), state == v.State})
	}
	offset := page.Offset(r, maxSubmissions)
	var err error
	if v.List, err = s.opts.Store.SubmissionsIn(r.Context(), intake.Reader(auth.From(r.Context())), v.State, offset, shownSubmissions+1); err != nil {
		s.FailWith(w, r, err)
		return
	}
	if len(v.List) > shownSubmissions {
		v.List, v.NextURL = v.List[:shownSubmissions], submissionsURL(v.State, offset+shownSubmissions)
	}
	if err := s.findingsOf(r, v); err != nil {
		s.FailWith(w, r, err)
		return
	}
	if offset > 0 {
		v.PrevURL = submissionsURL(v.State, max(0, offset-shownSubmissions))
	}
	if v.Origins, err = s.opts.Store.SubmissionOrigins(r.Context(), intake.Reader(auth.From(r.Context()))); err != nil {
		s.FailWith(w, r, err)
		return
	}
	v.Categories = qianshao.Categories()
	s.Render(w, r, status, "reports", v)
}

// findingsOf looks up the findings on the page's reported pages.
func (s *Sites) findingsOf(r *http.Request, v *submissionsPage) (err error) {
	var flagged []string
	for i := range v.List {
		if v.List[i].State == qianshao.SubmissionFlagged {
			flagged = append(flagged, v.List[i].ID)
		}
	}
	v.findings, err = s.opts.Store.FindingsOfSubmissions(r.Context(), auth.From(r.Context()).Sight, flagged)
	return err
}

// takeSubmission handles the form of the page.
func (s *Sites) takeSubmission(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, intake.MaxBody)
	v := &submissionsPage{Layout: s.Layout(w, r, "reports.title"), Address: r.PostFormValue("url")}
	submission, refusal := s.opts.Intake.Take(r.Context(), auth.From(r.Context()), intake.FromForm, v.Address, r.PostFormValue("category"))
	if refusal == nil {
		http.Redirect(w, r, "/submissions?report="+submission.ID, http.StatusSeeOther)
		return
	}
	v.Problem = v.T("reports.error." + refusal.Code)
	s.showSubmissions(w, r, refusal.Status, v)
}

// withdrawSubmission handles the button of a report. It is no error if the report is already gone.
func (s *Sites) withdrawSubmission(w http.ResponseWriter, r *http.Request) {
	submission, err := s.opts.Store.Submission(r.Context(), r.PathValue("id"))
	if err == nil && intake.Reader(auth.From(r.Context())).Sees(submission) {
		err = s.opts.Store.WithdrawSubmission(r.Context(), s.signed(r), submission.ID)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.FailWith(w, r, err)
		return
	}
	http.Redirect(w, r, "/submissions", http.StatusSeeOther)
}

// Origin names where a report came from.
func (v *submissionsPage) Origin(origin string) string {
	way, network, _ := strings.Cut(origin, " ")
	if way == "" {
		return v.T("origin.unknown")
	}
	return strings.TrimSpace(v.Language.Named("origin.", way) + " " + network)
}

func (v *submissionsPage) StateText(s qianshao.SubmissionState) string {
	return v.Language.Named("report.", string(s))
}

// FindingsOf links to the finding on a reported page. If there are several, or none that is open,
// it links to a search for them; if the URL contains a resident identity number, to a search for
// all pages with URLs that begin the same.
func (v *submissionsPage) FindingsOf(r *qianshao.Submission) string {
	if of := v.findings[r.ID]; len(of) == 1 {
		return "/findings/" + of[0]
	}
	return page.SearchURL(page.Clause("url", mask.Prefix(r.URL)))
}
