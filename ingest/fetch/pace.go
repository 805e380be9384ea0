package fetch

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
)

// pacer spaces the requests to each host, whatever they are for: a page, a
// redirect's hop, robots.txt, a style sheet. It is memory only; across a
// restart the frontier's host times hold.
type pacer struct {
	now func() time.Time

	mu   sync.Mutex
	next map[string]time.Time // by host name
}

func newPacer(now func() time.Time) *pacer {
	return &pacer{now: now, next: map[string]time.Time{}}
}

// maxPaced is the number of hosts from which on those whose time has passed are forgotten.
const maxPaced = 4096

// wait returns when host may be asked, and books interval after that.
func (p *pacer) wait(ctx context.Context, host string, interval time.Duration) error {
	pause := p.book(host, interval)
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

// book takes the next free time of host and returns how long it is until then.
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
	if booked := p.next[host]; booked.After(at) {
		at = booked
	}
	p.next[host] = at.Add(interval)
	return at.Sub(now)
}

// free returns the time from which on host may be asked.
func (p *pacer) free(host string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next[host]
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
