package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// testReplan: URLs planned by a clock that was ahead are planned anew, and no others.
func testReplan(t *testing.T, open Open) {
	s := open(t)
	// With a correct clock, a URL is due in 90 days at most and a host in an hour.
	horizon := ingest.Horizon{Now: base, Decided: base, Due: base.Add(90 * 24 * time.Hour), Rest: base.Add(time.Hour)}
	year := base.AddDate(1, 0, 0)
	for host, o := range map[string]ingest.Outcome{
		"ahead":   {At: year, Again: year.Add(2 * time.Hour)},
		"never":   {At: year},
		"right":   {At: base.Add(-time.Hour), Again: base.Add(80 * 24 * time.Hour)},
		"unknown": {Again: year}, // from a program that did not record when it planned
		"far":     {At: year, Again: year.AddDate(1, 0, 0)},
		"failing": {At: year, Again: year.Add(time.Hour), Failed: true, Skip: qianshao.SkipUnreachable},
		"rests":   {At: base, Again: base, HostNext: map[string]time.Time{"rests": year, "right": base.Add(time.Hour)}},
	} {
		add(t, s, item(host, "", 0))
		done(t, s, item(host, "", 0), o)
	}
	wantURLs(t, "before", lease(t, s, 0, 10))
	save(t, s, Page("http://ahead/", "x", 365*24, "casino"))
	save(t, s, Page("http://right/", "x", 0, "casino"))

	got, err := s.Replan(t.Context(), horizon)
	check(t, err)
	if want := (ingest.Replanned{URLs: 4, Hosts: 1, Findings: 1}); got != want {
		t.Errorf("replanned %+v, want %+v", got, want)
	}
	waiting, err := s.WaitingHosts(t.Context())
	check(t, err)
	want := []store.WaitingHost{{Host: "failing", URLs: 1, Since: base, Skip: qianshao.SkipUnreachable, Next: base.Add(time.Hour)}}
	if diff := cmp.Diff(want, waiting); diff != "" {
		t.Errorf("waiting (-want +got):\n%s", diff)
	}
	if got, err = s.Replan(t.Context(), horizon); err != nil || got != (ingest.Replanned{Findings: 1}) {
		t.Errorf("once more: %+v, %v", got, err)
	}
	wantURLs(t, "at once", lease(t, s, 0, 10), "far/", "rests/", "unknown/")
	for _, host := range []string{"far", "rests", "unknown"} {
		done(t, s, item(host, "", 0), ingest.Outcome{})
	}
	wantURLs(t, "an hour later", lease(t, s, time.Hour, 10), "failing/")
	done(t, s, item("failing", "", 0), ingest.Outcome{})
	wantURLs(t, "two hours later", lease(t, s, 2*time.Hour, 10), "ahead/")
}

// testFailures: failures are reported by host, and Retry makes their URLs due.
func testFailures(t *testing.T, open Open) {
	s := open(t)
	soon, late := base.Add(time.Minute), base.Add(time.Hour)
	for _, f := range []struct {
		host, path string
		outcome    ingest.Outcome
	}{
		{"down", "1", ingest.Outcome{At: base, Again: soon, Failed: true, Skip: qianshao.SkipRobotsUnavailable}},
		{"down", "1", ingest.Outcome{At: soon, Again: late, Failed: true, Skip: qianshao.SkipUnreachable, HostNext: map[string]time.Time{"down": late.Add(time.Second)}}},
		{"down", "2", ingest.Outcome{At: base, Again: late, Failed: true, Skip: qianshao.SkipStatus}},
		{"private", "1", ingest.Outcome{At: base, Again: late, Skip: qianshao.SkipAddress}},
		{"private", "2", ingest.Outcome{At: base, Again: late, Skip: qianshao.SkipAddress}},
		{"up", "1", ingest.Outcome{At: base, Again: late}},
		{"up", "2", ingest.Outcome{At: base, Again: late, Failed: true}}, // its page could not be saved
		{"up", "3", ingest.Outcome{At: base, Skip: qianshao.SkipBadURL}},
		{"back", "1", ingest.Outcome{At: base, Again: soon, Failed: true, Skip: qianshao.SkipUnreachable}},
		{"back", "1", ingest.Outcome{At: soon, Again: late}},
	} {
		add(t, s, item(f.host, f.path, 0))
		done(t, s, item(f.host, f.path, 0), f.outcome)
	}
	waiting, err := s.WaitingHosts(t.Context())
	check(t, err)
	if diff := cmp.Diff([]store.WaitingHost{{Host: "down", URLs: 2, Since: base, Skip: qianshao.SkipUnreachable, Next: late.Add(time.Second)}}, waiting); diff != "" {
		t.Errorf("waiting (-want +got):\n%s", diff)
	}
	skipped, err := s.SkippedHosts(t.Context())
	check(t, err)
	if diff := cmp.Diff([]store.SkippedHost{{Host: "private", Skip: qianshao.SkipAddress, URLs: 2}, {Host: "up", Skip: qianshao.SkipBadURL, URLs: 1}}, skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}

	if n, err := s.Retry(t.Context()); err != nil || n != 5 {
		t.Errorf("%d URLs are tried again, error %v; want 5", n, err)
	}
	// The host that was down is requested only after the interval of the slowest rate since its last visit.
	wantURLs(t, "at once", lease(t, s, time.Minute, 10), "private/1", "up/2")
	items, err := s.Lease(t.Context(), ingest.Lease{Now: base.Add(2 * time.Minute), Limit: 10})
	if err != nil || len(items) != 3 || items[0].Host != "down" || items[0].Attempts != 0 {
		t.Errorf("%+v, %v; want also the host that was down, without failures", items, err)
	}
}

// testHostFailures: a visit's count of its host's failures comes with the host's next item, whoever leases
// it, and Retry clears it.
func testHostFailures(t *testing.T, open Open) {
	s := open(t)
	add(t, s, item("a", "1", 0), item("a", "2", 0), item("b", "1", 0))
	start := now(t, s)
	fail := func(holder, host string, known, failures int) {
		t.Helper()
		items, err := s.Lease(t.Context(), ingest.Lease{Holder: holder, Now: start, Limit: 1, For: time.Minute})
		if err != nil || len(items) != 1 || items[0].Host != host || items[0].HostFailures != known {
			t.Fatalf("%+v, %v; want an item of %s after %d failures", items, err, host, known)
		}
		done(t, s, items[0], ingest.Outcome{At: start, Again: start, Failed: true, Skip: qianshao.SkipUnreachable, HostFailures: failures})
	}
	fail("one", "a", 0, 1)
	fail("two", "a", 1, 2)
	fail("one", "b", 0, 0)
	fail("one", "a", 2, 0)
	fail("two", "a", 0, 7)
	if n, err := s.Retry(t.Context()); err != nil || n != 3 {
		t.Fatalf("%d URLs are tried again, error %v; want 3", n, err)
	}
	start = start.Add(time.Minute)
	fail("two", "a", 0, 1)
}

// testChangedAuthorisation: a change makes due at once the URLs that it may affect.
func testChangedAuthorisation(t *testing.T, open Open) {
	before := qianshao.Authorisation{ID: "a", Owner: "o", Hosts: []string{"a", "b"}, Exclude: []string{"/x/"}, ValidFrom: base, ValidUntil: base.AddDate(1, 0, 0)}
	late := base.Add(24 * time.Hour)
	for name, tc := range map[string]struct {
		change func(*qianshao.Authorisation)
		want   []string
	}{
		"nothing":       {func(*qianshao.Authorisation) {}, nil},
		"the owner":     {func(a *qianshao.Authorisation) { a.Owner = "p" }, []string{"a/down", "a/gone", "a/private"}},
		"allow_private": {func(a *qianshao.Authorisation) { a.AllowPrivate = true }, []string{"a/down", "a/gone", "a/private"}},
		"fewer hosts":   {func(a *qianshao.Authorisation) { a.Hosts = []string{"b"} }, []string{"a/gone"}},
		"another host":  {func(a *qianshao.Authorisation) { a.Hosts = append(a.Hosts, "c") }, []string{"a/down", "a/gone", "a/missing", "a/page", "a/page?q", "a/private", "b/page"}},
		"wider":         {func(a *qianshao.Authorisation) { a.Exclude = nil }, []string{"a/down", "a/gone", "a/missing", "a/page", "a/page?q", "a/private", "b/page"}},
		"narrower":      {func(a *qianshao.Authorisation) { a.Exclude = append(a.Exclude, "/y/") }, []string{"a/down", "a/gone", "a/private"}},
		"no queries":    {func(a *qianshao.Authorisation) { a.NoQueries = true }, []string{"a/down", "a/gone", "a/page?q", "a/private"}},
		"another":       {func(a *qianshao.Authorisation) { a.ID = "other" }, []string{"a/down", "a/gone", "a/private"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			check(t, s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{before}))
			for url, o := range outcomes() {
				o.At, o.Again = base, late
				it := item(url[:1], url[2:], 0)
				add(t, s, it)
				done(t, s, it, o)
			}
			after := before
			tc.change(&after)
			check(t, s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{after}))
			wantURLs(t, "due when it is put", visitDue(t, s, late), tc.want...)
			// A server that has refused them meanwhile does the same when it reloads the register.
			check(t, s.Recall(t.Context(), []qianshao.Authorisation{before}, []qianshao.Authorisation{after}))
			wantURLs(t, "due when it is read", visitDue(t, s, late), tc.want...)
		})
	}
}

// visitDue visits everything that is due, with the same result as before, and returns it in order.
func visitDue(t *testing.T, s Store, again time.Time) (due []string) {
	for range 7 {
		items, err := s.Lease(t.Context(), ingest.Lease{Now: base.Add(time.Hour), Limit: 10})
		check(t, err)
		for _, it := range items {
			due = append(due, strings.TrimPrefix(it.URL, "http://"))
			if it.Rules != "" && !strings.Contains(it.URL, "?") {
				t.Errorf("%s would not be fetched in full", it.URL)
			}
			o := outcomes()[due[len(due)-1]]
			o.At, o.Again = base, again
			done(t, s, it, o)
		}
	}
	slices.Sort(due)
	return due
}

// outcomes are those of visits that ended in different ways.
func outcomes() map[string]ingest.Outcome {
	return map[string]ingest.Outcome{
		"a/page":    {Memory: ingest.Memory{Hash: "h", Rules: "r"}},
		"a/page?q":  {Memory: ingest.Memory{Hash: "h", Rules: "r"}},
		"b/page":    {Memory: ingest.Memory{Hash: "h", Rules: "r"}},
		"a/private": {Skip: qianshao.SkipAddress},
		"a/down":    {Skip: qianshao.SkipUnreachable, Failed: true},
		"a/gone":    {Skip: qianshao.SkipNotAuthorised},
		"a/missing": {Skip: qianshao.SkipStatus},
	}
}
