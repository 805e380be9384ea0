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
	p := newPacer(func() time.Time { return now })
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
	p := newPacer(func() time.Time { return now })
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
