package ingest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
	"github.com/qianshao/qianshao/store/sqlstore"
)

// permit returns an authorisation of hosts that is in force for a number of days from now.
func permit(id string, days int, hosts ...string) qianshao.Authorisation {
	return qianshao.Authorisation{
		ID: id, Owner: "o", Basis: "b", Contact: "c", Hosts: hosts,
		ValidFrom: watchNow.AddDate(-1, 0, 0), ValidUntil: watchNow.AddDate(0, 0, days),
	}
}

var watchNow = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// unmonitored returns "host authorisation reason skip" for everything that
// should be watched and is not; a dash stands for an empty field.
func unmonitored(t *testing.T, s ingest.Silence, list []qianshao.Authorisation) (lines []string) {
	t.Helper()
	scope, err := ingest.NewScope(list)
	if err != nil {
		t.Fatal(err)
	}
	for u, err := range ingest.Unmonitored(t.Context(), s, scope, watchNow) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", u.Host, u.Authorisation, u.Reason, u.Skip)))
	}
	return lines
}

func watched(t *testing.T, list []qianshao.Authorisation) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.New(sqlite.Open(t.Context(), sqlitetest.File(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.PutAuthorisations(t.Context(), store.Signed{By: "test"}, list); err != nil {
		t.Fatal(err)
	}
	return s
}

// visit records a visit of the host's front page, made so long ago.
func visit(t *testing.T, s *sqlstore.Store, host, authorisation string, ago time.Duration, o ingest.Outcome) {
	t.Helper()
	it := ingest.Item{URL: "http://" + host + "/", Host: host, Authorisation: authorisation}
	if err := s.Add(t.Context(), []ingest.Item{it}); err != nil {
		t.Fatal(err)
	}
	o.At, o.Authorisation = watchNow.Add(-ago), authorisation
	o.Again = o.At.Add(24 * time.Hour)
	if err := s.Done(t.Context(), it, o); err != nil {
		t.Fatal(err)
	}
}

// TestUnmonitoredHosts has a host for every reason, and some that are monitored.
func TestUnmonitoredHosts(t *testing.T) {
	t.Parallel()
	list := []qianshao.Authorisation{
		permit("city", 300, "unvisited.example", "seedless.example", "registered.example", "*.city.example"),
		permit("over", -200, "left.example"),
	}
	list[0].Seeds = []string{"http://unvisited.example/", "http://registered.example/"}
	s := watched(t, list)
	visit(t, s, "ok.city.example", "city", time.Hour, ingest.Outcome{})
	visit(t, s, "late.city.example", "city", 4*24*time.Hour, ingest.Outcome{})
	for host, o := range map[string]ingest.Outcome{
		"blocked.city.example":  {Skip: qianshao.SkipAddress, HostDown: true},
		"down.city.example":     {Skip: qianshao.SkipUnreachable, HostDown: true, Failed: true},
		"norobots.city.example": {Skip: qianshao.SkipRobotsUnavailable, HostDown: true, Failed: true},
		"robots.city.example":   {Skip: qianshao.SkipRobots},
		"error.city.example":    {Skip: qianshao.SkipStatus},
		"leads.city.example":    {Skip: qianshao.SkipNotAuthorised}, // a redirect out of the scope
	} {
		visit(t, s, host, "city", time.Hour, o)
	}
	visit(t, s, "left.example", "over", time.Hour, ingest.Outcome{Skip: qianshao.SkipUnreachable, HostDown: true})
	if err := s.Add(t.Context(), []ingest.Item{{URL: "http://unvisited.example/", Host: "unvisited.example", Authorisation: "city"}}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"blocked.city.example city blocked address_blocked",
		"down.city.example city down unreachable",
		"error.city.example city http_error http_error",
		"late.city.example city overdue",
		"leads.city.example city no_page not_authorised",
		"norobots.city.example city down robots_unavailable",
		"registered.example city never_fetched",
		"robots.city.example city robots robots_disallowed",
		"seedless.example city no_seed",
		"unvisited.example city never_fetched",
	}
	if diff := cmp.Diff(want, unmonitored(t, s, list)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUnmonitoredAuthorisations: the end of an authorisation is reported unless a
// renewal follows, and so is an authorisation under which no page has come.
func TestUnmonitoredAuthorisations(t *testing.T) {
	t.Parallel()
	future := permit("renewal", 400, "renewed.example", "*.renewed.example", "early.example", "gap.example", "ported.example")
	future.ValidFrom = watchNow.AddDate(0, 0, 5)
	list := []qianshao.Authorisation{
		permit("a ends", 29, "ends.example"),
		permit("b runs", 31, "runs.example"),
		permit("c has ended", -1, "ended.example"),
		permit("d ended long ago", -91, "forgotten.example"),
		permit("e is renewed", 10, "renewed.example", "*.deep.renewed.example"),
		permit("f is renewed in part", 10, "early.example", "late.example"),
		permit("g has a gap", 3, "gap.example"),
		permit("h is renewed for another port", 10, "ported.example:8080"),
		permit("i brought nothing", 300, "*.wild.example"),
		permit("j has ended and was renewed", -2, "runs.example"),
		future,
	}
	for i := range list {
		list[i].ID = strings.ReplaceAll(list[i].ID, " ", "-")
	}
	s := watched(t, list)
	for _, a := range list[:8] {
		host, _, _ := strings.Cut(strings.TrimPrefix(a.Hosts[0], "*."), ":")
		visit(t, s, a.ID+"."+host, a.ID, time.Hour, ingest.Outcome{})
	}
	var got []string
	for _, line := range unmonitored(t, s, list) {
		if reason := qianshao.UnmonitoredReason(line[strings.LastIndexByte(line, ' ')+1:]); reason.OfAuthorisation() {
			got = append(got, line)
		}
	}
	want := []string{
		"a-ends ending", "c-has-ended ended", "f-is-renewed-in-part ending", "g-has-a-gap ending",
		"h-is-renewed-for-another-port ending", "i-brought-nothing nothing_fetched",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUnmonitoredAfterCrawl crawls hosts that give no page, each in its own way, beside one that does.
// The link of that one to a host that is down does not count against it.
func TestUnmonitoredAfterCrawl(t *testing.T) {
	b := newBench(t, func(a *qianshao.Authorisation) { a.Hosts = append(a.Hosts, "169.254.169.254") },
		"ok.example", "down.example", "forbids.example", "refuses.example", "moved.example")
	b.web.put("ok.example/", `<a href="/leads">`)
	b.web.handle("ok.example/leads", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://down.example/x", http.StatusFound)
	})
	for _, path := range []string{"/", "/x", "/robots.txt"} {
		b.web.handle("down.example"+path, func(w http.ResponseWriter, _ *http.Request) { hijack(t, w) })
	}
	b.web.put("forbids.example/robots.txt", "User-agent: *\nDisallow: /")
	b.web.handle("refuses.example/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	b.web.handle("moved.example/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://outside.example/", http.StatusFound)
	})
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	got := map[string]qianshao.UnmonitoredReason{}
	for u, err := range ingest.Unmonitored(t.Context(), b.store, b.opts.Scope(), time.Now()) {
		if err != nil {
			t.Fatal(err)
		}
		if u.Host == "" {
			continue
		}
		got[u.Host] = u.Reason
		if u.Authorisation != "test" || u.Since.IsZero() || !u.LastPage.IsZero() || u.NextTry.Before(u.Since) {
			t.Errorf("%+v", u)
		}
	}
	want := map[string]qianshao.UnmonitoredReason{
		"169.254.169.254": qianshao.UnmonitoredBlocked, "down.example": qianshao.UnmonitoredDown, "forbids.example": qianshao.UnmonitoredRobots,
		"refuses.example": qianshao.UnmonitoredHTTPError, "moved.example": qianshao.UnmonitoredNoPage,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
