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
			return fmt.Errorf("authorisation %q is in force from %s to %s; renew it in scope.yaml with its owner's consent", a.ID, first, last)
		}
		return errors.New("its authorisation is not in force now; renew it in scope.yaml with its owner's consent")
	case qianshao.SkipPathExcluded:
		return fmt.Errorf("the path %s is outside include or inside exclude of its authorisation", u.EscapedPath())
	case qianshao.SkipQuery:
		return errors.New("its authorisation forbids URLs with a query (queries: false)")
	case qianshao.SkipNotAuthorised:
		return fmt.Errorf("no authorisation covers %s; if its owner has agreed in writing, add it to hosts in scope.yaml (a port other than 80 and 443 must be named)", u.Host)
	}
	return errors.New("not permitted")
}

// via adds to an error the first URL of a chain of redirects, and the chain.
func via(err error, asked string, hops []qianshao.Exchange) error {
	var skip *SkipError
	if !errors.As(err, &skip) || skip.URL == asked || skip.URL == robotsOf(asked) {
		return err
	}
	told := *skip // a copy: robots.txt's errors are cached and shared
	told.Exchanges = hops
	told.Err = fmt.Errorf("redirected from %s: %w", printable(asked), skip.Err)
	return &told
}

func typeError(u *url.URL, mediaType string) error {
	return &SkipError{Skip: qianshao.SkipType, URL: u.String(), Err: fmt.Errorf("content type %s is not analysed", printable(mediaType))}
}

var (
	errTotal = errors.New("the request took longer than its total time")
	errIdle  = errors.New("the body paused for too long")
	errBomb  = errors.New("the body expands like a decompression bomb")
	// errTooLarge is returned for a body that is larger than the cap even before it is decoded.
	errTooLarge = errors.New("the compressed body is larger than the cap")
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
	return &SkipError{Skip: qianshao.SkipUnreachable, URL: u.String(), answered: true, Err: fmt.Errorf("body: %w", err)}
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
