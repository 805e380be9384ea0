package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

// Handled is what Handle made of a page.
type Handled struct {
	// Links are absolute URLs; those that are new and in scope are visited.
	Links []string
	// Hash is the SHA-256 of the body that was judged, in hex.
	Hash string
	// Open says that a finding of the page is open, so that it is visited sooner.
	Open bool
	// Page is saved with the visit's outcome; nil if Handle has already saved it.
	Page *Unflagged
	// Stale says that the page came without body (Page.NotModified), but what
	// was known about it no longer holds: it must be fetched again in full.
	Stale bool
}

// visit visits one item. Its outcome is recorded last, by the run: a crash before
// that repeats work that is idempotent.
func (c *Crawler) visit(ctx context.Context, item Item) visitResult {
	began := c.now()
	ctx = fetch.Leased(ctx, item.Host)
	outcome, handleErr, err := c.attempt(ctx, item)
	if ctx.Err() != nil {
		return visitResult{Visit: Visit{Item: item}, began: began} // not finished: nothing is recorded, and the lease is released
	}
	outcome.At = c.now()
	return visitResult{Visit: Visit{item, outcome}, began: began, finished: err == nil, handleErr: handleErr, err: err}
}

// attempt fetches and handles an item. handleErr is the page's error and part
// of the outcome; err is the frontier's.
func (c *Crawler) attempt(ctx context.Context, item Item) (outcome Outcome, handleErr, err error) {
	started := c.now()
	_, authorisation, skip := c.decide(item)
	if skip != "" { // the register has changed since the URL was added
		c.Observe.Skipped(skip, item.URL)
		outcome = c.skipped(item, skip, started)
		outcome.HostFailures = item.HostFailures // no request was made
		noteMiss(item, &outcome, started)
		return outcome, nil, nil
	}
	limited, cancel := context.WithTimeout(ctx, visitTime)
	defer cancel()
	page, getErr := c.get(limited, item)
	if ctx.Err() != nil {
		return Outcome{}, nil, nil
	}
	if getErr != nil {
		outcome, handleErr = c.failed(ctx, item, getErr, authorisation)
		noteMiss(item, &outcome, c.now())
	} else {
		outcome, handleErr, err = c.handled(ctx, item, &page, authorisation, started)
	}
	outcome.Authorisation, outcome.HostDown = authorisation.ID, isDown(item.Host, getErr)
	for host, next := range c.hostsNext(item.Host, page.URL) {
		if outcome.HostNext == nil {
			outcome.HostNext = map[string]time.Time{}
		}
		if next.After(outcome.HostNext[host]) {
			outcome.HostNext[host] = next
		}
	}
	return outcome, handleErr, err
}

// decide returns the item's URL and the authorisation that is in force for it
// now, or the reason why there is none.
func (c *Crawler) decide(item Item) (*url.URL, *qianshao.Authorisation, qianshao.Skip) {
	u, err := url.Parse(item.URL)
	if err != nil {
		return nil, nil, qianshao.SkipBadURL
	}
	a, skip := c.Scope().Decide(u, c.now())
	return u, a, skip
}

// interval is how long the item's host rests after a request.
func (c *Crawler) interval(item Item) time.Duration {
	u, a, skip := c.decide(item)
	if skip != "" {
		return 0 // no request will be made
	}
	return c.Fetcher.Interval(u, a)
}

// get fetches the item's page as a plain visitor sees it. It sends validators
// only if the page was judged by the rules in force: else an answer without
// body would be of no use.
func (c *Crawler) get(ctx context.Context, item Item) (qianshao.Page, error) {
	request := fetch.Request{URL: item.URL}
	if item.Rules == c.Rules() {
		request.ETag, request.LastModified = item.ETag, item.LastModified
	}
	return c.Fetcher.Get(ctx, request)
}

// hostsNext returns the next times of the hosts that were requested. They may be later than those
// set with the lease: a redirect may have led to another host, several requests may have been made,
// or a Crawl-delay learnt.
func (c *Crawler) hostsNext(host, pageURL string) map[string]time.Time {
	now := c.clock.latest()
	next := map[string]time.Time{host: now.Add(c.Fetcher.HostPause(host))}
	if p, err := url.Parse(pageURL); err == nil && p.Host != "" {
		next[p.Hostname()] = now.Add(c.Fetcher.HostPause(p.Hostname()))
	}
	return next
}

// failed decides when a fetch is tried again, and reports pages that are no
// longer there.
func (c *Crawler) failed(ctx context.Context, item Item, err error, a *qianshao.Authorisation) (outcome Outcome, handleErr error) {
	skipped := &fetch.SkipError{Skip: qianshao.SkipUnreachable, URL: item.URL, Err: err} // visitTime ran out
	errors.As(err, &skipped)
	now := c.now()
	if skipped.Temporary() {
		return c.later(item, skipped, now), nil
	}
	outcome = c.skipped(item, skipped.Skip, now)
	if skipped.Skip == qianshao.SkipStatus && (skipped.Status == http.StatusNotFound || skipped.Status == http.StatusGone) {
		if err := c.notFound(ctx, item, skipped, &outcome, now); err != nil {
			return c.unhandled(ctx, item, skipped.URL, err), err
		}
	}
	c.Observe.Skipped(skipped.Skip, item.URL)
	c.Log.Info("skipped", "url", item.URL, "skip", string(skipped.Skip), "error", err)
	low, high := bounds(a)
	outcome.Memory.Interval = c.adapted(item.Interval, false, low, high)
	outcome.Again = now.Add(max(outcome.Memory.Interval, skipped.RetryAfter))
	return outcome, nil
}

// skipped is the outcome of a visit that brought no page; what is known about the page is kept.
func (c *Crawler) skipped(item Item, skip qianshao.Skip, now time.Time) Outcome {
	return Outcome{Skip: skip, Again: now.Add(c.Revisit), Priority: item.Priority, Memory: item.Memory}
}

// notFound records that there is no page at the URL that answered so, and forgets what was known about
// it: should the page come back, it is judged anew.
func (c *Crawler) notFound(ctx context.Context, item Item, skipped *fetch.SkipError, outcome *Outcome, now time.Time) error {
	if err := c.Gone(ctx, Gone{skipped.URL, skipped.Status, qianshao.CausePage, now}); err != nil {
		return fmt.Errorf("record that %s is gone: %w", skipped.URL, err)
	}
	links, err := c.left(ctx, item, skipped.URL, now)
	outcome.Links, outcome.Priority, outcome.Memory = links, Ordinary, Memory{Interval: item.Interval}
	return err
}

// left deals with the page to which the item led at its last visit, if it now
// leads to another. A page at the item's own URL is gone. A page that a
// redirect led to may still be there: it is visited by itself.
func (c *Crawler) left(ctx context.Context, item Item, pageURL string, now time.Time) ([]Item, error) {
	switch item.Page {
	case "", pageURL:
		return nil, nil
	case item.URL:
		err := c.Gone(ctx, Gone{item.URL, 0, qianshao.CauseMoved, now})
		if err != nil {
			err = fmt.Errorf("record that %s has moved: %w", item.URL, err)
		}
		return nil, err
	}
	own, skip := judge(c.Scope(), item.Page, now)
	if skip != "" {
		return nil, nil
	}
	own.Depth, own.Priority = item.Depth, Urgent
	return []Item{own}, nil
}

// handled has the page analysed and saved, and finds its links.
func (c *Crawler) handled(ctx context.Context, item Item, page *qianshao.Page, a *qianshao.Authorisation, started time.Time) (outcome Outcome, handleErr, err error) {
	rules := c.Rules()
	handled, handleErr := c.handle(ctx, page, item.Memory)
	var links []Item
	if handleErr == nil {
		links, handleErr = c.left(ctx, item, page.URL, c.now())
	}
	now := c.now()
	if handleErr != nil {
		return c.unhandled(ctx, item, page.URL, handleErr), handleErr, nil
	}
	if handled.Stale {
		return Outcome{Again: now, Priority: item.Priority, Memory: Memory{Page: item.Page, Hash: item.Hash, Interval: item.Interval}}, nil, nil
	}
	c.Observe.Fetched(page, now.Sub(started))
	found, err := c.follow(ctx, item, page, handled.Links)
	if err != nil {
		return Outcome{}, nil, err
	}
	return c.scheduled(item, page, rules, handled, a, Outcome{Page: handled.Page, Links: append(links, found...)}), nil, nil
}

// scheduled completes the outcome of a page that came in.
func (c *Crawler) scheduled(item Item, page *qianshao.Page, rules string, handled Handled, a *qianshao.Authorisation, outcome Outcome) Outcome {
	m := Memory{Page: page.URL, ETag: page.ETag, LastModified: page.LastModified, Hash: handled.Hash, Rules: rules}
	if page.NotModified() { // the answer need not repeat the validators
		m.ETag, m.LastModified = item.ETag, item.LastModified
	}
	low, high := bounds(a)
	m.Interval = c.adapted(item.Interval, m.Hash != item.Hash, low, high)
	wait := m.Interval
	if handled.Open {
		outcome.Priority = Urgent
		wait = max(low, min(wait, openRevisit))
	}
	outcome.Memory, outcome.Again = m, c.now().Add(wait)
	return outcome
}

// unhandled is the outcome of a page that could not be analysed or saved.
func (c *Crawler) unhandled(ctx context.Context, item Item, pageURL string, err error) Outcome {
	pause := c.pause(item.Attempts + 1)
	if ctx.Err() == nil { // when a crawl is told to stop, this is not a failure: see visit
		c.Log.Error("page not handled; trying again", "url", pageURL, "in", pause, "error", err)
	}
	return Outcome{Again: c.now().Add(pause), Failed: true, Priority: item.Priority, Memory: item.Memory}
}

// handle calls Handle and turns a panic into an error: otherwise a page that
// crashes the analysis would do so after every restart.
func (c *Crawler) handle(ctx context.Context, page *qianshao.Page, before Memory) (handled Handled, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("handle %s: panic: %v\n%s", page.URL, p, debug.Stack())
		}
	}()
	handled, err = c.Handle(ctx, *page, before)
	if err != nil {
		return Handled{}, fmt.Errorf("handle %s: %w", page.URL, err)
	}
	return handled, nil
}
