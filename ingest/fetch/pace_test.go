package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/robots"
)

func TestPacerBooks(t *testing.T) {
	now := time.Unix(1000, 0)
	p := newPacer(func() time.Time { return now }, 2)
	for _, step := range []struct {
		host    string
		advance time.Duration
		want    time.Duration
	}{
		{"a", 0, 0}, {"a", 0, time.Second}, {"a", 0, 2 * time.Second}, {"b", 0, 0},
		{"a", 2500 * time.Millisecond, 500 * time.Millisecond}, {"a", 10 * time.Second, 0}, {"b", 0, 0}, {"b", 0, time.Second},
	} {
		now = now.Add(step.advance)
		if got := p.book(step.host, time.Second); got != step.want {
			t.Errorf("%s at %s: wait %s, want %s", step.host, now, got, step.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.wait(ctx, "a", time.Second); !errors.Is(err, context.Canceled) {
		t.Errorf("a wait outlives its context: %v", err)
	}
}

func TestPacerForgets(t *testing.T) {
	now := time.Unix(1000, 0)
	p := newPacer(func() time.Time { return now }, 2)
	for i := range 3 * maxPaced {
		now = now.Add(time.Second)
		p.book(fmt.Sprint(i), time.Millisecond)
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

// TestPacerGate: no more requests to a host are under way than its gate lets
// through; other hosts do not wait, and nothing is remembered afterwards.
func TestPacerGate(t *testing.T) {
	p := newPacer(time.Now, 2)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var leave []func()
	for _, host := range []string{"a", "a", "b"} {
		out, err := p.enter(ctx, host, 0)
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, out)
	}
	third := make(chan error)
	go func() {
		out, err := p.enter(ctx, "a", 0)
		if err == nil {
			out()
		}
		third <- err
	}()
	select {
	case err := <-third:
		t.Fatalf("a third request to one host is under way: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	leave[0]()
	leave[0]() // closing twice gives no second slot
	if err := <-third; err != nil {
		t.Error(err)
	}
	if out, err := p.enter(ctx, "a", 0); err != nil {
		t.Error(err)
	} else {
		cancel()
		if _, err := p.enter(ctx, "a", 0); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting outlives its context: %v", err)
		}
		out()
	}
	leave[1]()
	leave[2]()
	if len(p.busy) != 0 {
		t.Errorf("%d gates are left", len(p.busy))
	}
}

func TestPacerPostpones(t *testing.T) {
	now := time.Unix(1000, 0)
	p := newPacer(func() time.Time { return now }, 2)
	p.postpone("a", maxWait+time.Second)
	p.postpone("a", time.Second) // the longer one stands
	var paused *pausedError
	for range 2 { // a refusal books nothing
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
