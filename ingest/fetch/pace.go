package fetch

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// pacer spaces the requests to each host and lets only one at a time be under way, whether for a
// page, a redirect's hop, robots.txt or a style sheet. A host rests from when a request was
// sent, not from when it was permitted, since connecting, or a busy machine, may delay the
// request. Its state is in memory only; after a restart, and among processes, the frontier's
// host times and turns apply.
type pacer struct {
	now     func() time.Time
	turns   Turns         // nil if no other process makes requests
	longest time.Duration // how long a request may take, as told to turns
	log     *slog.Logger

	mu   sync.Mutex
	next map[string]time.Time // by host name
	busy map[string]*gate
}

// gate lets one request to a host through at a time.
type gate struct {
	slot  chan struct{}
	users int // callers that hold the slot or wait for it
}

func newPacer(now func() time.Time) *pacer {
	return &pacer{now: now, next: map[string]time.Time{}, busy: map[string]*gate{}}
}

// maxPaced is the number of hosts above which those whose rest is over are forgotten.
const maxPaced = 4096

// pausedError says that a host's turn is too far away to wait for.
type pausedError struct {
	pause time.Duration
	err   error // why, if it is neither Retry-After nor rate
}

func (e *pausedError) Error() string { return e.In(locales.English) }

// In implements locales.Speaker.
func (e *pausedError) In(l locales.Lang) string {
	if e.err != nil {
		return l.Error(e.err)
	}
	return l.Text("unfetched.paused", e.pause.Round(time.Second))
}

// enter waits until host may be requested, and books interval after that for all processes. The
// caller calls rest when the request has been sent, and leave when it is over.
func (p *pacer) enter(ctx context.Context, host string, interval time.Duration) (leave func(), err error) {
	g := p.gate(host)
	select {
	case g.slot <- struct{}{}:
	case <-ctx.Done():
		p.forget(host, g)
		return nil, ctx.Err()
	}
	end, err := p.share(ctx, host, interval)
	if err == nil {
		err = p.wait(ctx, host)
	}
	leave = sync.OnceFunc(func() { end(); p.leave(host, g) })
	if err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

func (p *pacer) gate(host string) *gate {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.busy[host]
	if g == nil {
		g = &gate{slot: make(chan struct{}, 1)}
		p.busy[host] = g
	}
	g.users++
	return g
}

func (p *pacer) leave(host string, g *gate) {
	<-g.slot
	p.forget(host, g)
}

func (p *pacer) forget(host string, g *gate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g.users--; g.users == 0 {
		delete(p.busy, host)
	}
}

// wait waits until host may be requested, unless that is further away than maxWait.
func (p *pacer) wait(ctx context.Context, host string) error {
	pause := p.pause(host)
	if pause > maxWait {
		return &pausedError{pause: pause}
	}
	return sleep(ctx, pause)
}

// rounding makes up for the frontier's rounding of times to milliseconds.
const rounding = 2 * time.Millisecond

// rest prevents requests to host until interval after a request was sent.
func (p *pacer) rest(host string, sent time.Time, interval time.Duration) {
	p.postpone(host, interval+rounding-time.Since(sent))
}

// postpone prevents requests to host for a time.
func (p *pacer) postpone(host string, pause time.Duration) {
	if pause <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if len(p.next) >= maxPaced {
		for h, t := range p.next {
			if t.Before(now) {
				delete(p.next, h)
			}
		}
	}
	if until := now.Add(pause); until.After(p.restsUntil(host, now)) {
		p.next[host] = until
	}
}

// longestRest is longer than any host ever rests.
const longestRest = MaxHostPause + maxWait + MaxCrawlDelay

// restsUntil returns the next free time of host. A time beyond longestRest was set
// while the clock was ahead, and does not count. p.mu is held.
func (p *pacer) restsUntil(host string, now time.Time) time.Time {
	at := p.next[host]
	if at.Sub(now) > longestRest {
		return time.Time{}
	}
	return at
}

// pause returns how long a request to host would have to wait.
func (p *pacer) pause(host string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	return max(p.restsUntil(host, now).Sub(now), 0)
}

// Interval returns the time to keep between two requests to u's host: that of
// the authorisation's rate, or the host's Crawl-delay if it is longer (as far
// as its robots.txt has been read) up to MaxCrawlDelay.
func (f *Fetcher) Interval(u *url.URL, a *qianshao.Authorisation) time.Duration {
	interval := time.Second // the default, if no rate is given
	if a.Rate > 0 {
		interval = time.Duration(float64(time.Second) / a.Rate)
	}
	if r := f.robots.cached(u); r != nil && a.RobotsWaiver == "" {
		interval = max(interval, min(r.CrawlDelay(f.opts.RobotsAgent), MaxCrawlDelay))
	}
	return interval
}

// HostPause returns how long a request to the host (no port) would have to wait.
func (f *Fetcher) HostPause(host string) time.Duration { return f.pace.pause(host) }
