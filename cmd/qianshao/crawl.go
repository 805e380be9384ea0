package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/store/sqlite"
)

// fetchFlags are the flags of every command that makes requests.
type fetchFlags struct {
	Contact  string            `help:"A URL or mail address of whoever runs this collector; every request names it." env:"QIANSHAO_CONTACT" placeholder:"URL"`
	Operator string            `help:"The name of whoever runs this collector, in ASCII; every request names it. By default the contact's host." env:"QIANSHAO_OPERATOR" placeholder:"NAME"`
	Resolve  map[string]string `help:"Connect to ADDR:PORT for HOST, as for a staging server. The address guard still applies." placeholder:"HOST=ADDR:PORT"`
	DNS      string            `name:"dns" help:"Look names up with this DNS server instead of the system's." placeholder:"ADDR:PORT"`
	Proxy    string            `help:"Make every connection through this proxy: http, https or socks5. Addresses are resolved and checked here all the same. HTTP_PROXY and the like are not looked at." env:"QIANSHAO_PROXY" placeholder:"URL"`
}

// newFetcher builds a fetcher that asks scope before every request.
func (f fetchFlags) newFetcher(scope func() *ingest.Scope) (*fetch.Fetcher, error) {
	agent, err := f.userAgent()
	if err != nil {
		return nil, usageError(err)
	}
	fetcher, err := fetch.New(fetch.Options{
		UserAgent: agent,
		Permit: func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
			return scope().Decide(u, time.Now())
		},
		Resolve: f.Resolve,
		DNS:     f.DNS,
		Proxy:   f.Proxy,
	})
	if err != nil {
		return nil, usageError(err)
	}
	return fetcher, nil
}

// userAgent names the program, its operator and a way to reach them, so that a
// site's owner who finds us in the log can ask.
func (f fetchFlags) userAgent() (string, error) {
	if f.Contact == "" {
		return "", errors.New("say who makes the requests: --contact https://your.site/about-this-bot or QIANSHAO_CONTACT")
	}
	operator := f.Operator
	if u, err := url.Parse(f.Contact); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" {
		operator = cmp.Or(operator, u.Hostname())
	} else if a, err := mail.ParseAddress(f.Contact); err == nil && a.Address == f.Contact {
		operator = cmp.Or(operator, a.Address[strings.LastIndexByte(a.Address, '@')+1:])
	} else {
		return "", fmt.Errorf("--contact %q is neither a URL of http or https nor a mail address; a site's owner must be able to reach you", f.Contact)
	}
	for _, part := range []string{operator, f.Contact} {
		if strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r > '~' || r == '(' || r == ')' }) {
			return "", fmt.Errorf("%q cannot stand in a request's User-Agent; write it in ASCII and without brackets", part)
		}
	}
	return fmt.Sprintf("qianshao/%s (%s; +%s)", versionString(), operator, f.Contact), nil
}

// fetchOne fetches a single URL for scan, under the register's authorisations.
func (f fetchFlags) fetchOne(s *session, rawURL string) (qianshao.Page, error) {
	db, err := openStore(s)
	if err != nil {
		return qianshao.Page{}, err
	}
	defer db.Close()
	fetcher, err := f.newFetcher(newRegister(s.ctx, db, s.log).Scope)
	if err != nil {
		return qianshao.Page{}, err
	}
	defer fetcher.Close()
	page, err := fetcher.Get(s.ctx, fetch.Request{URL: rawURL})
	if err != nil {
		return qianshao.Page{}, err
	}
	return withStylesheets(s.ctx, fetcher, page), nil
}

// withStylesheets adds the style sheets that decide what the page hides. One
// that cannot be had is left out: the page is judged without it.
func withStylesheets(ctx context.Context, fetcher *fetch.Fetcher, page qianshao.Page) qianshao.Page {
	for _, sheet := range extract.Stylesheets(page) {
		css, err := fetcher.Stylesheet(ctx, sheet)
		if err != nil {
			continue
		}
		if page.Stylesheets == nil {
			page.Stylesheets = map[string][]byte{}
		}
		page.Stylesheets[sheet] = css
	}
	return page
}

// registerAge is how long a change of the register may take to be noticed by a
// running crawl. Expiry is checked at every request.
const registerAge = 10 * time.Second

// register is the authorisations in force as the store has them. If they
// cannot be read nothing is authorised.
type register struct {
	ctx context.Context //nolint:containedctx // Scope is called from callbacks without one
	db  *sqlite.Store
	log *slog.Logger

	mu    sync.Mutex
	scope *ingest.Scope
	read  time.Time
}

func newRegister(ctx context.Context, db *sqlite.Store, log *slog.Logger) *register {
	return &register{ctx: ctx, db: db, log: log}
}

// Scope returns the register, read anew when it is older than registerAge.
func (r *register) Scope() *ingest.Scope {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.scope != nil && time.Since(r.read) < registerAge {
		return r.scope
	}
	scope, err := r.readScope()
	if err != nil {
		r.log.Error("the register of authorisations cannot be read; nothing is fetched", "error", err)
		scope = &ingest.Scope{}
	}
	r.scope, r.read = scope, time.Now()
	return scope
}

func (r *register) readScope() (*ingest.Scope, error) {
	authorisations, err := r.db.Authorisations(r.ctx)
	if err != nil {
		return nil, err
	}
	return ingest.NewScope(authorisations)
}

// crawlCmd visits everything that is due and ends.
type crawlCmd struct {
	Workers int `help:"Hosts visited at the same time." default:"8"`
	fetchFlags
	browserFlags
}

func (c crawlCmd) Run(s *session) (err error) {
	o, err := openOutpost(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	authorisations, err := o.store.Authorisations(s.ctx)
	if err != nil {
		return err
	}
	if len(authorisations) == 0 {
		return usageError(errors.New("the register of authorisations is empty; write a scope.yaml and run \"qianshao scope add scope.yaml\""))
	}
	tally := newTally()
	err = o.crawl(s.ctx, crawlOptions{
		fetchFlags: c.fetchFlags, browserFlags: c.browserFlags, workers: c.Workers, once: true, tally: tally,
	})
	if err != nil {
		return err
	}
	counts, err := o.store.Counts(s.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d pages fetched; %d pages known, %d flagged, %d findings, %d gone\n",
		tally.fetched, counts.Pages, counts.Flagged, counts.Open, counts.Findings-counts.Open)
	for _, reason := range byCount(tally.skipped) {
		fmt.Fprintf(s.out, "%6d  skipped: %s\n", tally.skipped[reason], reason)
	}
	return nil
}

// crawlOptions are what crawl, serve and demo choose differently.
type crawlOptions struct {
	fetchFlags
	browserFlags
	workers int
	once    bool
	revisit time.Duration
	tally   *tally
}

// crawl seeds the frontier from the register and runs the crawler over it,
// until nothing is due (once) or the context ends.
func (o *outpost) crawl(ctx context.Context, options crawlOptions) error {
	scope := newRegister(ctx, o.store, o.log).Scope
	fetcher, err := options.newFetcher(scope)
	if err != nil {
		return err
	}
	defer fetcher.Close()
	browser, err := options.newBrowser(fetcher, o.log)
	if err != nil {
		return err
	}
	if browser != nil {
		defer browser.Close()
	}
	o.metrics.Browser(browser != nil)
	o.views = &viewer{fetcher: fetcher, scope: scope, store: o.store, browser: browser, metrics: o.metrics, log: o.log}
	if err := o.openEvidence(ctx, options.Contact); err != nil {
		return err
	}
	defer o.indexEvidence(context.WithoutCancel(ctx))
	observe := observer{o, options.tally}
	crawler, err := ingest.NewCrawler(ingest.CrawlerOptions{
		Frontier: o.store,
		Scope:    scope,
		Fetcher:  fetcher,
		Handle:   o.follow,
		Gone:     o.gone,
		Rules:    o.rules,
		Workers:  options.workers,
		Once:     options.once,
		Revisit:  options.revisit,
		Observe:  observe,
		Log:      o.log,
	})
	if err != nil {
		return err
	}
	seeder := ingest.NewSeeder(ingest.SeedOptions{
		Fetcher: fetcher, Frontier: o.store, Scope: scope, Observe: observe, Log: o.log,
		Reports: func(ctx context.Context, scope *ingest.Scope) error { return queueReports(ctx, o.store, scope) },
	})
	if options.once {
		if err := seeder.Round(ctx); err != nil {
			return err
		}
		return crawler.Run(ctx)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { seeder.Watch(ctx); return nil })
	group.Go(func() error { return crawler.Run(ctx) })
	return group.Wait()
}

// follow takes a page and returns where it leads: its links, and the entries
// of a feed.
func (o *outpost) follow(ctx context.Context, page qianshao.Page, before ingest.Memory) (ingest.Handled, error) {
	handled, err := o.take(ctx, page, before)
	if err != nil {
		return handled, err
	}
	entries, err := ingest.FeedLinks(page)
	if err != nil {
		o.log.Info("feed not read", "error", err)
	}
	handled.Links = append(handled.Links, entries...)
	return handled, nil
}

// observer passes what the crawler does on to the metrics and the tally.
type observer struct {
	outpost *outpost
	tally   *tally // nil where nobody reads it
}

func (o observer) Fetched(page *qianshao.Page, took time.Duration) {
	o.outpost.metrics.Fetched(*page, took)
	o.tally.addPage()
}

func (o observer) Skipped(skip qianshao.Skip, url string) {
	o.outpost.metrics.Skipped(skip)
	o.tally.addSkip(skip)
	o.outpost.log.Debug("skipped", "reason", skip, "url", url)
}

// tally counts what a crawl did, for its last lines. A nil tally counts nothing.
type tally struct {
	mu      sync.Mutex
	fetched int
	skipped map[string]int
}

func newTally() *tally { return &tally{skipped: map[string]int{}} }

func (t *tally) addPage() {
	if t != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.fetched++
	}
}

func (t *tally) addSkip(skip qianshao.Skip) {
	if t != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.skipped[string(skip)]++
	}
}
