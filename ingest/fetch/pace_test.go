package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/robots"
)

// TestPacerRests: a host rests from when a request was sent, however long after its turn.
func TestPacerRests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const interval = time.Second
		p := newPacer(time.Now)
		var before time.Time // when the last request was sent
		for _, step := range []struct{ late, takes time.Duration }{
			{0, 0}, {300 * time.Millisecond, 0}, {5 * time.Second, 10 * time.Millisecond}, {0, 3 * time.Second}, {0, 0},
		} {
			leave, err := p.enter(t.Context(), "a", interval)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(step.late) // as if connecting, or waiting for the processor
			sent := time.Now()
			if gap := sent.Sub(before); gap < interval+step.late {
				t.Errorf("asked again after %s", gap)
			}
			time.Sleep(step.takes)
			p.rest("a", sent, interval)
			leave()
			before = sent
		}
		if pause := p.pause("a"); pause != interval+rounding {
			t.Errorf("rests for %s", pause)
		}
		time.Sleep(interval + rounding)
		if _, err := p.enter(t.Context(), "a", interval); err != nil || p.pause("a") != 0 {
			t.Errorf("%v, rests for %s", err, p.pause("a"))
		}
	})
	p := newPacer(time.Now)
	p.postpone("a", time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.wait(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("a wait outlives its context: %v", err)
	}
}

func TestPacerForgets(t *testing.T) {
	now := time.Unix(1000, 0)
	p := newPacer(func() time.Time { return now })
	for i := range 3 * maxPaced {
		now = now.Add(time.Second)
		p.postpone(fmt.Sprint(i), time.Millisecond)
	}
	if len(p.next) > maxPaced {
		t.Errorf("%d hosts remembered, more than %d", len(p.next), maxPaced)
	}
}

func TestInterval(t *testing.T) {
	f, err := New(Options{UserAgent: "test", Permit: func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) { return nil, "" }})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		robots string
		rate   float64
		want   time.Duration
	}{
		{"", 0, time.Second}, {"", 1, time.Second}, {"", 4, 250 * time.Millisecond}, {"", 0.1, 10 * time.Second},
		{"User-agent: *\nCrawl-delay: 5", 4, 5 * time.Second},
		{"User-agent: *\nCrawl-delay: 5", 0.1, 10 * time.Second},
		{"User-agent: other\nCrawl-delay: 5", 4, 250 * time.Millisecond},
		{"User-agent: *\nCrawl-delay: 86400", 1, MaxCrawlDelay},
	} {
		u := &url.URL{Scheme: "http", Host: "a.example"}
		f.robots.entry(origin(u)).robots = robots.Parse([]byte(tc.robots))
		if got := f.Interval(u, &qianshao.Authorisation{Rate: tc.rate}); got != tc.want {
			t.Errorf("rate %v with %q: %s, want %s", tc.rate, tc.robots, got, tc.want)
		}
	}
}

// TestPacerGate: one request to a host is under way at a time, other hosts do not wait, and
// no gates are left afterwards.
func TestPacerGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		enter := func(host string) func() {
			leave, err := p.enter(ctx, host, 0)
			if err != nil {
				t.Fatal(err)
			}
			return leave
		}
		first, other := enter("a"), enter("b")
		entered := false
		go func() {
			leave := enter("a")
			entered = true
			time.Sleep(time.Second)
			leave()
		}()
		if synctest.Wait(); entered {
			t.Error("a second request to one host is under way")
		}
		first()
		first() // leaving twice must not let two in
		if synctest.Wait(); !entered {
			t.Error("the second request waits after the first")
		}
		go func() {
			synctest.Wait()
			cancel()
		}()
		if _, err := p.enter(ctx, "a", 0); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting outlives its context: %v", err)
		}
		other()
		time.Sleep(time.Second)
		if synctest.Wait(); len(p.busy) != 0 {
			t.Errorf("%d gates are left", len(p.busy))
		}
	})
}

func TestPacerPostpones(t *testing.T) {
	now := time.Unix(1000, 0)
	p := newPacer(func() time.Time { return now })
	p.postpone("a", maxWait+time.Second)
	p.postpone("a", time.Second) // the longer pause applies
	var paused *pausedError
	for range 2 { // a refused request books nothing
		if _, err := p.enter(context.Background(), "a", time.Second); !errors.As(err, &paused) || paused.pause != maxWait+time.Second {
			t.Errorf("%v", err)
		}
	}
	now = now.Add(maxWait + time.Second)
	leave, err := p.enter(context.Background(), "a", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	leave()
}
