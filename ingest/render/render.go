// Package render loads pages in a browser, Chromium, and returns what their
// scripts made of them. The browser never speaks to the network: its only way
// out is a proxy of ours, one for each page, that hands requests to the fetcher.
// So scope on every hop, robots.txt, address guard, pace and caps apply as to
// every other request, inside TLS too, and what the fetcher refuses, the browser
// does not get.
package render

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/locales"
)

// Defaults and limits.
const (
	// DefaultTabs is the number of pages loaded at a time. Each takes a core.
	DefaultTabs = 2
	// DefaultMaxPages is the number of pages after which the browser is
	// restarted, so that its leaks do not add up.
	DefaultMaxPages = 100
	// DefaultMaxMemory bounds the memory of all the browser's processes, in bytes; above it they are
	// killed. An idle browser has 150 MB, a heavy page 300 MB more.
	DefaultMaxMemory = 1 << 30
	// DefaultTime bounds one page. At one request a second it is enough for the
	// dozen scripts of an ordinary page.
	DefaultTime = 30 * time.Second

	// maxDOM bounds the returned document, in UTF-16 units.
	maxDOM = 4 << 20
	// maxRequests and maxBytes bound what one page may load.
	maxRequests = 100
	maxBytes    = 32 << 20
)

// Errors of New and Render.
var (
	// ErrNoBrowser: there is no Chromium to run.
	ErrNoBrowser = locales.Errorf("start.browser.none")
	// ErrRoot: Chromium's sandbox does not work for root.
	ErrRoot = locales.Errorf("start.browser.root")
	// ErrHung: the page kept the browser busy until its time was over.
	ErrHung = errors.New("the page kept the browser busy until its time was over")
)

// Options say which browser to run and within what bounds. Fetcher is required.
type Options struct {
	// Path of the browser; if empty it is looked for by its usual names.
	Path string
	// Fetcher makes all requests.
	Fetcher *fetch.Fetcher
	// NoSandbox runs Chromium without its sandbox. Set it only where this
	// process as a whole runs in a sandbox.
	NoSandbox bool
	// Limits that are zero take their defaults.
	Tabs      int
	MaxPages  int
	MaxMemory int64
	Time      time.Duration
	Log       *slog.Logger
}

// Browser is a Chromium that is started at the first page, and again when it has died, grown too large
// or loaded many pages. It is safe for concurrent use.
type Browser struct {
	opts   Options
	keys   *keys
	cache  *cache
	tabs   chan struct{}
	wall   *wall
	ctx    context.Context //nolint:containedctx // the browser's life, not a request's
	cancel context.CancelFunc

	mu      sync.Mutex
	changed *sync.Cond // active or current have changed
	current *process
}

// Find returns the path of the browser that New would run: path itself, or the
// first of the usual names in PATH. The error is ErrNoBrowser.
func Find(path string) (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}
	if path != "" {
		names = []string{path}
	}
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	if path != "" {
		return "", fmt.Errorf("%s: %w", path, ErrNoBrowser)
	}
	return "", ErrNoBrowser
}

// New checks that there is a browser that may be run. The errors are
// ErrNoBrowser and ErrRoot. Call Close when done with it.
func New(opts Options) (*Browser, error) {
	if opts.Fetcher == nil {
		return nil, errors.New("render: no Fetcher; without it the browser has no way out")
	}
	var err error
	if opts.Path, err = Find(opts.Path); err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 && !opts.NoSandbox {
		return nil, ErrRoot
	}
	if opts.Tabs <= 0 {
		opts.Tabs = DefaultTabs
	}
	if opts.MaxPages <= 0 {
		opts.MaxPages = DefaultMaxPages
	}
	if opts.MaxMemory <= 0 {
		opts.MaxMemory = DefaultMaxMemory
	}
	if opts.Time <= 0 {
		opts.Time = DefaultTime
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	b := &Browser{opts: opts, cache: newCache(), tabs: make(chan struct{}, opts.Tabs)}
	b.changed = sync.NewCond(&b.mu)
	if b.keys, err = newKeys(); err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	if b.wall, err = newWall(); err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b, nil
}

// Close ends the browser with all its processes.
func (b *Browser) Close() {
	b.cancel()
	b.mu.Lock()
	p := b.current
	b.current = nil
	b.changed.Broadcast()
	b.mu.Unlock()
	if p != nil {
		p.end()
	}
	b.wall.close()
}

// Rendered is a page as a browser shows it.
type Rendered struct {
	// Page has the document after its scripts have run as Body, and a picture of
	// it as Screenshot. Its View is ViewBrowser, or, if the page was fetched in
	// another view than the plain visitor's, that view.
	Page qianshao.Page
	// Leaving is the URL to which the page itself, not a frame of it, tried to
	// go; that URL was not requested. "" if the page stayed.
	Leaving string
	// Requests is the number of requests that were passed to the fetcher for the page.
	Requests int
	// Refused counts the browser's refused requests by reason.
	Refused map[Refusal]int
}

// Refusal is why a request of the browser was refused: a qianshao.Skip of the
// fetcher, or one of those below.
type Refusal string

const (
	// RefusedMethod: neither GET nor HEAD, since a watcher must not change anything.
	RefusedMethod Refusal = "method"
	// RefusedDocument: a frame, a popup, or an attempt of the page to go elsewhere.
	RefusedDocument Refusal = "document"
	// RefusedTunnel: neither HTTP nor TLS, such as WebSockets.
	RefusedTunnel Refusal = "tunnel"
	// RefusedBudget: more requests or bytes than one page may load.
	RefusedBudget Refusal = "budget"
)

// Refusals returns the reasons that are not the fetcher's.
func Refusals() []Refusal {
	return []Refusal{RefusedMethod, RefusedDocument, RefusedTunnel, RefusedBudget}
}

// Render loads a fetched page in the browser. The page itself is not requested
// again: the browser gets its body from page. Render waits for a free tab.
func (b *Browser) Render(ctx context.Context, page qianshao.Page) (Rendered, error) {
	select {
	case b.tabs <- struct{}{}:
		defer func() { <-b.tabs }()
	case <-ctx.Done():
		return Rendered{}, fmt.Errorf("render %s: %w", page.URL, context.Cause(ctx))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, b.opts.Time, ErrHung)
	defer cancel()
	p, err := b.acquire(ctx)
	if err != nil {
		return Rendered{}, fmt.Errorf("render %s: %w", page.URL, err)
	}
	defer b.release(p)
	proxy, err := newProxy(ctx, b, page)
	if err != nil {
		return Rendered{}, fmt.Errorf("render %s: %w", page.URL, err)
	}
	defer proxy.close()
	shown, err := p.show(ctx, proxy, page)
	out := Rendered{Requests: proxy.requests(), Refused: proxy.refusals()}
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		p.spoil() // it may be in any state, so the next page gets another process
		return out, fmt.Errorf("render %s: %w", page.URL, err)
	}
	out.Leaving = shown.leaving
	out.Page = qianshao.Page{
		URL: page.URL, RequestedURL: page.RequestedURL, Authorisation: page.Authorisation, Source: page.Source,
		FetchedAt: page.FetchedAt, Status: page.Status, ContentType: "text/html; charset=utf-8",
		Body: []byte(shown.dom), Truncated: shown.cut, Stylesheets: page.Stylesheets, View: cmp.Or(page.View, qianshao.ViewBrowser),
		RobotsTags: page.RobotsTags, RobotsWaiver: page.RobotsWaiver, Screenshot: shown.picture,
	}
	return out, nil
}

// acquire returns a browser process for a page, and starts one if there is
// none. It first waits for the last page of a spent process to end.
func (b *Browser) acquire(ctx context.Context) (*process, error) {
	stop := context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.changed.Broadcast()
	})
	defer stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.current != nil && b.current.spent(b.opts.MaxPages) {
		if b.current.active == 0 {
			old := b.current
			b.current = nil
			old.end()
			break
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		b.changed.Wait()
	}
	if b.ctx.Err() != nil {
		return nil, errors.New("the browser is closed")
	}
	if b.current == nil {
		p, err := b.start()
		if err != nil {
			return nil, err
		}
		b.current = p
	}
	b.current.active++
	b.current.pages++
	return b.current, nil
}

func (b *Browser) release(p *process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p.active--
	b.changed.Broadcast()
}
