package sites

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store"
)

const (
	// registerSize is how many authorisations one page shows.
	registerSize = 100
	// endingDays is how long before its end an authorisation is listed above the others: renewing a
	// contract seldom takes less than a month.
	endingDays = 30
)

// standings are the standings of authorisations in the order of the register, with "ending" for
// those in force that end soon.
// force that end soon.
func standings() []string { return []string{"ending", "in_force", "not_yet", "expired"} }

// entry is an authorisation as the register lists it.
type entry struct{ page.Authorisation }

// Stands is its standing; "ending" if it is in force and ends soon.
func (e entry) Stands() string {
	if e.Standing == "in_force" && e.DaysLeft < endingDays {
		return "ending"
	}
	return e.Standing
}

func (e entry) URL() string { return authorisationURL(e.ID) }

func authorisationURL(id string) string { return "/authorisations/" + url.PathEscape(id) }

type registerPage struct {
	*page.Layout
	List  []entry
	Total int
	// Counts are the numbers by standing, in order; Standing is the one that is shown, "" for all.
	Counts   []standingCount
	Standing string

	From, To         int
	PrevURL, NextURL string
}

type standingCount struct {
	Standing, URL string
	Count         int
	Active        bool
}

// serveRegister lists the authorisations: first those that end soon, the soonest at the top.
func (s *Sites) serveRegister(w http.ResponseWriter, r *http.Request) {
	list, err := s.opts.Store.Authorisations(r.Context())
	if err != nil {
		s.FailWith(w, r, err)
		return
	}
	v := &registerPage{Layout: s.Layout(w, r, "register.title")}
	if standing := r.FormValue("standing"); slices.Contains(standings(), standing) {
		v.Standing = standing
	}
	sight := auth.From(r.Context()).Sight
	counts := map[string]int{}
	for _, a := range list {
		if !sight.Sees(a.ID) {
			continue
		}
		e := entry{page.NewAuthorisation(a, s.Now())}
		counts[e.Stands()]++
		v.Total++
		if v.Standing == "" || v.Standing == e.Stands() {
			v.List = append(v.List, e)
		}
	}
	slices.SortStableFunc(v.List, func(a, b entry) int {
		return cmp.Or(
			cmp.Compare(slices.Index(standings(), a.Stands()), slices.Index(standings(), b.Stands())),
			a.ValidUntil.Compare(b.ValidUntil),
			cmp.Compare(a.ID, b.ID),
		)
	})
	v.Counts = append(v.Counts, standingCount{"", "/authorisations", v.Total, v.Standing == ""})
	for _, standing := range standings() {
		if counts[standing] > 0 || standing == v.Standing {
			v.Counts = append(v.Counts, standingCount{standing, registerURL(standing, 0), counts[standing], standing == v.Standing})
		}
	}
	v.cut(page.Offset(r, maxSitesOffset))
	s.Render(w, r, http.StatusOK, "authorisations", v)
}

// cut reduces the list to the page from an offset.
func (v *registerPage) cut(offset int) {
	all := len(v.List)
	offset = min(offset, all)
	v.List = v.List[offset:min(offset+registerSize, all)]
	v.From, v.To = offset+1, offset+len(v.List)
	if offset > 0 {
		v.PrevURL = registerURL(v.Standing, max(0, offset-registerSize))
	}
	if v.To < all {
		v.NextURL = registerURL(v.Standing, v.To)
	}
}

func registerURL(standing string, offset int) string {
	values := url.Values{}
	if standing != "" {
		values.Set("standing", standing)
	}
	if offset > 0 {
		values.Set("offset", strconv.Itoa(offset))
	}
	return page.WithQuery("/authorisations", values)
}

type authorisationPage struct {
	times
	entry
	Records []record
	Problem string
	Words   string // as typed
	Done    bool
}

// SitesURL is the list of its sites.
func (v *authorisationPage) SitesURL() string {
	return page.WithQuery("/sites", url.Values{"authorisation": {v.ID}})
}

func (s *Sites) serveAuthorisation(w http.ResponseWriter, r *http.Request) {
	v := &authorisationPage{Done: r.FormValue("done") == "1"}
	s.showAuthorisation(w, r, http.StatusOK, v)
}

func (s *Sites) showAuthorisation(w http.ResponseWriter, r *http.Request, status int, v *authorisationPage) {
	a, err := s.visibleAuthorisation(r)
	if err == nil {
		v.Records, err = s.records(r, qianshao.Subject{Kind: qianshao.SubjectAuthorisation, ID: a.ID})
	}
	if err != nil {
		s.failOrMissing(w, r, err)
		return
	}
	v.times, v.entry = times{s.Layout(w, r, "auth.page")}, entry{page.NewAuthorisation(a, s.Now())}
	v.Title = v.Plain(a.ID)
	s.Render(w, r, status, "authorisation", v)
}

// visibleAuthorisation is the authorisation in the path; store.ErrNotFound also if the account may
// not see it.
func (s *Sites) visibleAuthorisation(r *http.Request) (qianshao.Authorisation, error) {
	id := r.PathValue("id")
	if !auth.From(r.Context()).Sight.Sees(id) {
		return qianshao.Authorisation{}, store.ErrNotFound
	}
	return s.opts.Store.Authorisation(r.Context(), id)
}

func (s *Sites) failOrMissing(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, store.ErrNotFound) {
		s.NotFound(w, r)
		return
	}
	s.FailWith(w, r, err)
}

// end ends an authorisation now. Once this is answered, no more requests are made under it.
func (s *Sites) end(w http.ResponseWriter, r *http.Request) {
	by := s.signed(r)
	by.Words = mask.String(strings.TrimSpace(r.PostFormValue("words")))
	if n := len([]rune(by.Words)); n == 0 || n > desk.MaxWords {
		v := &authorisationPage{Words: by.Words}
		v.Problem = s.Layout(w, r, "auth.page").T("auth.end.why", desk.MaxWords)
		s.showAuthorisation(w, r, http.StatusUnprocessableEntity, v)
		return
	}
	id := r.PathValue("id")
	if err := s.opts.Store.EndAuthorisation(r.Context(), by, id); err != nil {
		s.failOrMissing(w, r, err)
		return
	}
	if err := s.opts.Register.Changed(r.Context()); err != nil {
		s.FailWith(w, r, err)
		return
	}
	http.Redirect(w, r, authorisationURL(id)+"?done=1", http.StatusSeeOther)
}
