package fetch

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
)

// pacer spaces the requests to each host, and bounds how many are under way,
// whatever they are for: a page, a redirect's hop, robots.txt, a style sheet. It
// is memory only; across a restart the frontier's host times hold.
type pacer struct {
	now     func() time.Time
	perHost int

	mu   sync.Mutex
	next map[string]time.Time // by host name
	busy map[string]*gate
}

// gate lets a number of requests to one host through at a time.
type gate struct {
	slots chan struct{}
	users int // who hold a slot or wait for one
}

func newPacer(now func() time.Time, perHost int) *pacer {
	return &pacer{now: now, perHost: perHost, next: map[string]time.Time{}, busy: map[string]*gate{}}
}

// maxPaced is the number of hosts from which on those whose time has passed are forgotten.
const maxPaced = 4096

// pausedError says that a host's turn is too far away to be waited for.
type pausedError struct{ pause time.Duration }

func (e *pausedError) Error() string {
	return fmt.Sprintf("the host's turn is %s away, by its Retry-After or its rate", e.pause.Round(time.Second))
}

// enter returns when host may be asked, and books interval after that. The
// caller calls leave when the request is over.
func (p *pacer) enter(ctx context.Context, host string, interval time.Duration) (leave func(), err error) {
	g := p.gate(host)
	leave = sync.OnceFunc(func() { p.leave(host, g) })
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		p.forget(host, g)
		return nil, ctx.Err()
	}
	if err := p.wait(ctx, host, interval); err != nil {
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
		g = &gate{slots: make(chan struct{}, p.perHost)}
		p.busy[host] = g
	}
	g.users++
	return g
}

func (p *pacer) leave(host string, g *gate) {
	<-g.slots
	p.forget(host, g)
}

func (p *pacer) forget(host string, g *gate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g.users--; g.users == 0 {
		delete(p.busy, host)
	}
}

func (p *pacer) wait(ctx context.Context, host string, interval time.Duration) error {
	pause := p.book(host, interval)
	if pause > maxWait {
		return &pausedError{pause}
	}
	if pause <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// book takes the next free time of host, unless it is further away than
// maxWait, and returns how long it is until then.
func (p *pacer) book(host string, interval time.Duration) time.Duration {
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
	at := now
	if booked := p.booked(host, now); booked.After(at) {
		at = booked
	}
	pause := at.Sub(now)
	if pause <= maxWait {
		p.next[host] = at.Add(interval)
	}
	return pause
}

// postpone keeps host from being asked for a time.
func (p *pacer) postpone(host string, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if until := now.Add(pause); until.After(p.booked(host, now)) {
		p.next[host] = until
	}
}

// farthestTurn is above what is ever booked: the longest pause, and a turn behind it.
const farthestTurn = MaxHostPause + maxWait + MaxCrawlDelay

// booked returns the next free time of host. One beyond farthestTurn was booked
// by a clock that was ahead, and does not count. p.mu is held.
func (p *pacer) booked(host string, now time.Time) time.Time {
	at := p.next[host]
	if at.Sub(now) > farthestTurn {
		return time.Time{}
	}
	return at
}

// free returns the time from which on host may be asked.
func (p *pacer) free(host string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.booked(host, p.now())
}

// Interval returns the time to keep between two requests to u's host: that of
// the authorisation's rate, or the host's Crawl-delay if it is longer (as far
// as its robots.txt has been read) up to MaxCrawlDelay.
func (f *Fetcher) Interval(u *url.URL, a *qianshao.Authorisation) time.Duration {
	interval := time.Second // a rate not given is the default rate
	if a.Rate > 0 {
		interval = time.Duration(float64(time.Second) / a.Rate)
	}
	if r := f.robots.cached(u); r != nil && a.RobotsWaiver == "" {
		interval = max(interval, min(r.CrawlDelay(f.opts.RobotsAgent), MaxCrawlDelay))
	}
	return interval
}

// HostFree returns the time before which a request to the host (no port) would
// have to wait; the zero time if it would not.
func (f *Fetcher) HostFree(host string) time.Time { return f.pace.free(host) }
