package sites

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/store"
)

const (
	// sitesSize is how many sites one page shows.
	sitesSize = 50
	// maxSitesOffset exceeds the number of hosts of any register.
	maxSitesOffset = 10_000_000
	// overdueAfter is how long a visit may be due before its site counts as overdue, as in
	// ingest.OverdueAfter.
	overdueAfter = 48 * time.Hour
	// shownRecords is how many acts a page lists.
	shownRecords = 50
)

// siteRow is a site with what the register says about it.
type siteRow struct {
	store.Site
	Authorisations, InForce []string
	Silent                  *qianshao.Unmonitored
}

func newRow(site store.Site, w store.Watch) siteRow {
	return siteRow{site, w.Authorisations, w.InForce, w.Silent}
}

func (r siteRow) URL() string { return siteURL(r.Host) }

func (r siteRow) Search() string { return page.SearchURL(page.Clause("host", r.Host)) }

func siteURL(host string) string { return "/sites/" + url.PathEscape(host) }

// times writes times for table cells; see Moment.
type times struct{ *page.Layout }

// moment is a time as a cell shows it; Ago is empty if it is in the future, or long ago.
type moment struct{ Stamp, Text, Ago string }

// Moment writes a time; the zero time is empty.
func (v times) Moment(t time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	m := moment{Stamp: v.Stamp(t), Text: t.In(v.TimeZone()).Format("2006-01-02 15:04")}
	if age := v.Now.Sub(t); age >= 0 && age < 30*24*time.Hour { // for older times, Ago would only repeat the date
		m.Ago = v.Ago(t)
	}
	return m
}

// Due says whether the next visit is due, and is waiting only for the crawler.
func (v times) Due(next time.Time) bool { return !next.IsZero() && !next.After(v.Now) }

// Reason names a reason for which something is not monitored.
func (v times) Reason(r qianshao.UnmonitoredReason) string {
	return v.Language.Named("unmonitored.reason.", string(r))
}

// Remedy says what to do about that reason.
func (v times) Remedy(r qianshao.UnmonitoredReason) string {
	return v.Language.Named("unmonitored.do.", string(r))
}

// VerdictTexts are the numbers of a site's findings by verdict, without zeros.
func (v times) VerdictTexts(n store.VerdictCounts) (texts []string) {
	for _, c := range []struct {
		key string
		n   int
	}{{"sites.undecided", n.Undecided}, {"sites.crime", n.Crime}, {"sites.notcrime", n.NotCrime}, {"sites.unsure", n.Unsure}, {"sites.reviewing", n.Reviewing}} {
		if c.n > 0 {
			texts = append(texts, v.T(c.key, c.n))
		}
	}
	if n.More {
		texts = append(texts, v.T("sites.more", store.MaxSiteFindings))
	}
	return texts
}

func (v times) AuthorisationURL(id string) string { return authorisationURL(id) }

type sitesPage struct {
	times
	Rows          []siteRow
	Total         int
	Name          string
	Authorisation string // "" for all
	Trouble       store.SiteTrouble
	Findings      bool
	Troubles      []store.SiteTrouble

	From, To         int
	PrevURL, NextURL string
}

// TroubleName names a problem that a site may have.
func (v *sitesPage) TroubleName(t store.SiteTrouble) string {
	return v.Language.Named("sites.trouble.", string(t))
}

// serveSites lists the sites that the account sees, grouped by domain.
func (s *Sites) serveSites(w http.ResponseWriter, r *http.Request) {
	sight := auth.From(r.Context()).Sight
	v := &sitesPage{times: times{s.Layout(w, r, "sites.title")}, Name: strings.ToLower(strings.TrimSpace(r.FormValue("name"))), Authorisation: r.FormValue("authorisation"), Findings: r.FormValue("findings") == "1", Troubles: store.SiteTroubles()}
	if t := store.SiteTrouble(r.FormValue("trouble")); slices.Contains(v.Troubles, t) {
		v.Trouble = t
	}
	offset := page.Offset(r, maxSitesOffset)
	q := store.SitesQuery{Sight: sight, Name: v.Name, Trouble: v.Trouble, Findings: v.Findings, Overdue: s.Now().Add(-overdueAfter), Offset: offset, Limit: sitesSize}
	var err error
	if !sight.All || v.Authorisation != "" {
		if q.Within, err = s.places(r, v.Authorisation); err != nil {
			s.FailWith(w, r, err)
			return
		}
	}
	list, total, err := s.opts.Store.Sites(r.Context(), q)
	if err != nil {
		s.FailWith(w, r, err)
		return
	}
	v.Total = total
	for i, watch := range s.opts.Watch(sight, list) {
		v.Rows = append(v.Rows, newRow(list[i], watch))
	}
	v.From, v.To = offset+1, offset+len(list)
	if offset > 0 {
		v.PrevURL = v.at(max(0, min(offset, total)-sitesSize))
	}
	if v.To < total && len(list) > 0 {
		v.NextURL = v.at(v.To)
	}
	s.Render(w, r, http.StatusOK, "sites", v)
}

// at is the address of the list from an offset.
func (v *sitesPage) at(offset int) string {
	values := url.Values{}
	for key, value := range map[string]string{"name": v.Name, "authorisation": v.Authorisation, "trouble": string(v.Trouble)} {
		if value != "" {
			values.Set(key, value)
		}
	}
	if v.Findings {
		values.Set("findings", "1")
	}
	if offset > 0 {
		values.Set("offset", strconv.Itoa(offset))
	}
	return page.WithQuery("/sites", values)
}

// places are the ranges of the authorisations that the account sees, or of one of them; never nil.
func (s *Sites) places(r *http.Request, authorisation string) ([]qianshao.PlaceRange, error) {
	list, err := s.opts.Store.Authorisations(r.Context())
	places := []qianshao.PlaceRange{}
	for i := range list {
		if auth.From(r.Context()).Sight.Sees(list[i].ID) && (authorisation == "" || list[i].ID == authorisation) {
			places = append(places, list[i].Places()...)
		}
	}
	return places, err
}

type sitePage struct {
	times
	siteRow
	Skips []store.SkipCount
	// Covers are the authorisations that name the site.
	Covers     []page.Authorisation
	Records    []record
	MayRecheck bool
	// Rechecked is the outcome of a recheck that was just requested: "due", "none", "unknown",
	// "bad_url" or the reason why no request is allowed; "" if none was requested.
	Rechecked string
}

// RecheckText says what the outcome of the recheck was.
func (v *sitePage) RecheckText() string {
	if text := v.Language.Named("recheck.", v.Rechecked); text != v.Plain(v.Rechecked) {
		return text
	}
	return v.T("recheck.refused", v.Skip(qianshao.Skip(v.Rechecked)))
}

// visibleSite returns the authorisations that cover a site, of those that the account sees. A site
// that no authorisation covers is visible only to accounts that see everything.
func (s *Sites) visibleSite(r *http.Request, host string) (covers []page.Authorisation, visible bool, err error) {
	list, err := s.opts.Store.Authorisations(r.Context())
	sight := auth.From(r.Context()).Sight
	for _, a := range list {
		if sight.Sees(a.ID) && a.Names(host) {
			covers = append(covers, page.NewAuthorisation(a, s.Now()))
		}
	}
	return covers, sight.All || len(covers) > 0, err
}

func (s *Sites) serveSite(w http.ResponseWriter, r *http.Request) {
	host, sight := r.PathValue("host"), auth.From(r.Context()).Sight
	covers, visible, err := s.visibleSite(r, host)
	if err == nil && !visible {
		err = store.ErrNotFound
	}
	v := &sitePage{times: times{s.Layout(w, r, "site.title")}, Covers: covers, MayRecheck: s.opts.Recheck != nil && auth.May(r.Context(), qianshao.PowerDecide)}
	if code := r.FormValue("recheck"); slices.Contains(recheckCodes(), code) {
		v.Rechecked = code
	}
	if err == nil {
		v.Site, err = s.opts.Store.Site(r.Context(), sight, host)
	}
	if err == nil {
		v.siteRow = newRow(v.Site, s.opts.Watch(sight, []store.Site{v.Site})[0])
		v.Skips, err = s.opts.Store.Skips(r.Context(), sight, host)
	}
	if err == nil {
		v.Records, err = s.records(r, qianshao.Subject{Kind: qianshao.SubjectSite, ID: host})
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		s.NotFound(w, r)
	case err != nil:
		s.FailWith(w, r, err)
	default:
		v.Title = v.Plain(host)
		s.Render(w, r, http.StatusOK, "site", v)
	}
}

// recheckCodes are the possible outcomes of a recheck.
func recheckCodes() []string {
	codes := []string{"due", "none", "unknown", "bad_url"}
	for _, skip := range qianshao.Skips() {
		codes = append(codes, string(skip))
	}
	return codes
}

// recheck handles the button "recheck now" of a site or, with the field url, of one page on it. It
// leads to next, or to the site's page, which shows the outcome.
func (s *Sites) recheck(w http.ResponseWriter, r *http.Request) {
	host := r.PathValue("host")
	_, visible, err := s.visibleSite(r, host)
	if err != nil {
		s.FailWith(w, r, err)
		return
	}
	if !visible {
		s.NotFound(w, r)
		return
	}
	urls, why, err := s.opts.Recheck(r.Context(), s.signed(r), auth.From(r.Context()).Sight, host, strings.TrimSpace(r.PostFormValue("url")))
	code := "due"
	switch {
	case errors.Is(err, qianshao.ErrBadURL):
		code = "bad_url"
	case errors.Is(err, store.ErrNotFound):
		code = "unknown"
	case err != nil:
		s.FailWith(w, r, err)
		return
	case why != "":
		code = string(why)
	case urls == 0:
		code = "none"
	}
	next := siteURL(host)
	if to := r.PostFormValue("next"); to != "" {
		next = page.LocalPath(to)
	}
	http.Redirect(w, r, page.With(next, url.Values{"recheck": {code}}), http.StatusSeeOther)
}
