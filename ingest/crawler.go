package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/locales"
)

// Defaults and bounds of CrawlerOptions.
const (
	DefaultWorkers    = 8
	DefaultMaxDepth   = 20
	DefaultHostBudget = 20_000

	// visitTime bounds the requests of a visit: ten redirects at half of MaxCrawlDelay each.
	visitTime = 6 * time.Minute
	// onceHorizon is how far ahead an item may be due for a Once run to wait for it. It
	// exceeds MaxCrawlDelay, or a slow host would not be crawled to its end, and leaseTime, since a
	// crawler that died may have left its leases.
	onceHorizon = leaseTime + 15*time.Second
	// idlePoll is how often an idle crawler looks for URLs that others have added.
	idlePoll = time.Second
	// busyPoll keeps the loop from spinning on an item that is due but cannot be leased.
	busyPoll = 5 * time.Millisecond
	// frontierTries is how often a call to the frontier is tried until Run gives up: with pauses of ¼,
	// ½, 1 … 16 s that is half a minute, enough for somebody to clear a full disk or for a backup to
	// release its lock. Then the service manager takes over.
	frontierTries = 8
	frontierPause = 250 * time.Millisecond
	// maxLinks bounds the links taken from one page.
	maxLinks = 5000
)

// Observer counts what the crawler does. Its methods are called from many
// goroutines.
type Observer interface {
	// Fetched is called for each page that came in, after it was handled.
	Fetched(page *qianshao.Page, took time.Duration)
	// Skipped is called for each URL that yields no page, with the named
	// reason: visits that failed (the first tries of a temporary failure are not
	// counted) and links not followed.
	Skipped(skip qianshao.Skip, url string)
	// Replanned is called when times were found that were written while the clock was ahead.
	Replanned(what Replanned)
}

// CrawlerOptions wire a crawler. Frontier, Holder, Scope, Fetcher and Handle are required.
type CrawlerOptions struct {
	Frontier Frontier
	// Holder names the crawler among all that share the frontier. It is the same after a restart.
	Holder string
	// Scope returns the register in force; it may change between calls.
	Scope   func() *Scope
	Fetcher *fetch.Fetcher
	// Handle analyses, saves and indexes a page; before is what the last visit of
	// its URL left. It must be idempotent, since a page is handled again after a
	// crash. On an error the URL is tried again later.
	Handle func(ctx context.Context, page qianshao.Page, before Memory) (Handled, error)
	// Saved is called with the number of pages that were saved with the outcomes of their
	// visits (Handled.Page), and how long recording them took. It may be nil.
	Saved func(pages int, took time.Duration)
	// Gone records that a page is no longer there. It must be idempotent, as Handle is. Nil records
	// nothing.
	Gone func(ctx context.Context, gone Gone) error
	// Rules names the rule set that Handle judges by; a page that was judged by another one is fetched
	// again in full. Nil means that the rules never change.
	Rules   func() string
	Workers int
	// MaxDepth is the largest number of links from a seed.
	MaxDepth int
	// HostBudget bounds the URLs of one host. The frontier counts them.
	HostBudget int
	// QueryVariants bounds the URLs of one path that differ in their query. The frontier counts them.
	QueryVariants int
	// Revisit is the time from a page's first visit to its second, from
	// MinRevisit to MaxRevisit; after that the interval adapts.
	Revisit time.Duration
	// Once makes Run return when nothing is due within about a minute.
	Once bool
	// RetryPauses are the pauses after failures in a row, the last one repeated;
	// by default 1, 5, 15 minutes and then an hour, with two quick tries before
	// that with Once.
	RetryPauses []time.Duration
	Observe     Observer
	Now         func() time.Time
	Log         *slog.Logger
}

// Gone is a page that is no longer there.
type Gone struct {
	URL    string
	Status int // 404 or 410; 0 if the URL now leads elsewhere
	Cause  qianshao.Cause
	At     time.Time
}

// Crawler visits what is due in the frontier. All that matters is in the
// frontier and in what Handle saves; the process may die at any instruction.
type Crawler struct {
	CrawlerOptions
	clock     clock
	budget    *budget
	recovered bool // for the next Run
}

// NewCrawler checks the options and returns a crawler.
func NewCrawler(opts CrawlerOptions) (*Crawler, error) {
	switch {
	case opts.Frontier == nil:
		return nil, errors.New("crawler: no Frontier")
	case opts.Holder == "":
		return nil, errors.New("crawler: no Holder; two crawlers without a name would take each other's leases for their own")
	case opts.Scope == nil:
		return nil, errors.New("crawler: no Scope; without an authorisation register nothing may be fetched")
	case opts.Fetcher == nil:
		return nil, errors.New("crawler: no Fetcher")
	case opts.Handle == nil:
		return nil, errors.New("crawler: no Handle")
	case opts.Revisit != 0 && opts.Revisit < MinRevisit:
		return nil, locales.Errorf("start.revisit.sooner", opts.Revisit, MinRevisit/time.Minute)
	case opts.Revisit > MaxRevisit:
		return nil, locales.Errorf("start.revisit.later", opts.Revisit, MaxRevisit/(24*time.Hour))
	}
	orDefault := func(n *int, def int) {
		if *n <= 0 {
			*n = def
		}
	}
	orDefault(&opts.Workers, DefaultWorkers)
	orDefault(&opts.MaxDepth, DefaultMaxDepth)
	orDefault(&opts.HostBudget, DefaultHostBudget)
	orDefault(&opts.QueryVariants, DefaultQueryVariants)
	if opts.Revisit == 0 {
		opts.Revisit = DefaultRevisit
	}
	if len(opts.RetryPauses) == 0 {
		opts.RetryPauses = retryPauses
		if opts.Once {
			opts.RetryPauses = onceRetryPauses
		}
	}
	if opts.Gone == nil {
		opts.Gone = func(context.Context, Gone) error { return nil }
	}
	if opts.Saved == nil {
		opts.Saved = func(int, time.Duration) {}
	}
	if opts.Rules == nil {
		opts.Rules = func() string { return "" }
	}
	if opts.Observe == nil {
		opts.Observe = noObserver{}
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Crawler{
		CrawlerOptions: opts,
		clock:          clock{own: opts.Now},
		budget:         newBudget(opts.Frontier, opts.HostBudget, opts.QueryVariants),
	}, nil
}

type noObserver struct{}

func (noObserver) Fetched(*qianshao.Page, time.Duration) {}
func (noObserver) Skipped(qianshao.Skip, string)         {}
func (noObserver) Replanned(Replanned)                   {}

// Recover releases what a crawler of the same Holder held when it died: its leases, and the hosts of
// the requests that it was making. Run begins with it. If something else, such as a Seeder, makes
// requests before Run or at the same time, call Recover first; otherwise these hosts would count as
// busy.
func (c *Crawler) Recover(ctx context.Context) error {
	err := c.persist(ctx, func() error {
		if err := c.clock.set(ctx, c.Frontier); err != nil {
			return err
		}
		return c.Frontier.Release(ctx, c.Holder, c.clock.latest())
	})
	if err == nil {
		err = c.replan(ctx, c.now())
	}
	if err != nil {
		return fmt.Errorf("crawl: %w", err)
	}
	c.recovered = true
	return nil
}

// Run crawls until ctx ends, or with Once until nothing is due. Several crawlers may share a
// frontier, each with its own Holder. It returns nil if it ended as requested. With Once, it also
// returns an error if pages could not be handled (they stay in the frontier).
func (c *Crawler) Run(ctx context.Context) error {
	if !c.recovered {
		if err := c.Recover(ctx); err != nil {
			return err
		}
	}
	c.recovered = false // leases are made from here on
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r := run{
		crawler: c, items: make(chan Item), finished: make(chan visitResult), held: held{urls: map[string]string{}},
		unhandled: map[string]error{}, latest: c.now(),
	}
	defer close(r.items)
	var beating sync.WaitGroup
	defer beating.Wait()
	for range c.Workers {
		go r.work(ctx)
	}
	beating.Go(func() { r.beat(ctx) })
	err := r.loop(ctx)
	ended := ctx.Err() != nil
	stop()
	for r.busy > 0 {
		r.finish(<-r.finished)
	}
	const grace = 5 * time.Second
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if doneErr := r.recordRest(last); doneErr != nil && err == nil {
		c.Log.Warn("the last visits were not recorded; their pages will be visited again", "error", doneErr)
	}
	if releaseErr := c.Frontier.Release(last, c.Holder, c.clock.latest()); releaseErr != nil && err == nil {
		c.Log.Warn("leases were not released; they will expire", "error", releaseErr)
	}
	switch {
	case err != nil:
		return fmt.Errorf("crawl: %w", err)
	case c.Once && !ended && len(r.unhandled) > 0:
		return r.unhandledError()
	}
	return nil
}

// persist makes a call to the frontier, and repeats it when it fails.
func (c *Crawler) persist(ctx context.Context, call func() error) error {
	pause := frontierPause
	for try := 1; ; try++ {
		err := call()
		if err == nil || ctx.Err() != nil || try == frontierTries {
			return err
		}
		c.Log.Error("frontier failed; trying again", "error", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
		pause *= 2
	}
}

// run is the state of one Run, such as which workers are busy. Nothing in it must survive the process.
type run struct {
	crawler  *Crawler
	items    chan Item // for free workers
	finished chan visitResult
	busy     int
	held     held
	visits   []Visit   // finished and not yet recorded
	latest   time.Time // the clock at the last step, or, if later, when a visit began that has finished since
	err      error     // the frontier's error, which ends the run
	// unhandled holds the pages whose last visit Handle failed, by item URL.
	unhandled map[string]error
}

// visitResult says how a visit ended: handleErr is the page's error, err is the frontier's.
type visitResult struct {
	Visit
	began     time.Time // by the clock
	finished  bool      // the outcome is to be recorded
	handleErr error
	err       error
}

// work visits one item after the other. In a new goroutine for each, the stack would be
// copied several times until it is large enough for the analysis.
func (r *run) work(ctx context.Context) {
	for item := range r.items {
		r.finished <- r.crawler.visit(ctx, item)
	}
}

func (r *run) finish(v visitResult) {
	r.busy--
	if v.began.After(r.latest) { // the clock was set back meanwhile: the outcome's times may be in the future
		r.latest = v.began
	}
	if v.handleErr != nil {
		r.unhandled[v.Item.URL] = v.handleErr
	} else {
		delete(r.unhandled, v.Item.URL)
	}
	if v.err != nil {
		r.err = v.err
	}
	if v.finished {
		r.visits = append(r.visits, v.Visit)
	}
}

// tellSaved reports how many pages were saved with the recorded visits.
func (c *Crawler) tellSaved(visits []Visit, took time.Duration) {
	pages := 0
	for i := range visits {
		if visits[i].Outcome.Page != nil {
			pages++
		}
	}
	if pages > 0 {
		c.Saved(pages, took)
	}
}

// recorded reports visits that were recorded, and how long that took.
func (r *run) recorded(visits []Visit, took time.Duration) {
	budget := r.crawler.budget
	for i := range visits {
		budget.remember(visits[i].Outcome.Links)
		if visits[i].Outcome.Drop {
			budget.forget(visits[i].Item.URL)
		}
		r.held.drop(visits[i].Item)
	}
	r.crawler.tellSaved(visits, took)
}

// passed reports a visit that was not recorded, because its lease has passed to another crawler.
func (r *run) passed(v Visit) {
	r.crawler.budget.withdraw(v.Outcome.Links)
	r.held.drop(v.Item)
	delete(r.unhandled, v.Item.URL)
	r.crawler.Log.Warn("another crawler has taken over the lease of a visit, and records its result", "url", v.Item.URL)
}

// recordRest records the finished visits without leasing anything, one by one, so that a visit that
// cannot be recorded does not prevent the others from being recorded.
func (r *run) recordRest(ctx context.Context) (err error) {
	visits := r.visits
	r.visits = nil
	for i, v := range visits {
		began := time.Now()
		switch failed := r.crawler.Frontier.Done(ctx, v.Item, v.Outcome); {
		case failed == nil:
			r.recorded(visits[i:i+1], time.Since(began))
		case errors.Is(failed, ErrLeasePassed):
			r.passed(v)
		default:
			r.visits = append(r.visits, v)
			err = errors.Join(err, failed)
		}
	}
	return err
}

func (r *run) unhandledError() error {
	for _, first := range slices.Sorted(maps.Keys(r.unhandled)) {
		return locales.Errorf("crawl.unhandled", len(r.unhandled), r.unhandled[first])
	}
	return nil
}

// loop leases for free workers, then waits until something can have changed.
func (r *run) loop(ctx context.Context) error {
	for ctx.Err() == nil && r.err == nil {
		pause, done, err := r.step(ctx)
		if ctx.Err() != nil || done {
			return nil
		}
		if err != nil {
			return err
		}
		r.wait(ctx, pause)
	}
	return r.err
}

// step records the finished visits and hands due items to free workers, in one
// transaction. It returns how long to wait at most until the next step, and whether a
// Once run has come to its end.
func (r *run) step(ctx context.Context) (pause time.Duration, done bool, err error) {
	c := r.crawler
	free := c.Workers - r.busy
	if free == 0 {
		return idlePoll, false, nil
	}
	now := c.now()
	if wentBack(r.latest, now) {
		// Record first what was planned while the clock was ahead, or replan would miss it.
		if err := c.persist(ctx, func() error { return r.recordRest(ctx) }); err != nil {
			return 0, false, err
		}
		if err := c.replan(ctx, now); err != nil {
			return 0, false, err
		}
	}
	r.latest = now
	items, err := r.lease(ctx, free)
	if err != nil {
		return 0, false, err
	}
	for _, item := range items {
		r.busy++
		r.items <- item
	}
	if len(items) == free {
		return idlePoll, false, nil // no worker is free until a visit ends
	}
	var due time.Time
	var ok bool
	err = c.persist(ctx, func() (err error) {
		due, ok, err = c.Frontier.Next(ctx)
		return err
	})
	if err != nil {
		return 0, false, err
	}
	if c.Once && r.busy == 0 && (!ok || due.Sub(now) > onceHorizon) {
		return 0, true, nil
	}
	if !ok {
		return idlePoll, false, nil
	}
	return min(max(due.Sub(now), busyPoll), idlePoll), false, nil
}

// lease records the finished visits and returns items for free workers.
func (r *run) lease(ctx context.Context, free int) (items []Item, err error) {
	c := r.crawler
	var passed map[string]bool
	lease := Lease{
		Holder: c.Holder, Visits: r.visits, Limit: free, For: leaseTime, Interval: c.interval,
		Passed: func(it Item) { passed[it.URL] = true },
	}
	began := time.Now()
	err = c.persist(ctx, func() (err error) {
		passed, lease.Now = map[string]bool{}, c.now() // a repeated call must not lease by the time of the first
		items, err = c.Frontier.Lease(ctx, lease)
		return err
	})
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	r.recorded(slices.DeleteFunc(r.visits, func(v Visit) bool {
		lost := passed[v.Item.URL]
		if lost {
			r.passed(v)
		}
		return lost
	}), took)
	r.visits = nil
	for _, item := range items {
		r.held.add(item)
	}
	return items, nil
}

// wait returns when a worker is free again, or after pause.
func (r *run) wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case v := <-r.finished:
		r.finish(v)
	case <-timer.C:
	case <-ctx.Done():
	}
	runtime.Gosched() // lets visits that need only the processor finish first
	for {             // record it together with others that have finished by now
		select {
		case v := <-r.finished:
			r.finish(v)
		default:
			return
		}
	}
}
