package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/robots"
	"github.com/qianshao/qianshao/locales"
)

const (
	// robotsFresh is how long a robots.txt is used (RFC 9309, 2.4).
	robotsFresh = 24 * time.Hour
	// robotsRetry is how long a failure to get it is remembered, so that a host
	// in trouble is not asked again for each of its pages.
	robotsRetry = 30 * time.Second
	// maxRobotsRedirects: RFC 9309, 2.3.1.2.
	maxRobotsRedirects = 5
	// maxRobotsOrigins bounds the cache.
	maxRobotsOrigins = 10_000
)

// robotsCache holds the robots.txt of each origin.
type robotsCache struct {
	fetcher *Fetcher

	mu      sync.Mutex
	origins map[string]*robotsEntry
}

// robotsEntry is the robots.txt of one origin. Its lock is a channel, so that
// waiting for another goroutine's fetch ends with the context.
type robotsEntry struct {
	lock chan struct{}

	mu     sync.Mutex
	robots *robots.Robots // nil if none has been read yet
	err    error          // why there is none
	asked  time.Time
	until  time.Time
}

func newRobotsCache(f *Fetcher) *robotsCache {
	return &robotsCache{fetcher: f, origins: map[string]*robotsEntry{}}
}

// robotsOf returns the URL of the robots.txt that governs a canonical URL.
func robotsOf(canonical string) string {
	u, err := url.Parse(canonical)
	if err != nil {
		return ""
	}
	return origin(u) + "/robots.txt"
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// allowed returns a *SkipError when robots.txt forbids u or cannot be read. It
// is not consulted if the owner waives it in writing. The token looked up is our
// own in every view: whoever we claim to be, we obey the rules meant for us.
func (f *Fetcher) allowed(ctx context.Context, u *url.URL, a *qianshao.Authorisation) error {
	if a.RobotsWaiver != "" {
		return nil
	}
	r, err := f.robots.get(ctx, u, a)
	if err != nil {
		return err
	}
	if !r.Allowed(f.opts.RobotsAgent, u.String()) {
		return &SkipError{Skip: qianshao.SkipRobots, URL: u.String(),
			Err: locales.Errorf("unfetched.robots", origin(u), f.opts.RobotsAgent)}
	}
	return nil
}

// Sitemaps returns the sitemaps that the robots.txt of rawURL's origin names;
// none where the owner waives robots.txt. rawURL itself must be covered by an authorisation.
func (f *Fetcher) Sitemaps(ctx context.Context, rawURL string) ([]string, error) {
	canonical, err := Canonical(rawURL)
	if err != nil {
		return nil, &SkipError{Skip: qianshao.SkipBadURL, URL: rawURL, Err: err}
	}
	u, a, err := f.permittedHost(canonical)
	if err != nil {
		return nil, err
	}
	if a.RobotsWaiver != "" {
		return nil, nil // robots.txt is not consulted at all
	}
	r, err := f.robots.get(ctx, u, a)
	if err != nil {
		return nil, err
	}
	return r.Sitemaps(), nil
}

// permittedHost is like permitted, but for a URL whose path does not matter: robots.txt says which
// paths may be requested, so it must be read before any of them.
func (f *Fetcher) permittedHost(canonical string) (*url.URL, *qianshao.Authorisation, error) {
	u, a, err := f.permitted(canonical)
	var skip *SkipError
	if !errors.As(err, &skip) || skip.Skip != qianshao.SkipPathExcluded {
		return u, a, err
	}
	u, parseErr := url.Parse(canonical)
	if parseErr != nil {
		return nil, nil, err
	}
	if a, _ = f.opts.Permit(u); a == nil || !a.InForce(f.opts.Now()) {
		return nil, nil, err
	}
	return u, a, nil
}

// cached returns the robots.txt that was read from u's origin, without fetching; it may be nil.
func (c *robotsCache) cached(u *url.URL) *robots.Robots {
	c.mu.Lock()
	e := c.origins[origin(u)]
	c.mu.Unlock()
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.robots
}

func (c *robotsCache) get(ctx context.Context, u *url.URL, a *qianshao.Authorisation) (*robots.Robots, error) {
	e := c.entry(origin(u))
	select {
	case e.lock <- struct{}{}:
		defer func() { <-e.lock }()
	case <-ctx.Done():
		return nil, fmt.Errorf("robots.txt of %s: %w", origin(u), context.Cause(ctx))
	}
	now := c.fetcher.opts.Now()
	if !now.Before(e.asked) && now.Before(e.until) { // if asked lies in the future, the clock was ahead
		return e.result()
	}
	fresh, err := c.fetcher.fetchRobots(ctx, u, a)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("robots.txt of %s: %w", origin(u), context.Cause(ctx))
	}
	var skip *SkipError
	if errors.As(err, &skip) && skip.Skip != qianshao.SkipRobotsUnavailable {
		return nil, err // a closed address says nothing about the host's robots.txt
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = now
	switch {
	case err == nil:
		e.robots, e.err, e.until = fresh, nil, now.Add(robotsFresh)
	case e.robots != nil: // an old copy is better than none (RFC 9309, 2.4)
		c.fetcher.log.Info("robots.txt not renewed; the last copy applies", "origin", origin(u), "error", err)
		e.until = now.Add(robotsRetry)
	default:
		e.err, e.until = err, now.Add(robotsRetry)
	}
	if e.robots != nil {
		return e.robots, nil
	}
	return nil, e.err
}

func (e *robotsEntry) result() (*robots.Robots, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.robots != nil {
		return e.robots, nil
	}
	return nil, e.err
}

func (c *robotsCache) entry(key string) *robotsEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.origins[key]; e != nil {
		return e
	}
	for victim := range c.origins { // any origin: its robots.txt is read again when needed
		if len(c.origins) < maxRobotsOrigins {
			break
		}
		delete(c.origins, victim)
	}
	e := &robotsEntry{lock: make(chan struct{}, 1)}
	c.origins[key] = e
	return e
}

// fetchRobots reads the robots.txt of u's origin: 2xx is parsed, 4xx allows
// everything, anything else disallows (RFC 9309, 2.3.1). 429 disallows as well:
// an overloaded host has said nothing about its pages.
func (f *Fetcher) fetchRobots(ctx context.Context, u *url.URL, a *qianshao.Authorisation) (*robots.Robots, error) {
	at := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}
	host := u // the URL whose authorisation covers the host
	again := func() (*qianshao.Authorisation, error) {
		_, a, err := f.permittedHost(host.String())
		return a, err
	}
	for range maxRobotsRedirects + 1 {
		answer, err := f.send(ctx, at, a, again, f.header(want{accept: "text/plain,*/*;q=0.1"}, at.String()), f.limits.Total)
		if err != nil {
			return nil, f.robotsError(ctx, at, err)
		}
		location := answer.response.Header.Get("Location")
		if isRedirect(answer.response.StatusCode) && location != "" {
			drain(answer.response.Body)
			answer.close()
			next, under, err := f.robotsHop(at, a, location)
			if err != nil {
				return nil, err
			}
			if origin(next) != origin(at) {
				host = next
			}
			at, a = next, under
			continue
		}
		r, err := f.readRobots(answer)
		answer.close()
		if err != nil {
			return nil, f.robotsError(ctx, at, err)
		}
		return r, nil
	}
	// After more than five hops, RFC 9309, 2.3.1.2 lets it count as unavailable, as Google does.
	return &robots.Robots{}, nil
}

// robotsHop checks the target of a redirect: its host must be authorised.
func (f *Fetcher) robotsHop(from *url.URL, a *qianshao.Authorisation, location string) (*url.URL, *qianshao.Authorisation, error) {
	next, err := resolveExact(from.String(), location)
	if err != nil {
		return nil, nil, unavailable(from, locales.Errorf("unfetched.redirect", err))
	}
	u, err := url.Parse(next)
	if err != nil {
		return nil, nil, unavailable(from, locales.Errorf("unfetched.redirect", err))
	}
	if origin(u) == origin(from) {
		return u, a, nil
	}
	if u, a, err = f.permittedHost(next); err != nil {
		return nil, nil, unavailable(from, locales.Errorf("unfetched.redirect_out", err))
	}
	return u, a, nil
}

func (f *Fetcher) readRobots(a *answer) (*robots.Robots, error) {
	switch status := a.response.StatusCode; {
	case status == http.StatusTooManyRequests:
		return nil, locales.Errorf("unfetched.answered", strconv.Itoa(status))
	case status >= 400 && status <= 499:
		return &robots.Robots{}, nil
	case status < 200 || status > 299:
		return nil, locales.Errorf("unfetched.answered", strconv.Itoa(status))
	}
	if err := f.decode(a, robots.MaxBytes, false); err != nil {
		return nil, err
	}
	body, _, err := a.read(robots.MaxBytes) // anything beyond does not count
	if err != nil {
		return nil, err
	}
	return robots.Parse(body), nil
}

func (f *Fetcher) robotsError(ctx context.Context, at *url.URL, err error) error {
	var skip *SkipError
	named := f.sendError(ctx, at, err)
	if errors.As(named, &skip) && skip.Skip == qianshao.SkipUnreachable {
		return unavailable(at, err)
	}
	return named // a reason of our own says nothing about the host's robots.txt
}

func unavailable(at *url.URL, err error) error {
	return &SkipError{Skip: qianshao.SkipRobotsUnavailable, URL: at.String(),
		Err: locales.Errorf("unfetched.robots_unavailable", err)}
}
