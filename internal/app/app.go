// Package app is the process as a value: New opens and wires its parts, Start runs what the options
// ask for, and Stop ends and closes everything. It parses no flags and prints nothing.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/internal/pipeline"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/notify/channel"
	"github.com/qianshao/qianshao/store"
)

// Options say what a process does. Data is required. Without Crawl nothing is fetched, and without
// Console there is no server.
type Options struct {
	// Data is the data folder; it is created if it is missing.
	Data string
	// Backends are servers that replace parts of the folder.
	Backends backends.Options
	// Rules say where the rules come from.
	Rules datafolder.RuleFolders
	// Crawl watches the authorised sites.
	Crawl *CrawlOptions
	// Console serves the console, the API and the metrics.
	Console *ConsoleOptions
	// Version is the program's version. Pages are judged again when it changes.
	Version string
	// Zone is the time zone of all times and days shown; nil means index.DefaultZone.
	Zone *time.Location
	// Warn is called for every part of the overlay that has no effect, whenever rules are put in
	// force; optional.
	Warn func(warning fmt.Stringer)
	// Reindexing is called, before New returns, if the index does not match the store and is
	// rebuilt; optional.
	Reindexing datafolder.Reindexing
	// InForce is called with what the process works with, when it starts and whenever rules are
	// reloaded; optional.
	InForce func(InForce)
	// Send sends a message to a channel, in place of the program's own senders; optional.
	Send func(ctx context.Context, c notify.Channel, m notify.Message) error
	// Outward says how connections for messages are made: Resolve, DNS and Proxy. Nil means the
	// same as for Crawl.
	Outward *FetchOptions
	// Now is the clock by which messages are sent to people and the counts of metrics are renewed; nil
	// means time.Now.
	Now func() time.Time
	// Log receives failures; nil discards them.
	Log *slog.Logger
}

// App is a process that works on one data folder. Only one at a time may have
// the folder open.
type App struct {
	// Folder is the open data folder.
	Folder *datafolder.Folder
	// Index is the search over the folder's findings.
	Index index.Index
	// Desk records what people decide about the folder's findings.
	Desk *desk.Desk
	// Notices notifies people of the folder's findings, by outside channels.
	Notices *notify.Engine

	opts    Options
	sender  *channel.Sender
	metrics *metrics.Metrics
	silence *unmonitored
	started time.Time
	rules   atomic.Pointer[pipeline.ActiveRules]
	feeder  *feeder
	grouper *grouper
	crawl   *crawl         // nil without Options.Crawl
	console *consoleServer // nil without Options.Console

	reloading sync.Mutex    // held while rules are reloaded
	reloaded  chan struct{} // tells reloadOnExpiry that the rules have changed
	cancel    context.CancelFunc
	running   *errgroup.Group
	crawled   chan struct{} // closed at the end of the crawl
	crawlErr  error         // set before crawled is closed
	leaveErr  error         // of the metrics file
	stop      func() error  // what Stop does; runs only once
}

// New opens the data folder and wires what the options ask for. The console listens from then on,
// but answers only after Start. A mistake that the operator must correct is an InputError. Call
// Stop when done with the App, whether or not it was started.
func New(ctx context.Context, opts Options) (*App, error) {
	if opts.Data == "" {
		return nil, errors.New("app: a data folder is required")
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	LimitMemory(crawlLimit)
	a := &App{
		opts: opts, metrics: metrics.New(), reloaded: make(chan struct{}, 1),
		cancel: func() {}, running: &errgroup.Group{}, crawled: make(chan struct{}), started: time.Now(),
	}
	a.stop = sync.OnceValue(a.close)
	if opts.Crawl != nil && opts.Crawl.MetricsFile != "" {
		if err := checkMetricsFile(opts.Crawl.MetricsFile); err != nil {
			return nil, err
		}
	}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Stop(), a.leaveMetrics(nil, false))
	}
	return a, nil
}

// open opens the parts in the order of their dependencies.
func (a *App) open(ctx context.Context) (err error) {
	rules, err := a.loadRules()
	if err != nil {
		return err
	}
	a.use(rules)
	folder := datafolder.Options{Data: a.opts.Data, Backends: a.opts.Backends, Version: a.opts.Version, Zone: a.opts.Zone, Log: a.opts.Log}
	if a.opts.Crawl != nil {
		folder.Contact = a.opts.Crawl.Contact
	}
	if a.Folder, a.Index, err = datafolder.OpenWithIndex(ctx, folder, a.opts.Reindexing); err != nil {
		return err
	}
	if a.Notices, err = newNotices(a); err != nil {
		return err
	}
	a.feeder = newFeeder(a.Index, a.Folder.Store, a.metrics, a.Notices.Wake, a.opts.Log)
	a.grouper = newGrouper(a.Folder.Review, a.feeder.wake, a.opts.Log)
	if a.Desk, err = newDesk(a); err != nil {
		return err
	}
	a.metrics.WatchFrontier(a.Folder.Store.Next)
	if err := a.watchGauges(ctx); err != nil {
		return err
	}
	a.metrics.WatchIndex(func(ctx context.Context) (store.Backlog, error) {
		return a.Folder.Store.Backlog(ctx, store.ConsumerIndex)
	})
	a.metrics.WatchCampaigns(func(ctx context.Context) (store.Backlog, error) {
		return a.Folder.Store.Backlog(ctx, store.ConsumerCampaigns)
	})
	a.metrics.WatchDeliveries(a.deliveries)
	a.silence = &unmonitored{folder: a.Folder}
	a.metrics.WatchUnmonitored(a.silence.states)
	if a.opts.Crawl == nil {
		close(a.crawled)
	} else if a.crawl, err = newCrawl(ctx, a, *a.opts.Crawl); err != nil {
		return err
	}
	if a.opts.Console != nil {
		a.console, err = newConsole(ctx, a, *a.opts.Console)
	}
	return err
}

// ConsoleURL is the console's URL; "" without a console.
func (a *App) ConsoleURL() string {
	if a.console == nil {
		return ""
	}
	return a.console.url
}

// Start runs the crawl, the console and the reloading of rules that expire, until ctx ends, Stop is
// called, or one of them fails. It may be called only once.
func (a *App) Start(ctx context.Context) {
	ctx, a.cancel = context.WithCancel(ctx)
	a.running, ctx = errgroup.WithContext(ctx)
	a.noteRules(ctx)
	a.tellInForce(ctx)
	a.running.Go(func() error { a.reloadOnExpiry(ctx); return nil })
	a.running.Go(func() error { a.workOnBatches(ctx); return nil })
	a.running.Go(func() error { returnMemory(ctx, time.Tick(restInterval)); return nil })
	a.running.Go(func() error { a.feeder.run(ctx); return nil })
	a.running.Go(func() error { a.grouper.run(ctx); return nil })
	a.running.Go(func() error { a.Notices.Run(ctx); return nil })
	if a.console != nil {
		a.running.Go(func() error { return a.console.run(ctx) })
	}
	if a.crawl != nil {
		a.running.Go(func() error {
			defer close(a.crawled)
			a.crawlErr = a.crawl.run(ctx)
			a.grouper.finish()
			a.feeder.finish() // so that a caller of WaitCrawl can search the findings
			a.finishNotices(ctx)
			a.leaveErr = a.leaveMetrics(a.metrics, a.crawlErr == nil && ctx.Err() == nil)
			return a.crawlErr
		})
	}
}

// WaitCrawl waits for the end of the crawl that Start has started, and returns its error. With
// CrawlOptions.Once the crawl ends when no URL is due.
func (a *App) WaitCrawl() error {
	<-a.crawled
	return a.crawlErr
}

// Wait waits for the end of everything that Start has started, and returns the first error.
func (a *App) Wait() error { return a.running.Wait() }

// Stop ends and closes everything. It may be called more than once. Wait returns the errors of what
// was running.
func (a *App) Stop() error { return a.stop() }

func (a *App) close() (err error) {
	a.cancel()
	_ = a.running.Wait()
	if a.sender != nil {
		a.sender.Close()
	}
	if a.console != nil {
		a.console.close()
	}
	if a.crawl != nil {
		a.crawl.close()
	}
	if a.grouper != nil {
		a.grouper.finish()
	}
	if a.feeder != nil {
		a.feeder.finish()
	}
	if a.Index != nil {
		err = a.Index.Close()
	}
	if a.Folder != nil {
		err = errors.Join(err, a.Folder.Close())
	}
	return errors.Join(err, a.leaveErr)
}

// loadRules reads the rules that are about to be put in force. It tests the operator's own rules on
// the benign sample, as "rules check" does. The shipped rules have been tested already.
func (a *App) loadRules() (*analyze.Analyzer, error) {
	analyzer, err := a.opts.Rules.Compile(a.opts.Warn)
	if err == nil && !a.opts.Rules.Shipped() {
		err = datafolder.CheckBenign(analyzer)
	}
	return analyzer, err
}

// use puts rules in force. Pages in progress finish with the rules that they began with.
func (a *App) use(analyzer *analyze.Analyzer) {
	a.rules.Store(&pipeline.ActiveRules{Analyzer: analyzer, Name: a.opts.Version + " " + analyzer.Rules().Digest()})
	a.metrics.RulesLoaded(len(analyzer.Rules().On()))
}

// Reload reads the rules again. A broken set never replaces a good one: the old one stays in force,
// and the failure is logged, counted and returned.
func (a *App) Reload() error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	analyzer, err := a.loadRules()
	if err != nil {
		a.metrics.RulesReloadFailed()
		a.opts.Log.Error("the new rules are broken; the old ones stay in force", "error", err)
		return err
	}
	a.use(analyzer)
	a.opts.Log.Info("rules reloaded", "rules", len(analyzer.Rules().Rules()))
	a.noteRules(context.Background()) // a signal has no context
	a.tellInForce(context.Background())
	select {
	case a.reloaded <- struct{}{}:
	default: // reloadOnExpiry has not yet seen the last change
	}
	return nil
}

// reloadOnExpiry reads the rules again on the day after an entry of the overlay has expired, until
// ctx ends.
func (a *App) reloadOnExpiry(ctx context.Context) {
	for {
		var expired <-chan time.Time
		if at, ok := a.rules.Load().Rules().Expires(); ok && at.After(time.Now()) {
			expired = time.After(time.Until(at))
		}
		select {
		case <-ctx.Done():
			return
		case <-a.reloaded:
		case <-expired:
			_ = a.Reload() // a failure is logged, and not retried until the next reload
		}
	}
}
