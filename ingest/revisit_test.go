package ingest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
)

// clockwork is the real clock plus an offset, so that pacing goes on while a
// test leaps over days.
type clockwork struct {
	mu   sync.Mutex
	leap time.Duration
}

func (c *clockwork) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.leap)
}

func (c *clockwork) skip(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leap += d
}

// revisits is a bench with an authorisation of a year and a clock that leaps.
func revisits(t *testing.T, change func(*qianshao.Authorisation)) (*bench, *clockwork) {
	b := newBench(t, func(a *qianshao.Authorisation) {
		a.ValidUntil = time.Now().AddDate(1, 0, 0)
		a.RevisitMin, a.RevisitMax = 2*time.Hour, 40*time.Hour
		if change != nil {
			change(a)
		}
	}, "a.example")
	clock := &clockwork{}
	b.clock = clock.now
	return b, clock
}

// wait returns how long it is until the item is due again, to the minute.
func (b *bench) wait(t *testing.T) int {
	t.Helper()
	due, ok, err := b.store.Next(context.Background())
	if err != nil || !ok {
		t.Fatalf("nothing is due: %v", err)
	}
	return int(due.Sub(b.clock()).Round(time.Minute) / time.Minute)
}

func TestRevisitAdapts(t *testing.T) {
	b, clock := revisits(t, nil)
	version, open := 0, false
	b.opts.Handle = func(_ context.Context, _ qianshao.Page, _ ingest.Memory) (ingest.Handled, error) {
		return ingest.Handled{Hash: fmt.Sprint(version), Open: open}, nil
	}
	b.web.put("a.example/", "x")
	var got []int
	visit := func(changed bool) {
		if changed {
			version++
		}
		if err := b.run(t); err != nil {
			t.Fatal(err)
		}
		got = append(got, b.wait(t))
		clock.skip(time.Duration(got[len(got)-1]+1) * time.Minute)
	}
	for range 4 {
		visit(false)
	}
	for range 6 {
		visit(true)
	}
	open = true
	for range 5 {
		visit(false)
	}
	want := []int{1440, 2160, 2400, 2400, 1200, 600, 300, 150, 120, 120, 180, 270, 360, 360, 360}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("minutes until the next visit (-want +got):\n%s", diff)
	}
}

// TestConditionalRequests: validators are sent as long as the page was judged
// by the rules in force, and a page that comes without body although it is
// unknown is fetched again in full.
func TestConditionalRequests(t *testing.T) {
	b, clock := revisits(t, nil)
	rules, stale := "1", false
	var bodies []string
	b.opts.Rules = func() string { return rules }
	b.opts.Handle = func(_ context.Context, page qianshao.Page, before ingest.Memory) (ingest.Handled, error) {
		bodies = append(bodies, string(page.Body))
		return ingest.Handled{Hash: "h", Stale: page.NotModified() && stale}, nil
	}
	var asked []string
	b.web.handle("a.example/", func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("If-None-Match"))
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("ETag", `"v1"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("body"))
	})
	visit := func() {
		if err := b.run(t); err != nil {
			t.Fatal(err)
		}
		clock.skip(50 * time.Hour)
	}
	visit()
	visit()
	visit() // the validator is still known after an answer without body
	rules = "2"
	visit()
	stale = true
	visit()
	if diff := cmp.Diff([]string{"", `"v1"`, `"v1"`, "", `"v1"`, ""}, asked); diff != "" {
		t.Errorf("If-None-Match (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"body", "", "", "body", "", "body"}, bodies); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

// TestGone: 404 and 410 end a page, a temporary failure does not. A URL that
// now leads elsewhere has left its page; a page that a redirect led to is then
// visited by itself.
func TestGone(t *testing.T) {
	b, clock := revisits(t, nil)
	status := http.StatusOK
	b.web.handle("a.example/", func(w http.ResponseWriter, r *http.Request) {
		if status == http.StatusFound {
			http.Redirect(w, r, "/other", status)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
	})
	b.web.put("a.example/other", "x")
	b.web.put("a.example/new", "x")
	var gone []string
	b.opts.Gone = func(_ context.Context, g ingest.Gone) error {
		gone = append(gone, fmt.Sprint(g.URL, " ", g.Status, " ", g.Cause))
		return nil
	}
	visit := func(with int) {
		status = with
		if err := b.run(t); err != nil {
			t.Fatal(err)
		}
		clock.skip(50 * time.Hour)
	}
	visit(http.StatusOK)
	visit(http.StatusServiceUnavailable)
	visit(http.StatusForbidden)
	if len(gone) > 0 {
		t.Errorf("gone after a failure: %q", gone)
	}
	visit(http.StatusNotFound)
	visit(http.StatusGone)
	visit(http.StatusOK)
	visit(http.StatusFound)
	want := []string{"http://a.example/ 404 page", "http://a.example/ 410 page", "http://a.example/ 0 moved"}
	if diff := cmp.Diff(want, gone); diff != "" {
		t.Errorf("gone (-want +got):\n%s", diff)
	}
	before := b.handled["http://a.example/other"]
	b.web.handle("a.example/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/new", http.StatusFound) })
	visit(http.StatusFound)
	if b.handled["http://a.example/new"] != 1 || b.handled["http://a.example/other"] != before+1 {
		t.Errorf("the page that the redirect led to before is not visited by itself: %v", b.handled)
	}
}
