package ingest_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
)

// TestRetryPauses: 1, 5, 15 minutes, then each hour.
func TestRetryPauses(t *testing.T) {
	b := newBench(t, nil, "a.example")
	b.opts.RetryPauses, b.opts.Once = nil, false
	crawler, err := ingest.NewCrawler(b.opts)
	if err != nil {
		t.Fatal(err)
	}
	want := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}
	if diff := cmp.Diff(want, crawler.RetryPauses); diff != "" {
		t.Error(diff)
	}
}

// TestHostThatIsDown: the host gets one request after each pause, the last one repeated, however
// many pages it has, and is crawled completely as soon as it is back. Two crawlers take turns, and
// each counts the other's failures.
func TestHostThatIsDown(t *testing.T) {
	b := newBench(t, func(a *qianshao.Authorisation) { a.ValidUntil = time.Now().AddDate(1, 0, 0) }, "a.example", "b.example")
	start := time.Now()
	clock := newJumpingClock(start)
	b.clock = clock.now
	var down atomic.Bool
	down.Store(true)
	var mu sync.Mutex
	var asked []time.Duration
	page := func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, clock.now().Sub(start).Round(time.Minute))
			hijack(t, w)
			return
		}
		w.Header().Set("Content-Type", "text/html")
	}
	b.web.put("b.example/", `<a href="http://a.example/1"><a href="http://a.example/2"><a href="http://a.example/3">`)
	for _, path := range []string{"/", "/1", "/2", "/3", "/robots.txt"} {
		b.web.handle("a.example"+path, page)
	}
	b.opts.RetryPauses = []time.Duration{3 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour} // all beyond what a Once run waits for
	run := inTurn(t, b, "one", "two")
	if err := ingest.Seed(t.Context(), b.store, b.opts.Scope(), start); err != nil {
		t.Fatal(err)
	}
	run()
	for range 6 {
		due, ok, err := b.store.Next(t.Context())
		if err != nil || !ok {
			t.Fatalf("the host was given up: %v, %v", ok, err)
		}
		clock.jump(due)
		run()
	}
	want := []time.Duration{0, 3 * time.Minute, 8 * time.Minute, 23 * time.Minute, 83 * time.Minute, 143 * time.Minute, 203 * time.Minute}
	var times []time.Duration
	mu.Lock()
	defer mu.Unlock()
	for _, at := range asked {
		if n := len(times); n == 0 || times[n-1] != at {
			times = append(times, at)
		}
	}
	if diff := cmp.Diff(want, times); diff != "" {
		t.Errorf("asked after (-want +got):\n%s", diff)
	}
	if b.skipped["http://a.example/"] == "" {
		t.Error("it was not reported that the host is down")
	}
	due, _, err := b.store.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clock.jump(due)
	down.Store(false)
	run()
	for _, url := range []string{"http://a.example/1", "http://a.example/2", "http://a.example/3"} {
		if b.handled[url] != 1 {
			t.Errorf("%s was handled %d times once the host is back", url, b.handled[url])
		}
	}
}

// TestAnswerToAnotherCrawler: a host that has answered another crawler does not count as down.
func TestAnswerToAnotherCrawler(t *testing.T) {
	b := newBench(t, nil, "a.example")
	clock := newJumpingClock(time.Now())
	b.clock = clock.now
	drop := func(w http.ResponseWriter, _ *http.Request) { hijack(t, w) }
	b.web.handle("a.example/", drop)
	b.opts.RetryPauses = []time.Duration{3 * time.Minute, 5 * time.Minute, 15 * time.Minute}
	run := inTurn(t, b, "one", "two")
	if err := ingest.Seed(t.Context(), b.store, b.opts.Scope(), clock.now()); err != nil {
		t.Fatal(err)
	}
	run()
	b.web.put("a.example/", `<a href="/1">`)
	b.web.put("a.example/1", "x")
	clock.jump(clock.now().Add(3 * time.Minute))
	run()
	if b.handled["http://a.example/1"] != 1 {
		t.Fatalf("handled %v", b.handled)
	}
	b.web.handle("a.example/2", drop)
	if err := b.store.Add(t.Context(), []ingest.Item{{URL: "http://a.example/2", Host: "a.example", Authorisation: "test"}}); err != nil {
		t.Fatal(err)
	}
	run()
	due, ok, err := b.store.Next(t.Context())
	if rest := due.Sub(clock.now()).Round(time.Minute); err != nil || !ok || rest != 3*time.Minute {
		t.Errorf("the host rests for %s, %v, %v; want the first pause", rest, ok, err)
	}
}

// inTurn returns a function that runs the next of several crawlers of a bench until nothing is due.
func inTurn(t *testing.T, b *bench, holders ...string) (run func()) {
	t.Helper()
	var crawlers []*ingest.Crawler
	for _, holder := range holders {
		opts := b.opts
		opts.Holder = holder
		crawler, err := ingest.NewCrawler(opts)
		if err != nil {
			t.Fatal(err)
		}
		crawlers = append(crawlers, crawler)
	}
	n := 0
	return func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := crawlers[n%len(crawlers)].Run(ctx); err != nil || ctx.Err() != nil {
			t.Fatal(err, ctx.Err())
		}
		n++
	}
}

// jumpingClock runs like a clock, and jumps when told to.
type jumpingClock struct {
	mu       sync.Mutex
	at, from time.Time
}

func newJumpingClock(at time.Time) *jumpingClock { return &jumpingClock{at: at, from: time.Now()} }

func (c *jumpingClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at.Add(time.Since(c.from))
}

func (c *jumpingClock) jump(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.from = to, time.Now()
}

// hijack ends a connection without an answer.
func hijack(t *testing.T, w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_ = conn.Close()
}

// TestOnceLeavesADownHostToTheNextRun: where a person waits, three tries are enough.
func TestOnceLeavesADownHostToTheNextRun(t *testing.T) {
	b := newBench(t, nil, "a.example")
	b.web.handle("a.example/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	b.opts.RetryPauses = nil
	if err := b.run(t); err != nil {
		t.Fatal(err)
	}
	if n := b.web.asked("a.example/"); n != 3 {
		t.Errorf("%d tries, want 3", n)
	}
	due, ok, err := b.store.Next(t.Context())
	if wait := time.Until(due); err != nil || !ok || wait < 4*time.Minute || wait > 5*time.Minute {
		t.Errorf("next in %s, %v, %v; want five minutes", wait, ok, err)
	}
	if diff := cmp.Diff(map[string]qianshao.Skip{"http://a.example/": qianshao.SkipStatus}, b.skipped); diff != "" {
		t.Error(diff)
	}
}
