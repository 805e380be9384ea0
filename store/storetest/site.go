package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// runSites tests a store against the contract of sites and of changes of the register.
func runSites(t *testing.T, open Open) {
	t.Run("acts on the register", func(t *testing.T) { testRegisterActs(t, open) })
	t.Run("authorisation ended", func(t *testing.T) { testEndAuthorisation(t, open) })
	t.Run("register's mark", func(t *testing.T) { testRegisterMark(t, open) })
	t.Run("sites", func(t *testing.T) { testSites(t, open) })
	t.Run("site", func(t *testing.T) { testSite(t, open) })
	t.Run("recheck", func(t *testing.T) { testRecheck(t, open) })
}

// recorded has the tested fields of an act on a subject that is not reviewed.
type recorded struct{ By, Event, Before, After, Words string }

func records(t *testing.T, s Store, kind qianshao.SubjectKind, id string) (list []recorded) {
	t.Helper()
	acts, err := s.Records(t.Context(), qianshao.Subject{Kind: kind, ID: id}, 100)
	check(t, err)
	for _, a := range acts {
		d, err := desk.ParseDetail(a.Detail)
		check(t, err)
		if a.Kind != qianshao.ActChange || a.Chain == "" || a.At.Before(base) {
			t.Errorf("an act is %+v", a)
		}
		list = append(list, recorded{a.By, d.Event, d.Before, d.After, d.Words})
	}
	return list
}

func school() qianshao.Authorisation {
	return qianshao.Authorisation{
		ID: "school", Owner: "学校", Basis: "合同 1", Contact: "it@school.example", Hosts: []string{"school.example", "*.school.example"}, Rate: 1,
		ValidFrom: base.Add(-time.Hour), ValidUntil: base.AddDate(1, 0, 0),
	}
}

// testRegisterActs: each change of the register adds an act in the same transaction, and a call that
// changes nothing adds none; nothing can be changed without a name, or after somebody else's change.
func testRegisterActs(t *testing.T, open Open) {
	s, a := open(t), school()
	check(t, s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{a}))
	check(t, s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{a}))
	now, err := s.Authorisation(t.Context(), a.ID)
	check(t, err)
	seen := store.RegisterDigest([]*qianshao.Authorisation{&now})
	a.Rate, a.Contact = 0.5, ""
	ann := store.Signed{By: "ann", At: base, Words: "合同续签"}
	check(t, s.ReplaceAuthorisations(t.Context(), ann, []qianshao.Authorisation{a}, seen))
	a.Rate = 9
	if err := s.ReplaceAuthorisations(t.Context(), ann, []qianshao.Authorisation{a}, seen); !errors.Is(err, store.ErrChanged) {
		t.Errorf("replaced after it was changed: %v", err)
	}
	if err := s.PutAuthorisations(t.Context(), store.Signed{At: base}, []qianshao.Authorisation{a}); err == nil {
		t.Error("changed without a name")
	}
	if now, err = s.Authorisation(t.Context(), a.ID); err != nil || now.Rate != 0.5 {
		t.Errorf("a refused change was kept: %+v, %v", now, err)
	}
	got := records(t, s, qianshao.SubjectAuthorisation, a.ID)
	if len(got) != 2 || got[1].By != "test" || got[1].Event != "added" || got[1].Before != "" {
		t.Fatalf("acts %+v", got)
	}
	want := recorded{"ann", "changed", "contact it@school.example; rate 1", "contact –; rate 0.5", "合同续签"}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
	fresh := store.RegisterDigest([]*qianshao.Authorisation{nil})
	b := school()
	b.ID = "b"
	check(t, s.ReplaceAuthorisations(t.Context(), ann, []qianshao.Authorisation{b}, fresh))
	if err := s.ReplaceAuthorisations(t.Context(), ann, []qianshao.Authorisation{b}, fresh); !errors.Is(err, store.ErrChanged) {
		t.Errorf("added twice: %v", err)
	}
}

// testEndAuthorisation: one in force ends now, one that has not begun never begins, one that has ended
// stays as it is.
func testEndAuthorisation(t *testing.T, open Open) {
	s := open(t)
	inForce, future, past := school(), school(), school()
	future.ID, future.ValidFrom = "future", base.AddDate(0, 1, 0)
	past.ID, past.ValidFrom, past.ValidUntil = "past", base.AddDate(-1, 0, 0), base.Add(-time.Hour)
	check(t, s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{inForce, future, past}))
	for id, end := range map[string]time.Time{inForce.ID: base, future.ID: future.ValidFrom, past.ID: past.ValidUntil} {
		check(t, s.EndAuthorisation(t.Context(), store.Signed{By: "ann", At: base, Words: "合同终止"}, id))
		a, err := s.Authorisation(t.Context(), id)
		if err != nil || !a.ValidUntil.Equal(end) || a.InForce(base) || a.InForce(a.ValidUntil) {
			t.Errorf("%s ends at %v, want %v, error %v", id, a.ValidUntil, end, err)
		}
		acts := records(t, s, qianshao.SubjectAuthorisation, id)
		if id == past.ID {
			if len(acts) != 1 {
				t.Errorf("one that had ended was ended again: %+v", acts)
			}
		} else if len(acts) != 2 || acts[0].Event != "ended" || acts[0].Words != "合同终止" || acts[0].By != "ann" {
			t.Errorf("acts %+v", acts)
		}
	}
	if err := s.EndAuthorisation(t.Context(), byTest, "none"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown one: %v", err)
	}
	if _, err := ingest.NewScope([]qianshao.Authorisation{{
		ID: "x", Owner: "o", Basis: "b", Contact: "c", Hosts: []string{"x.example"}, ValidFrom: base, ValidUntil: base,
	}}); err != nil {
		t.Errorf("a register with one that never begins cannot be read: %v", err)
	}
}

// testRegisterMark: the mark shows every change of the register, whoever makes it and however, and nothing
// else.
func testRegisterMark(t *testing.T, open Open) {
	s, a := open(t), school()
	mark := int64(0)
	for _, step := range []struct {
		name   string
		do     func() error
		change bool
	}{
		{"nothing", func() error { return nil }, false},
		{"added", func() error { return s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{a}) }, true},
		{"put as it is", func() error { return s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{a}) }, false},
		{"another act", func() error {
			_, err := s.Recheck(t.Context(), byTest, "a.school.example", "", []string{a.ID}, nil)
			return err
		}, false},
		{"replaced", func() error {
			seen := store.RegisterDigest([]*qianshao.Authorisation{&a})
			a.Exclude = []string{"/private/"}
			return s.ReplaceAuthorisations(t.Context(), byTest, []qianshao.Authorisation{a}, seen)
		}, true},
		{"ended", func() error { return s.EndAuthorisation(t.Context(), store.Signed{By: "ann", At: base}, a.ID) }, true},
		{"ended again", func() error { return s.EndAuthorisation(t.Context(), store.Signed{By: "ann", At: base}, a.ID) }, false},
	} {
		check(t, step.do())
		now, changed, err := s.RegisterMark(t.Context(), mark)
		if err != nil || changed != step.change {
			t.Errorf("%s: changed %v, want %v, error %v", step.name, changed, step.change, err)
		}
		if again, changed, err := s.RegisterMark(t.Context(), now); again != now || changed || err != nil {
			t.Errorf("%s, asked twice: changed %v from %d to %d, error %v", step.name, changed, now, again, err)
		}
		mark = now
	}
}

// visitedAt is when a page of each site of knownSites was requested.
var visitedAt = base.Add(time.Minute)

// knownSites fills a store with sites of two authorisations: one with findings, one that is down, and two
// that never delivered a page.
func knownSites(t *testing.T, open Open) (s Store, a, b qianshao.Authorisation) {
	t.Helper()
	s, a, b = open(t), school(), school()
	b.ID, b.Hosts = "b", []string{"other.example"}
	check(t, s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{a, b}))
	good, down, theirs := item("www.school.example", "1", 0), item("a.school.example", "1", 0), item("other.example", "1", 0)
	good.Authorisation, down.Authorisation, theirs.Authorisation = a.ID, a.ID, b.ID
	more := good
	more.URL += "2"
	check(t, s.Add(t.Context(), []ingest.Item{good, more, down, theirs}))
	done(t, s, good, ingest.Outcome{Authorisation: a.ID, At: visitedAt, Again: base.AddDate(0, 0, 1)})
	done(t, s, down, ingest.Outcome{Authorisation: a.ID, At: visitedAt, Skip: qianshao.SkipUnreachable, HostDown: true, Again: base.AddDate(0, 0, 2)})
	page := Page("http://www.school.example/1", "x", 0, "casino", "drugs")
	page.Page.Authorisation = a.ID
	for i := range page.Assessment.Findings {
		page.Assessment.Findings[i].Authorisation = a.ID
	}
	save(t, s, page)
	return s, a, b
}

// testSites: sites are listed in the order of their places, and found by place, name and trouble.
func testSites(t *testing.T, open Open) {
	s, a, b := knownSites(t, open)
	hosts := func(q store.SitesQuery) (names []string) {
		t.Helper()
		q.Limit = 10
		list, total, err := s.Sites(t.Context(), q)
		if err != nil || total != len(list) {
			t.Fatalf("%d of %d sites, %v", len(list), total, err)
		}
		for _, site := range list {
			names = append(names, site.Host)
		}
		return names
	}
	all := qianshao.SeeAll()
	mine := qianshao.Sight{Authorisations: []string{a.ID}}
	for _, tc := range []struct {
		name string
		q    store.SitesQuery
		want []string
	}{
		{"all", store.SitesQuery{Sight: all}, []string{"other.example", "school.example", "a.school.example", "www.school.example"}},
		{"of an authorisation", store.SitesQuery{Sight: all, Within: a.Places()}, []string{"school.example", "a.school.example", "www.school.example"}},
		{"limited without places", store.SitesQuery{Sight: mine}, nil},
		{"limited", store.SitesQuery{Sight: mine, Within: a.Places()}, []string{"school.example", "a.school.example", "www.school.example"}},
		{"down", store.SitesQuery{Sight: all, Trouble: store.SiteDown}, []string{"a.school.example"}},
		{"blocked", store.SitesQuery{Sight: all, Trouble: store.SiteBlocked}, nil},
		{"never", store.SitesQuery{Sight: all, Trouble: store.SiteNever}, []string{"other.example", "school.example"}},
		{"overdue", store.SitesQuery{Sight: all, Trouble: store.SiteOverdue, Overdue: base.AddDate(0, 1, 0)}, []string{"www.school.example"}},
		{"any", store.SitesQuery{Sight: all, Trouble: store.SiteAny}, []string{"other.example", "school.example", "a.school.example"}},
		{"down, limited", store.SitesQuery{Sight: mine, Within: a.Places(), Trouble: store.SiteDown}, []string{"a.school.example"}},
		{"down, which another knows", store.SitesQuery{Sight: qianshao.Sight{Authorisations: []string{b.ID}}, Within: a.Places(), Trouble: store.SiteDown}, nil},
		{"by name", store.SitesQuery{Sight: all, Name: "www."}, []string{"www.school.example"}},
		{"with findings", store.SitesQuery{Sight: all, Findings: true}, []string{"www.school.example"}},
		{"with findings that are seen", store.SitesQuery{Sight: qianshao.Sight{Authorisations: []string{b.ID}}, Within: a.Places(), Findings: true}, nil},
	} {
		if diff := cmp.Diff(tc.want, hosts(tc.q)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

// testSite: a site shows what belongs to the authorisations that the reader sees.
func testSite(t *testing.T, open Open) {
	s, a, b := knownSites(t, open)
	all := qianshao.SeeAll()
	site, err := s.Site(t.Context(), all, "www.school.example")
	want := store.Site{
		Host: "www.school.example", Authorisation: a.ID, Visited: visitedAt, Fetched: visitedAt, Next: time.UnixMilli(1).UTC(), Pages: 2, Open: 2,
		Verdicts: store.VerdictCounts{Undecided: 2},
	}
	if diff := cmp.Diff(want, site); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	site, err = s.Site(t.Context(), qianshao.Sight{Authorisations: []string{b.ID}}, "www.school.example")
	if diff := cmp.Diff(store.Site{Host: "www.school.example", Hidden: true}, site); err != nil || diff != "" {
		t.Errorf("under another's authorisation: %v (-want +got):\n%s", err, diff)
	}
	skips, err := s.Skips(t.Context(), all, "a.school.example")
	if diff := cmp.Diff([]store.SkipCount{{Skip: qianshao.SkipUnreachable, URLs: 1}}, skips); err != nil || diff != "" {
		t.Errorf("skips: %v (-want +got):\n%s", err, diff)
	}
	if _, err := s.Site(t.Context(), all, "none.example"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown site: %v", err)
	}
}

// testRecheck: a host's known URLs under the authorisations become due at once, with one act; without an
// authorisation, or on another host, none do.
func testRecheck(t *testing.T, open Open) {
	s := open(t)
	known, other, gone := item("a", "1", 0), item("b", "1", 0), item("a", "gone", 0)
	known.Authorisation, other.Authorisation, gone.Authorisation = "x", "x", "x"
	later := base.AddDate(0, 1, 0)
	for _, it := range []ingest.Item{known, other} {
		check(t, s.Add(t.Context(), []ingest.Item{it}))
		done(t, s, it, ingest.Outcome{Authorisation: "x", At: base, Again: later})
	}
	now := base
	due := func() (urls []string) {
		t.Helper()
		for {
			list, err := s.Lease(t.Context(), ingest.Lease{Now: now, Limit: 10, For: time.Second})
			check(t, err)
			if len(list) == 0 {
				return urls
			}
			for _, it := range list {
				urls = append(urls, it.URL)
				done(t, s, it, ingest.Outcome{Authorisation: "x", At: base, Again: later})
			}
			now = now.Add(2 * time.Second)
		}
	}
	for _, under := range [][]string{nil, {"y"}} {
		if n, err := s.Recheck(t.Context(), byTest, "a", "", under, nil); n != 0 || err != nil || len(due()) > 0 {
			t.Errorf("under %v: %d are due, %v", under, n, err)
		}
	}
	n, err := s.Recheck(t.Context(), byTest, "a", "", []string{"x"}, []ingest.Item{gone})
	if got := due(); n != 2 || err != nil || cmp.Diff([]string{gone.URL, known.URL}, got) != "" {
		t.Errorf("%d are due: %q, %v", n, got, err)
	}
	n, err = s.Recheck(t.Context(), store.Signed{By: "ann", At: base}, "a", "key", nil, []ingest.Item{known})
	if got := due(); n != 1 || err != nil || cmp.Diff([]string{known.URL}, got) != "" {
		t.Errorf("%d are due: %q, %v", n, got, err)
	}
	want := []recorded{{By: "ann", Event: "recheck", After: "key"}, {By: "test", Event: "recheck", After: "2"}}
	if diff := cmp.Diff(want, records(t, s, qianshao.SubjectSite, "a")); diff != "" {
		t.Error(diff)
	}
	for url, want := range map[string]bool{known.URL: true, "http://a/none": false} {
		if got, err := s.KnowsURL(t.Context(), "a", url); err != nil || got != want {
			t.Errorf("%s is known: %v, %v", url, got, err)
		}
	}
}
