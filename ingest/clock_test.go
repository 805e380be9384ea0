package ingest_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
)

// TestClockAhead: after a crawl by a clock that is ahead, by eight hours or by a year, everything is
// visited again once the clock is correct, and the mistake is reported.
func TestClockAhead(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"eight hours": 8 * time.Hour, "a year": 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(a *qianshao.Authorisation) {
				a.ValidUntil, a.RevisitMin, a.RevisitMax = time.Now().AddDate(3, 0, 0), time.Hour, time.Hour
			}, "a.example", "down.example")
			b.web.put("a.example/", `<a href="/1">`)
			b.web.put("a.example/1", "x")
			b.web.handle("down.example/", func(w http.ResponseWriter, _ *http.Request) { hijack(t, w) })
			right := time.Now()
			clock := newJumpingClock(right.Add(ahead))
			b.clock = clock.now
			if err := b.run(t); err != nil || b.handled["http://a.example/1"] != 1 {
				t.Fatal(err, b.handled)
			}
			if len(b.replanned) > 0 {
				t.Errorf("a clock that just ran on is taken for one that was ahead: %v", b.replanned)
			}

			clock.jump(right)
			b.web.put("a.example/new", "y")
			if err := b.store.Add(t.Context(), []ingest.Item{{URL: "http://a.example/new", Host: "a.example", Authorisation: "test"}}); err != nil {
				t.Fatal(err)
			}
			if err := b.run(t); err != nil || b.handled["http://a.example/new"] != 1 {
				t.Errorf("a new URL waits for the time that the wrong clock showed: %v, %v", err, b.handled)
			}
			if diff := cmp.Diff([]ingest.Replanned{{URLs: 3, Hosts: 2}}, b.replanned); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}

			clock.jump(right.Add(time.Hour + time.Minute))
			b.web.put("down.example/", "back")
			if err := b.run(t); err != nil || b.handled["http://a.example/1"] != 2 || b.handled["http://down.example/"] != 1 {
				t.Errorf("what was due in an hour is not due in an hour: %v, %v", err, b.handled)
			}
			if len(b.replanned) != 1 {
				t.Errorf("reported again: %v", b.replanned)
			}
		})
	}
}

// TestClockPutBack: a crawl continues when its clock is corrected.
func TestClockPutBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(a *qianshao.Authorisation) { a.ValidUntil = time.Now().AddDate(3, 0, 0) }, "a.example")
	b.web.put("a.example/", "x")
	b.web.put("a.example/new", "y")
	right := time.Now()
	clock := newJumpingClock(right.AddDate(1, 0, 0))
	b.clock, b.opts.Once = clock.now, false
	crawler, err := ingest.NewCrawler(b.opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- crawler.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	handled := func(url string) func() bool {
		return func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.handled[url] > 0
		}
	}
	if err := ingest.Seed(ctx, b.store, b.opts.Scope(), clock.now()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, handled("http://a.example/"))
	clock.jump(right)
	if err := b.store.Add(ctx, []ingest.Item{{URL: "http://a.example/new", Host: "a.example", Authorisation: "test"}}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, handled("http://a.example/new"))
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.replanned) != 1 || b.replanned[0].Hosts != 1 {
		t.Errorf("reported: %+v", b.replanned)
	}
}
