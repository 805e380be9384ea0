package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
)

const day = 24 * time.Hour

// visited is the outcome of a visit at base+at that brought a page, due again after wait.
func visited(at, wait time.Duration) ingest.Outcome {
	return ingest.Outcome{At: base.Add(at), Authorisation: "a", Again: base.Add(at + wait), Memory: ingest.Memory{Hash: "h"}}
}

// failed is the outcome of a visit at base+at that brought no page.
func failed(skip qianshao.Skip, at, wait time.Duration) ingest.Outcome {
	return ingest.Outcome{At: base.Add(at), Authorisation: "a", Again: base.Add(at + wait), Skip: skip}
}

// silent returns the hosts without pages at base+at, if visits may be two days late.
func silent(t testing.TB, s Store, at time.Duration) []ingest.SilentHost {
	t.Helper()
	return all(t, s.SilentHosts(t.Context(), base.Add(at-2*day)))
}

// testSilentHosts follows hosts through their visits.
func testSilentHosts(t *testing.T, open Open) {
	s := open(t)
	check(t, s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{
		{ID: "a", Hosts: []string{"named", "*.below", "ported:8080"}, ValidFrom: base, ValidUntil: base.Add(day)}}))
	one := item("ok", "1", 0)
	add(t, s, one, item("new", "1", 0), item("down", "1", 0), item("refused", "1", 0), item("asked later", "1", 0))
	down := failed(qianshao.SkipUnreachable, time.Minute, time.Hour)
	down.HostDown, down.Failed = true, true
	done(t, s, item("down", "1", 0), down)
	done(t, s, item("refused", "1", 0), failed(qianshao.SkipStatus, time.Minute, day))
	notAsked := failed(qianshao.SkipNotInForce, time.Minute, day)
	notAsked.Authorisation = ""
	done(t, s, item("asked later", "1", 0), notAsked)
	done(t, s, one, visited(time.Minute, day))

	due := time.UnixMilli(0).UTC()
	never := func(host string, next time.Time) ingest.SilentHost {
		return ingest.SilentHost{Host: host, NextTry: next}
	}
	inTrouble := func(host string, skip qianshao.Skip, next time.Duration) ingest.SilentHost {
		return ingest.SilentHost{Host: host, Trouble: skip, Since: base.Add(time.Minute), NextTry: base.Add(time.Minute + next)}
	}
	if diff := cmp.Diff([]ingest.SilentHost{
		never("asked later", base.Add(time.Minute+day)), inTrouble("down", qianshao.SkipUnreachable, time.Hour), never("named", time.Time{}),
		never("new", due), never("ported", time.Time{}), inTrouble("refused", qianshao.SkipStatus, day),
	}, silent(t, s, time.Minute)); diff != "" {
		t.Errorf("after the first visits (-want +got):\n%s", diff)
	}

	// A host that is down keeps the time when that began; a page ends it.
	down.At = base.Add(time.Hour)
	done(t, s, item("down", "1", 0), down)
	if got := silent(t, s, time.Hour)[1]; !got.Since.Equal(base.Add(time.Minute)) {
		t.Errorf("the second failure moves the beginning to %s", got.Since)
	}
	for _, host := range []string{"down", "refused"} {
		done(t, s, item(host, "1", 0), visited(2*time.Hour, day))
	}
	if got := hostNames(silent(t, s, 2*time.Hour)); !slices.Equal(got, []string{"asked later", "named", "new", "ported"}) {
		t.Errorf("after pages came: %q", got)
	}
	// A host that is down is listed at once, however fresh its pages are.
	down.At = base.Add(2 * time.Hour)
	done(t, s, one, down)
	if got := hostNames(silent(t, s, 2*time.Hour)); !slices.Contains(got, "ok") {
		t.Errorf("down, with a fresh page: %q", got)
	}
	done(t, s, one, visited(time.Minute, day))
	// Visits have stopped: due after a day, and two days late after three.
	if got := hostNames(silent(t, s, 3*day+time.Second)); slices.Contains(got, "ok") {
		t.Errorf("not yet late: %q", got)
	}
	late := silent(t, s, 3*day+time.Minute)
	if i := slices.Index(hostNames(late), "ok"); i < 0 || !late[i].LastPage.Equal(base.Add(time.Minute)) || !late[i].NextTry.Equal(base.Add(day+time.Minute)) {
		t.Errorf("two days late: %+v", late)
	}
	done(t, s, item("new", "1", 0), ingest.Outcome{At: base.Add(time.Minute), Authorisation: "a"}) // no further visit is planned
	if got := hostNames(silent(t, s, 3*day)); !slices.Contains(got, "new") {
		t.Errorf("a host without any visit to come is not silent: %q", got)
	}
	// A slow host, with URLs that wait for long, still delivers pages.
	add(t, s, item("ok", "waits", 1))
	done(t, s, one, visited(3*day, day))
	if got := hostNames(silent(t, s, 4*day)); slices.Contains(got, "ok") {
		t.Errorf("a host with pages a day ago is silent: %q", got)
	}
}

// testLostPages: one or two dead links are no trouble of the host; several refused pages in a row are, and
// so is the loss of the last fresh page.
func testLostPages(t *testing.T, open Open) {
	s := open(t)
	for i := range 5 {
		it := item("a", fmt.Sprint(i), 0)
		add(t, s, it)
		done(t, s, it, visited(0, 7*day))
	}
	fails := func(i int, o ingest.Outcome) []string {
		done(t, s, item("a", fmt.Sprint(i), 0), o)
		return hostNames(silent(t, s, time.Hour))
	}
	refused := failed(qianshao.SkipStatus, time.Hour, day)
	for range 5 { // gone: nothing is remembered of the page
		if got := fails(0, refused); len(got) > 0 {
			t.Fatalf("pages that were taken down: %q", got)
		}
	}
	refused.Memory = ingest.Memory{Hash: "h"}
	for i := range ingest.LostPages {
		if got := fails(i, refused); len(got) > 0 != (i == ingest.LostPages-1) {
			t.Errorf("after %d refusals: %q", i+1, got)
		}
	}
	if got := fails(4, visited(time.Hour, day)); len(got) > 0 {
		t.Errorf("after a page: %q", got)
	}
	// A retry of the same URL does not count as another URL.
	refused.Failed = true
	again := item("a", "3", 0)
	for range 5 {
		done(t, s, again, refused)
		again.Attempts++
	}
	if got := hostNames(silent(t, s, time.Hour)); len(got) > 0 {
		t.Errorf("after retries: %q", got)
	}
	// A week later the last fresh page is due, and fails as well.
	refused.At, refused.Failed = base.Add(7*day), false
	if got := fails(0, refused); len(got) != 1 {
		t.Errorf("no page is fresh: %q", got)
	}

	single := item("single", "", 0)
	add(t, s, single)
	done(t, s, single, visited(0, day))
	ahead := visited(366*day, 7*day) // by a clock that ran a year ahead, and was set back
	done(t, s, single, ahead)
	done(t, s, single, visited(day, day))
	done(t, s, single, failed(qianshao.SkipRobots, 2*day, day))
	if got := hostNames(silent(t, s, 2*day)); !slices.Contains(got, "single") {
		t.Errorf("the only page is forbidden: %q", got)
	}
}

// testSilentHostsByName: more hosts than are read at a time are returned completely, in order.
func testSilentHostsByName(t *testing.T, open Open) {
	s := open(t)
	var hosts, want []string
	for i := range 5200 {
		hosts = append(hosts, fmt.Sprintf("h%04d", i*7919%5200))
	}
	check(t, s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{{ID: "a", Hosts: hosts}}))
	want = slices.Sorted(slices.Values(hosts))
	if got := hostNames(silent(t, s, 0)); !slices.Equal(got, want) {
		t.Errorf("%d hosts, want %d in order", len(got), len(want))
	}
}

func testFetchedUnder(t *testing.T, open Open) {
	s := open(t)
	check(t, s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{{ID: "a"}, {ID: "b"}, {ID: "c"}}))
	add(t, s, item("x", "", 0), item("y", "", 0))
	done(t, s, item("x", "", 0), visited(0, day))
	down := failed(qianshao.SkipUnreachable, 0, day)
	down.Authorisation = "b"
	done(t, s, item("y", "", 0), down)
	got, err := s.FetchedUnder(t.Context())
	if err != nil || !slices.Equal(got, []string{"a"}) {
		t.Errorf("%q, error %v", got, err)
	}
}

func hostNames(list []ingest.SilentHost) (names []string) {
	for _, h := range list {
		names = append(names, h.Host)
	}
	return names
}
