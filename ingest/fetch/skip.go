package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/dial"
	"github.com/qianshao/qianshao/locales"
)

// SkipError says why there is no page. Its Skip is a label of the metrics.
type SkipError struct {
	Skip qianshao.Skip
	// URL is the one that was refused or that failed: the last hop's.
	URL string
	// Status is the HTTP status, where there was one.
	Status int
	// RetryAfter is the pause that the server asked for, at most MaxRetryAfter; 0 if it asked for
	// none.
	RetryAfter time.Duration
	// Err describes it in words, with the remedy if there is one.
	Err error
	// Exchanges are the redirects that led to URL; none if it was the one asked for.
	Exchanges []qianshao.Exchange

	answered bool // the server did answer, though perhaps not completely
}

func (e *SkipError) Error() string {
	return fmt.Sprintf("%s: %s: %v", printable(e.URL), e.Skip, e.Err)
}

func (e *SkipError) Unwrap() error { return e.Err }

// Temporary says whether a later try may succeed with nothing changed on our side.
func (e *SkipError) Temporary() bool {
	switch e.Skip {
	case qianshao.SkipUnreachable, qianshao.SkipRobotsUnavailable, qianshao.SkipPaused:
		return true
	case qianshao.SkipStatus:
		return e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
	}
	return false
}

// HostWide says whether the failure is temporary and affects the whole host, so that its other URLs
// would fail as well.
func (e *SkipError) HostWide() bool {
	return e.Skip == qianshao.SkipUnreachable && !e.answered || e.Skip == qianshao.SkipRobotsUnavailable || e.Skip == qianshao.SkipPaused
}

// refusal describes why a URL is not permitted.
func refusal(u *url.URL, a *qianshao.Authorisation, skip qianshao.Skip) error {
	switch skip {
	case qianshao.SkipNotInForce:
		if a != nil {
			first, last := a.Days()
			return locales.Errorf("unfetched.not_in_force", a.ID, first, last)
		}
		return locales.Errorf("unfetched.not_in_force.now")
	case qianshao.SkipPathExcluded:
		return locales.Errorf("unfetched.path", u.EscapedPath())
	case qianshao.SkipQuery:
		return locales.Errorf("unfetched.query")
	case qianshao.SkipNotAuthorised:
		return locales.Errorf("unfetched.not_authorised", u.Host)
	}
	return locales.Errorf("unfetched.not_permitted")
}

// via adds to an error the first URL of a chain of redirects, and the chain.
func via(err error, asked string, hops []qianshao.Exchange) error {
	var skip *SkipError
	if !errors.As(err, &skip) || skip.URL == asked || skip.URL == robotsOf(asked) {
		return err
	}
	told := *skip // a copy: robots.txt's errors are cached and shared
	told.Exchanges = hops
	told.Err = locales.Errorf("unfetched.redirected", printable(asked), skip.Err)
	return &told
}

func typeError(u *url.URL, mediaType string) error {
	return &SkipError{Skip: qianshao.SkipType, URL: u.String(), Err: locales.Errorf("unfetched.type", printable(mediaType))}
}

var (
	errTotal = locales.Errorf("unfetched.total")
	errIdle  = locales.Errorf("unfetched.idle")
	errBomb  = locales.Errorf("unfetched.bomb")
	// errTooLarge is returned for a body that is larger than the cap even before it is decoded.
	errTooLarge = locales.Errorf("unfetched.too_large")
)

// sendError names the reason why a request got no answer.
func (f *Fetcher) sendError(ctx context.Context, u *url.URL, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("fetch %s: %w", u, context.Cause(ctx))
	}
	var skip *SkipError
	if errors.As(err, &skip) {
		return err
	}
	var paused *pausedError
	if errors.As(err, &paused) {
		return &SkipError{Skip: qianshao.SkipPaused, URL: u.String(), RetryAfter: paused.pause, Err: err}
	}
	var blocked *dial.AddressError
	if errors.As(err, &blocked) {
		return &SkipError{Skip: qianshao.SkipAddress, URL: u.String(), Err: blocked}
	}
	return &SkipError{Skip: qianshao.SkipUnreachable, URL: u.String(), Err: err}
}

// readError names the reason why a body could not be read to its end.
func (f *Fetcher) readError(ctx context.Context, u *url.URL, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("fetch %s: %w", u, context.Cause(ctx))
	}
	if errors.Is(err, errBomb) {
		return &SkipError{Skip: qianshao.SkipBomb, URL: u.String(), Err: err}
	}
	if errors.Is(err, errTooLarge) {
		return &SkipError{Skip: qianshao.SkipTooLarge, URL: u.String(), Err: err}
	}
	return &SkipError{Skip: qianshao.SkipUnreachable, URL: u.String(), answered: true, Err: locales.Errorf("unfetched.body", err)}
}

// explainTimeout replaces "context deadline exceeded" by the name of the limit that was exceeded.
func explainTimeout(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		return cause
	}
	return err
}

// retryAfter reads seconds or an HTTP date (RFC 9110, 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), int64(MaxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), MaxRetryAfter)
	}
	return 0
}

// hostPause returns how long an answer keeps us from its whole host: the
// Retry-After of a server that is overloaded or limits our requests.
func hostPause(r *http.Response, now time.Time) time.Duration {
	switch r.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return min(retryAfter(r.Header, now), MaxHostPause)
	}
	return 0
}
