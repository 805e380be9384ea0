package render

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

const (
	// quietTime is how long after loading a page must make no request to count as done.
	quietTime = 500 * time.Millisecond
	// settleTime is how long after loading a page is waited for that never stops making requests.
	settleTime = 6 * time.Second
	// answerTime is how long the page's own thread may take to answer before its script is stopped.
	answerTime = 3 * time.Second
	// closeTime bounds the closing of a tab.
	closeTime = 3 * time.Second

	pictureWidth  = 1280
	pictureHeight = 1024
	// maxPictureHeight bounds a screenshot: a flagged page shows its kind within that height.
	maxPictureHeight = 4096
	maxPictureBytes  = 4 << 20
)

// shown is what a browser made of a page.
type shown struct {
	dom     string
	cut     bool   // dom was cut at maxDOM
	picture []byte // PNG; nil if there is none
	leaving string // where the page itself tried to go; "" if it stayed
}

// tab is one page in its own browser context, which has its own proxy, cookies
// and storage, and is discarded with the page.
type tab struct {
	ctx    context.Context //nolint:containedctx // chromedp keeps its state in it
	target *chromedp.Target
	proxy  *proxy
	loaded atomic.Bool
	// leaving is the first URL to which the page itself tried to go.
	leaving atomic.Pointer[string]
}

// show opens the page, waits for it to load, and reads it. The last third of ctx's time is reserved for
// reading: a page that never stops loading is read as far as it got.
func (p *process) show(ctx context.Context, proxy *proxy, asked qianshao.Page) (shown, error) {
	ofContext := func(c *target.CreateBrowserContextParams) {
		c.ProxyServer, c.ProxyBypassList = proxy.address, "<-loopback>"
		c.DisposeOnDetach = ptr(true)
	}
	base, cut := context.WithCancel(p.ctx)
	defer cut()
	stop := context.AfterFunc(ctx, cut)
	defer stop()
	tabCtx, cancel := chromedp.NewContext(base, chromedp.WithNewBrowserContext(ofContext))
	defer p.closeTab(cancel)
	t := &tab{ctx: tabCtx, proxy: proxy}
	if err := t.open(); err != nil {
		return shown{}, err
	}
	loading := 2 * p.left(ctx) / 3
	if err := t.load(loading, asked); err != nil {
		return shown{}, err
	}
	out, err := t.read(asked.URL)
	if err != nil {
		return shown{}, err
	}
	if to := t.leaving.Load(); to != nil {
		out.leaving = *to
	}
	out.picture = t.picture()
	return out, nil
}

// left returns the time that ctx has left.
func (p *process) left(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return DefaultTime
	}
	return max(0, time.Until(deadline))
}

// closeTab gives up on a tab that does not close, and on its process.
func (p *process) closeTab(cancel func()) {
	done := make(chan struct{})
	go func() { cancel(); close(done) }()
	select {
	case <-done:
	case <-time.After(closeTime):
		p.spoil()
	}
}

// open makes the tab and blocks what a page could abuse.
func (t *tab) open() error {
	if err := chromedp.Do(t.ctx); err != nil {
		return fmt.Errorf("open a tab: %w", err)
	}
	c := chromedp.FromContext(t.ctx)
	t.target = c.Target
	dialogues := make(chan struct{}, 1)
	err := chromedp.Listen(t.ctx, func(event any) {
		switch event := event.(type) {
		case *page.EventLoadEventFired:
			t.loaded.Store(true)
		case *page.EventFrameRequestedNavigation:
			if string(event.FrameID) == string(t.target.TargetID) { // not a frame within the page
				t.leaving.CompareAndSwap(nil, &event.URL)
			}
		case *page.EventJavascriptDialogOpening:
			select {
			case dialogues <- struct{}{}:
			default: // one dialogue is being dismissed, and there is never a second
			}
		}
	})
	if err != nil {
		return fmt.Errorf("open a tab: %w", err)
	}
	go t.dismiss(dialogues)
	deny := browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny, BrowserContextID: c.BrowserContextID}
	if _, err := cdp.Call(t.ctx, c.Browser, browser.SetDownloadBehavior, deny); err != nil {
		return fmt.Errorf("forbid downloads: %w", err)
	}
	if _, err := cdp.Call(t.ctx, t.target, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: true}); err != nil {
		return fmt.Errorf("forbid service workers: %w", err)
	}
	size := emulation.SetDeviceMetricsOverrideParams{Width: pictureWidth, Height: pictureHeight, DeviceScaleFactor: 1}
	if _, err := cdp.Call(t.ctx, t.target, emulation.SetDeviceMetricsOverride, size); err != nil {
		return fmt.Errorf("set the window's size: %w", err)
	}
	return nil
}

// dismiss closes dialogues, with which a page could stop everything.
func (t *tab) dismiss(dialogues <-chan struct{}) {
	for {
		select {
		case <-t.ctx.Done():
			return
		case <-dialogues:
			_, _ = cdp.Call(t.ctx, t.target, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
		}
	}
}

// load opens the page and waits until it makes no more requests, or its time is over.
func (t *tab) load(most time.Duration, asked qianshao.Page) error {
	ctx, cancel := context.WithTimeout(t.ctx, most)
	defer cancel()
	to := page.NavigateParams{URL: asked.URL}
	if asked.View == qianshao.ViewSearchVisitor {
		to.Referrer, to.ReferrerPolicy = fetch.SearchReferer(asked.URL), page.ReferrerPolicyUnsafeURL
	}
	result, err := cdp.Call(ctx, t.target, page.Navigate, to)
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("go to the page: %w", err)
	}
	if result.ErrorText != "" {
		return fmt.Errorf("go to the page: %s", result.ErrorText)
	}
	const poll = 50 * time.Millisecond
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	var since time.Time
	for {
		select {
		case <-ctx.Done():
			return t.ctx.Err() // nil if only the time for loading is over
		case now := <-ticker.C:
			// The browser stops loading a page that tries to leave, so it never
			// counts as loaded.
			if !t.loaded.Load() && t.leaving.Load() == nil {
				continue
			}
			if since.IsZero() {
				since = now
			}
			if t.proxy.idle() >= quietTime && now.Sub(since) >= quietTime || now.Sub(since) >= settleTime {
				return nil
			}
		}
	}
}

// read returns the document as it is now. A script that blocks the page's
// thread is stopped.
func (t *tab) read(pageURL string) (shown, error) {
	out, err := t.tryRead(pageURL)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) || t.ctx.Err() != nil {
		return out, err
	}
	ctx, cancel := context.WithTimeout(t.ctx, answerTime)
	defer cancel()
	if _, err := cdp.Call(ctx, t.target, runtime.TerminateExecution, cdp.Empty{}); err != nil {
		return out, ErrHung
	}
	if out, err = t.tryRead(pageURL); errors.Is(err, context.DeadlineExceeded) {
		return out, ErrHung
	}
	return out, err
}

// tryRead reads it from an isolated world, which the page's scripts cannot reach.
func (t *tab) tryRead(pageURL string) (shown, error) {
	ctx, cancel := context.WithTimeout(t.ctx, answerTime)
	defer cancel()
	tree, err := cdp.Call(ctx, t.target, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return shown{}, fmt.Errorf("read the page: %w", err)
	}
	if at := tree.FrameTree.Frame.URL; !sameOrigin(at, pageURL) {
		return shown{}, fmt.Errorf("read the page: it left for %.200q", at)
	}
	world, err := cdp.Call(ctx, t.target, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: tree.FrameTree.Frame.ID})
	if err != nil {
		return shown{}, fmt.Errorf("read the page: %w", err)
	}
	result, err := cdp.Call(ctx, t.target, runtime.Evaluate, runtime.EvaluateParams{
		Expression: fmt.Sprintf(`(document.documentElement ? document.documentElement.outerHTML : "").slice(0, %d)`, maxDOM+1),
		ContextID:  world.ExecutionContextID, ReturnByValue: ptr(true),
	})
	if err != nil {
		return shown{}, fmt.Errorf("read the page: %w", err)
	}
	var out shown
	if result.ExceptionDetails != nil || result.Result == nil || json.Unmarshal(result.Result.Value, &out.dom) != nil {
		return shown{}, errors.New("read the page: the browser has no document")
	}
	out.cut = len(out.dom) > maxDOM
	return out, nil
}

// picture is a screenshot of the page's upper part, nil if there is none.
func (t *tab) picture() []byte {
	ctx, cancel := context.WithTimeout(t.ctx, answerTime)
	defer cancel()
	height := float64(pictureHeight)
	if layout, err := cdp.Call(ctx, t.target, page.GetLayoutMetrics, cdp.Empty{}); err == nil && layout.CSSContentSize != nil {
		height = min(max(height, layout.CSSContentSize.Height), maxPictureHeight)
	}
	result, err := cdp.Call(ctx, t.target, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Clip:                  &page.Viewport{Width: pictureWidth, Height: height, Scale: 1},
		CaptureBeyondViewport: ptr(true),
	})
	if err != nil || len(result.Data) > maxPictureBytes {
		return nil
	}
	return result.Data
}

// sameOrigin lets a page rewrite its address, as applications do, but not leave.
func sameOrigin(at, pageURL string) bool {
	a, errA := url.Parse(at)
	b, errB := url.Parse(pageURL)
	return errA == nil && errB == nil && a.Scheme == b.Scheme && a.Host == b.Host
}

func ptr[T any](v T) *T { return &v }

// quiet is a logger for servers whose clients may disconnect at any time.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
