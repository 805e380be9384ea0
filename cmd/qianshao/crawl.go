package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/app"
)

// fetchFlags are app.FetchOptions as flags, of every command that makes requests.
type fetchFlags struct {
	Contact  string            `help:"A URL or mail address of whoever runs this collector; every request names it." env:"QIANSHAO_CONTACT" placeholder:"URL"`
	Operator string            `help:"The name of whoever runs this collector, in ASCII; every request names it. By default the contact's host." env:"QIANSHAO_OPERATOR" placeholder:"NAME"`
	Resolve  map[string]string `help:"Connect to ADDR:PORT for HOST, as for a staging server. The address guard still applies." placeholder:"HOST=ADDR:PORT"`
	DNS      string            `name:"dns" help:"Look names up with this DNS server instead of the system's." placeholder:"ADDR:PORT"`
	Proxy    string            `help:"Make every connection through this proxy: http, https or socks5. Addresses are resolved and checked here all the same. HTTP_PROXY and the like are not looked at." env:"QIANSHAO_PROXY" placeholder:"URL"`
}

// browserFlags are app.BrowserOptions as flags.
type browserFlags struct {
	Browser          string `help:"Chromium, to render pages that scripts make and to take pictures of flagged ones: auto looks for one, off renders nothing, or its PATH." default:"auto" env:"QIANSHAO_BROWSER" placeholder:"auto|off|PATH"`
	BrowserNoSandbox bool   `help:"Run the browser without its sandbox, as root must. Only inside a container that is a sandbox itself."`
}

// crawlCmd visits everything that is due and ends.
type crawlCmd struct {
	Workers int `help:"Hosts visited at the same time." default:"8"`
	fetchFlags
	browserFlags
}

func (c crawlCmd) Run(env *environment) (err error) {
	tally := newTally()
	a, err := env.newApp(app.Options{Crawl: &app.CrawlOptions{
		FetchOptions: app.FetchOptions(c.fetchFlags), BrowserOptions: app.BrowserOptions(c.browserFlags),
		Workers: c.Workers, Once: true, Observe: tally,
	}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Stop()) }()
	a.Start(env.ctx)
	err = a.WaitCrawl()
	isInterrupted := env.ctx.Err() != nil
	if err != nil && !(isInterrupted && errors.Is(err, context.Canceled)) {
		return err
	}
	if err := tally.print(context.WithoutCancel(env.ctx), env.out, a.Folder); err != nil {
		return err
	}
	if isInterrupted {
		return env.interrupted("the next crawl visits what is still due")
	}
	return nil
}

// tally counts what a crawl did, for its last lines.
type tally struct {
	mu      sync.Mutex
	fetched int
	skipped map[string]int
}

func newTally() *tally { return &tally{skipped: map[string]int{}} }

// print writes the summary of the crawl.
func (t *tally) print(ctx context.Context, w io.Writer, f *app.Folder) error {
	counts, err := f.Store.Counts(ctx)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(w, "%s fetched; %s known, %d flagged, %s, %d gone\n",
		terminal.Counted(t.fetched, "page"), terminal.Counted(counts.Pages, "page"), counts.Flagged, terminal.Counted(counts.Open, "finding"), counts.Findings-counts.Open)
	for _, reason := range terminal.ByCount(t.skipped) {
		fmt.Fprintf(w, "%6d  skipped: %s\n", t.skipped[reason], reason)
	}
	return nil
}

// Fetched counts a page.
func (t *tally) Fetched(*qianshao.Page, time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fetched++
}

// Skipped counts a URL that yields no page.
func (t *tally) Skipped(skip qianshao.Skip, _ string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skipped[string(skip)]++
}
