package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

// Seed puts the start URLs of every authorisation in force at now into the
// frontier: its seeds, or, if it has none, the front pages of its hosts. URLs
// that are already known are left as they are.
func Seed(ctx context.Context, frontier Frontier, scope *Scope, now time.Time) error {
	items := startItems(scope, now)
	if len(items) == 0 {
		return nil
	}
	if err := frontier.Add(ctx, items); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}

func startItems(scope *Scope, now time.Time) (items []Item) {
	for i := range scope.list {
		for _, start := range startURLs(&scope.list[i]) {
			if item, skip := judge(scope, start, now); skip == "" {
				items = append(items, item)
			}
		}
	}
	return items
}

// Limits of sitemaps, as sitemaps.org sets them for one file.
const (
	MaxSitemapURLs = 50_000 // of one file; here also of one host
	// maxSitemapFiles bounds the files of one host, those in an index included.
	maxSitemapFiles = 50
	// sitemapBatch is the number of URLs added at a time.
	sitemapBatch = 500
	// SeedInterval is how soon a running collector begins with an authorisation
	// that was added.
	SeedInterval = 30 * time.Second
	// SitemapInterval is the time between two readings of a sitemap. Sites write
	// theirs once a day or at each article; pages link to what is new as well.
	SitemapInterval = 6 * time.Hour
	// sitemapHosts is the number of hosts read at a time; each has its own pace.
	sitemapHosts = 8
)

// SeedOptions say whose pages a Seeder looks for, and where it puts them. Now,
// Observe and Log are optional.
type SeedOptions struct {
	Fetcher  *fetch.Fetcher
	Frontier Frontier
	// Scope returns the register in force; it may change between calls.
	Scope func() *Scope
	// Changed is called when the register has changed since the round before, so that
	// URLs which the old one refused meanwhile can be made due again; optional.
	Changed func(ctx context.Context, before, after []qianshao.Authorisation) error
	// Reports puts the reports of pages that have waited for an authorisation
	// into the frontier; optional.
	Reports func(ctx context.Context, scope *Scope) error
	Now     func() time.Time
	Observe Observer
	Log     *slog.Logger
}

// Seeder keeps a frontier fed from the register: with the URLs that authorisations name, even those
// added while it runs, and with those that their sites' sitemaps name.
type Seeder struct {
	SeedOptions
	read map[string]time.Time // when an origin's sitemaps were last begun
	last *Scope               // the one of the round before; nil before the first
}

// NewSeeder returns a Seeder that has seeded nothing yet.
func NewSeeder(opts SeedOptions) *Seeder {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Observe == nil {
		opts.Observe = noObserver{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Seeder{SeedOptions: opts, read: map[string]time.Time{}}
}

// Round adds the start URLs and the reported pages, and reads the sitemaps that are due: those that
// the robots.txt of each start URL's host names, or else /sitemap.xml. An index is followed one level
// down. Only URLs in scope are added. A sitemap that is missing or broken is only logged; the error
// is the frontier's or ctx's. It is not safe for concurrent use.
func (s *Seeder) Round(ctx context.Context) error {
	scope := s.Scope()
	if s.Changed != nil && s.last != nil && s.last != scope {
		if err := s.Changed(ctx, s.last.list, scope.list); err != nil {
			return fmt.Errorf("changed authorisations: %w", err)
		}
	}
	s.last = scope
	if err := Seed(ctx, s.Frontier, scope, s.Now()); err != nil {
		return err
	}
	if s.Reports != nil {
		if err := s.Reports(ctx, scope); err != nil {
			return fmt.Errorf("reports of pages: %w", err)
		}
	}
	origins := map[string]bool{}
	for _, item := range startItems(scope, s.Now()) {
		if u, err := url.Parse(item.URL); err == nil {
			origins[u.Scheme+"://"+u.Host] = true
		}
	}
	return s.sitemaps(ctx, scope, origins)
}

// Watch makes rounds until ctx ends, so that an authorisation that is added, or
// comes into force, begins within SeedInterval. A round that fails because of
// the frontier is logged, and the next one makes up for it.
func (s *Seeder) Watch(ctx context.Context) {
	ticker := time.NewTicker(SeedInterval)
	defer ticker.Stop()
	for {
		if err := s.Round(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("seeding failed; trying again", "in", SeedInterval, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (s *Seeder) sitemaps(ctx context.Context, scope *Scope, origins map[string]bool) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sitemapHosts)
	for origin := range origins {
		// A reading whose age is negative was made while the clock was ahead.
		if now := s.Now(); now.Sub(s.read[origin]).Abs() >= SitemapInterval {
			s.read[origin] = now
			reader := &sitemapSeeder{SeedOptions: s.SeedOptions, scope: scope, origin: origin}
			group.Go(func() error { return reader.run(ctx) })
		}
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("sitemaps: %w", err)
	}
	return nil
}

// sitemapSeeder reads the sitemaps of one origin.
type sitemapSeeder struct {
	SeedOptions
	scope  *Scope
	origin string
	batch  []Item
	urls   int
	files  map[string]bool
}

func (s *sitemapSeeder) run(ctx context.Context) error {
	s.files = map[string]bool{}
	named, err := s.Fetcher.Sitemaps(ctx, s.origin+"/")
	if err != nil {
		s.Log.Info("no sitemaps", "origin", s.origin, "error", err)
		return ctx.Err()
	}
	if len(named) == 0 {
		named = []string{s.origin + "/sitemap.xml"}
	}
	var nested []string
	for _, at := range named {
		more, err := s.file(ctx, at)
		if err != nil {
			return err
		}
		nested = append(nested, more...)
	}
	for _, at := range nested {
		if _, err := s.file(ctx, at); err != nil { // an index within an index is not followed
			return err
		}
	}
	return s.flush(ctx)
}

// file reads one sitemap and returns the sitemaps that it names, if it is an index.
func (s *sitemapSeeder) file(ctx context.Context, at string) (nested []string, err error) {
	if u, err := fetch.Resolve(s.origin+"/", at); err == nil {
		at = u
	}
	if s.files[at] || len(s.files) >= maxSitemapFiles || s.urls >= MaxSitemapURLs {
		return nil, nil
	}
	s.files[at] = true
	body, err := s.Fetcher.Sitemap(ctx, at)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.Log.Info("sitemap not read", "url", at, "error", err)
		return nil, nil
	}
	defer body.Close()
	for entry, err := range sitemapEntries(body) {
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			s.Log.Info("sitemap was cut off; the part before is used", "url", at, "error", err)
			return nested, nil
		}
		if entry.index {
			if len(nested) < maxSitemapFiles {
				nested = append(nested, entry.loc)
			}
			continue
		}
		if err := s.add(ctx, entry.loc); err != nil {
			return nil, err
		}
	}
	return nested, nil
}

func (s *sitemapSeeder) add(ctx context.Context, loc string) error {
	if s.urls >= MaxSitemapURLs {
		return nil
	}
	s.urls++
	item, skip := judgeLink(s.scope, s.origin+"/", loc, s.Now())
	if skip != "" {
		if item.URL != "" {
			s.Observe.Skipped(skip, item.URL)
		}
		return nil
	}
	item.Depth = 1 // as if the front page linked to it
	if s.batch = append(s.batch, item); len(s.batch) >= sitemapBatch {
		return s.flush(ctx)
	}
	return nil
}

func (s *sitemapSeeder) flush(ctx context.Context) error {
	if len(s.batch) == 0 {
		return nil
	}
	err := s.Frontier.Add(ctx, s.batch)
	s.batch = s.batch[:0]
	return err
}
