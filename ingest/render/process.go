package render

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/chromedp"
)

// startTime bounds the browser's start; on a slow disk the first takes seconds.
const startTime = 30 * time.Second

// process is one running Chromium. Browser.mu guards its active and pages.
type process struct {
	ctx    context.Context //nolint:containedctx // chromedp keeps its state in it
	cancel context.CancelFunc
	cmd    *exec.Cmd
	active int
	pages  int
	bad    atomic.Bool
	ended  sync.Once
}

// spent says whether the process should show no more pages.
func (p *process) spent(maxPages int) bool {
	return p.bad.Load() || p.pages >= maxPages || p.ctx.Err() != nil
}

func (p *process) spoil() { p.bad.Store(true) }

// end kills the process and all processes that it has started.
func (p *process) end() {
	p.ended.Do(func() {
		p.spoil()
		if p.cmd != nil {
			killGroup(p.cmd)
		}
		p.cancel() // waits until chromedp has cleared its folder
	})
}

// start runs a Chromium.
func (b *Browser) start() (*process, error) {
	p := &process{}
	options := append(b.flags(), chromedp.ExecPath(b.opts.Path),
		// The browser does not inherit our environment, which may hold passwords.
		chromedp.NoInheritEnv, chromedp.Env("PATH="+os.Getenv("PATH"), "HOME="+os.TempDir(), "LANG=zh_CN.UTF-8"),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) {
			p.cmd = cmd
			ownGroup(cmd)
		}))
	allocator, stopAllocator := chromedp.NewExecAllocator(b.ctx, options...)
	discard := func(string, ...any) {}
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(discard), chromedp.WithLogf(discard))
	p.ctx, p.cancel = ctx, func() { cancel(); stopAllocator() }
	started := make(chan error, 1)
	go func() { started <- chromedp.Do(ctx) }()
	timer := time.NewTimer(startTime)
	defer timer.Stop()
	select {
	case err := <-started:
		if err != nil {
			p.cancel()
			return nil, fmt.Errorf("start %s: %w; its sandbox needs user namespaces or Debian's chromium-sandbox", b.opts.Path, err)
		}
	case <-timer.C:
		p.cancel()
		return nil, fmt.Errorf("start %s: %w", b.opts.Path, errors.New("it did not answer in time"))
	}
	go p.watchMemory(b.opts.MaxMemory, func(bytes int64) {
		b.opts.Log.Warn("the browser grew too large and is killed", "bytes", bytes, "limit", b.opts.MaxMemory)
	})
	return p, nil
}

// watchMemory kills the browser when it has more memory than it may have.
func (p *process) watchMemory(limit int64, report func(bytes int64)) {
	const pause = 500 * time.Millisecond
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-ticker.C:
		}
		if used := groupMemory(p.cmd); used > limit {
			report(used)
			p.spoil()
			killGroup(p.cmd)
			return
		}
	}
}

// flags are Chromium's: no way out but the proxy, no requests of its own, no
// devices, and no storage that outlives it.
func (b *Browser) flags() []chromedp.ExecAllocatorOption {
	flags := []chromedp.ExecAllocatorOption{
		chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.ProxyServer(b.wall.url()), // each page has its own proxy; this one is for everything else
		chromedp.Flag("proxy-bypass-list", "<-loopback>"),
		// Only the fetcher resolves names.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
		chromedp.Flag("ignore-certificate-errors-spki-list", b.keys.pin),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("dns-prefetch-disable", true),
		chromedp.Flag("webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		chromedp.Flag("force-webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		chromedp.Flag("no-pings", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-client-side-phishing-detection", true),
		chromedp.Flag("metrics-recording-only", true),
		chromedp.Flag("disable-breakpad", true),
		chromedp.Flag("disable-crash-reporter", true),
		chromedp.Flag("disable-default-apps", true),
		chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,InterestFeedContentSuggestions,"+
			"CertificateTransparencyComponentUpdater,AutofillServerCommunication,Prerender2,SpeculationRulesPrefetchFuture,DnsOverHttps"),
		chromedp.Flag("deny-permission-prompts", true),
		chromedp.Flag("disable-notifications", true),
		chromedp.Flag("disable-speech-api", true),
		chromedp.Flag("disable-3d-apis", true),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("mute-audio", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("password-store", "basic"),
		chromedp.Flag("use-mock-keychain", true),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("renderer-process-limit", fmt.Sprint(2*b.opts.Tabs)),
		chromedp.Flag("js-flags", "--max-old-space-size=256"),
		chromedp.WindowSize(pictureWidth, pictureHeight),
	}
	if b.opts.NoSandbox {
		flags = append(flags, chromedp.NoSandbox)
	} else {
		flags = append(flags, chromedp.Flag("no-sandbox", false)) // chromedp would add it for root
	}
	return flags
}
