package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/ingest/picture"
	"github.com/qianshao/qianshao/ingest/render"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/internal/pipeline"
	"github.com/qianshao/qianshao/locales"
)

// CrawlOptions say how the authorised sites are watched.
type CrawlOptions struct {
	FetchOptions
	BrowserOptions
	// Workers is the number of hosts visited at the same time; 0 is ingest.DefaultWorkers.
	Workers int
	// Once ends the crawl when nothing is due. The register must then have entries.
	Once bool
	// Retry makes URLs that have failed or were skipped due at once.
	Retry bool
	// Revisit is the first time between two visits of a page; 0 is ingest.DefaultRevisit.
	Revisit time.Duration
	// MetricsFile is where the metrics are written when the crawl ends, for node_exporter's textfile
	// collector; its name ends in .prom. If it is "", they are not written.
	MetricsFile string
	// Observe is called for what the crawl does, in addition to metrics and log; optional.
	Observe ingest.Observer
}

// crawl fetches pages and passes them to the pipeline.
type crawl struct {
	fetcher  *fetch.Fetcher
	browser  *render.Browser // nil if there is none
	evidence *evidence.Archive
	store    *datafolder.Store
	seeder   *ingest.Seeder
	crawler  *ingest.Crawler
	once     bool
	retry    func(ctx context.Context) (urls int, err error) // nil unless asked for
	log      *slog.Logger
}

// ownFrontier hands out nothing, and ends no leases, while another process leases under the same holder's
// name: each would take the other's leases for its own.
type ownFrontier struct {
	*datafolder.Store
	alone func() bool
}

func (f ownFrontier) Lease(ctx context.Context, l ingest.Lease) ([]ingest.Item, error) {
	if !f.alone() {
		l.Limit = 0
	}
	return f.Store.Lease(ctx, l)
}

// Next makes the crawler ask again a second later while nothing may be handed out.
func (f ownFrontier) Next(ctx context.Context) (due time.Time, ok bool, err error) {
	due, ok, err = f.Store.Next(ctx)
	if soon := time.Now().Add(time.Second); ok && !f.alone() && due.Before(soon) {
		due = soon
	}
	return due, ok, err
}

func (f ownFrontier) Release(ctx context.Context, holder string, now time.Time) error {
	if !f.alone() {
		return nil
	}
	return f.Store.Release(ctx, holder, now)
}

// newCrawl wires the crawl of a's folder.
func newCrawl(ctx context.Context, a *App, opts CrawlOptions) (*crawl, error) {
	if opts.Once {
		if err := a.requireAuthorisations(ctx); err != nil {
			return nil, err
		}
	}
	scope := a.Folder.Register.Scope
	fetcher, err := newFetcher(opts.FetchOptions, a.opts.Version, scope, ingest.NewTurns(a.Folder.Store, a.Folder.Holder, time.Now))
	if err != nil {
		return nil, err
	}
	c := &crawl{fetcher: fetcher, evidence: a.Folder.Evidence, store: a.Folder.Store, once: opts.Once, log: a.opts.Log}
	if opts.Retry {
		c.retry = a.Folder.Store.Retry
	}
	if c.browser, err = newBrowser(opts.BrowserOptions, fetcher, a.opts.Log); err != nil {
		c.close()
		return nil, err
	}
	a.metrics.Browser(c.browser != nil)
	ocr, err := picture.NewOCR(ctx)
	if err != nil {
		a.opts.Log.Warn("QR codes in pictures are read, text is not", "reason", err)
	}
	a.metrics.OCR(ocr != nil)
	way, err := pipeline.New(pipeline.Options{
		Store: a.Folder.Store, Changed: func() { a.feeder.wake(); a.grouper.wake() }, Evidence: a.Folder.Evidence, Rules: a.rules.Load,
		Fetcher: fetcher, Scope: scope, Browser: c.browser, OCR: ocr, Metrics: a.metrics, Log: a.opts.Log,
	})
	if err != nil {
		c.close()
		return nil, err
	}
	observe := observer{metrics: a.metrics, log: a.opts.Log, next: opts.Observe}
	c.crawler, err = ingest.NewCrawler(ingest.CrawlerOptions{
		Frontier: ownFrontier{a.Folder.Store, a.Folder.Alone}, Holder: a.Folder.Holder, Scope: scope, Fetcher: fetcher,
		Handle: way.Process, Gone: way.Gone, Saved: way.Saved, Rules: way.RulesName,
		Workers: opts.Workers, Once: opts.Once, Revisit: opts.Revisit, Observe: observe, Log: a.opts.Log,
	})
	if err != nil { // Revisit is out of bounds
		c.close()
		return nil, &datafolder.InputError{Err: err}
	}
	c.seeder = ingest.NewSeeder(ingest.SeedOptions{
		Fetcher: fetcher, Frontier: a.Folder.Store, Scope: scope, Changed: a.Folder.Store.Recall, Reports: a.Folder.QueueSubmissions, Observe: observe, Log: a.opts.Log,
	})
	return c, nil
}

// requireAuthorisations refuses a crawl that would not be allowed any request.
func (a *App) requireAuthorisations(ctx context.Context) error {
	authorisations, err := a.Folder.Store.Authorisations(ctx)
	if err == nil && len(authorisations) == 0 {
		err = &datafolder.InputError{Err: locales.Errorf("start.register_empty")}
	}
	return err
}

// run fills the frontier with the register's seeds and crawls, until no URL is due (once) or ctx
// ends.
func (c *crawl) run(ctx context.Context) error {
	if err := c.evidence.Recover(ctx); err != nil {
		// Pages can be archived all the same. The log says what to do.
		c.log.Error("the evidence archive is not in order", "error", err)
	}
	defer c.keepRegistered(ctx)()
	if c.retry != nil {
		urls, err := c.retry(ctx)
		if err != nil {
			return err
		}
		c.log.Info("failed and skipped URLs are due at once", "urls", urls)
	}
	c.rewrite(ctx)
	if err := c.crawler.Recover(ctx); err != nil { // before sitemaps are read
		return err
	}
	if c.once {
		if err := c.seeder.Round(ctx); err != nil {
			return err
		}
		defer c.rewrite(ctx)
		return c.crawler.Run(ctx)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { c.seeder.Watch(ctx); return nil })
	group.Go(func() error { c.rewriteOften(ctx); return nil })
	group.Go(func() error { return c.crawler.Run(ctx) })
	return group.Wait()
}

// rewrite rewrites the database if something was deleted from it, unless ctx ends first. If it
// fails because the disk is too full, the next start tries again.
func (c *crawl) rewrite(ctx context.Context) {
	started := time.Now()
	switch done, err := c.store.Rewrite(ctx); {
	case err != nil && ctx.Err() == nil:
		c.log.Warn("the database file was not rewritten; deleted data may still be in unused parts of it", "error", err)
	case done:
		c.log.Info("the database file was rewritten without deleted data", "took", time.Since(started))
	}
}

// rewriteInterval is how often a server checks whether to rewrite the database. It is long, because
// URLs are dropped every day and nothing can be written during a rewrite.
const rewriteInterval = 7 * 24 * time.Hour

// rewriteOften calls rewrite at that interval until ctx ends.
func (c *crawl) rewriteOften(ctx context.Context) {
	tick := time.NewTicker(rewriteInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.rewrite(ctx)
		}
	}
}

// keepRegistered keeps the heads of the evidence's chains registered until end is called.
func (c *crawl) keepRegistered(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var registering sync.WaitGroup
	registering.Go(func() { c.evidence.KeepRegistered(ctx) })
	return func() { cancel(); registering.Wait() }
}

// close ends the browser and idle connections. It may be called more than once.
func (c *crawl) close() {
	if c.browser != nil {
		c.browser.Close()
		c.browser = nil
	}
	c.fetcher.Close()
}

// observer passes on what the crawler does to the metrics, the log and another observer.
type observer struct {
	metrics *metrics.Metrics
	log     *slog.Logger
	next    ingest.Observer // may be nil
}

func (o observer) Fetched(page *qianshao.Page, took time.Duration) {
	o.metrics.Fetched(*page, took)
	if o.next != nil {
		o.next.Fetched(page, took)
	}
}

func (o observer) Replanned(what ingest.Replanned) {
	o.metrics.Replanned(what.URLs, what.Hosts)
	if o.next != nil {
		o.next.Replanned(what)
	}
}

func (o observer) Skipped(skip qianshao.Skip, url string) {
	o.metrics.Skipped(skip)
	if o.next != nil {
		o.next.Skipped(skip, url)
	}
	o.log.Debug("skipped", "reason", skip, "url", url)
}
