package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao/ingest/fetch"
)

// Seed puts the start URLs of every authorisation in force at now into the
// frontier: its seeds, or without any the front pages of its hosts. Those known
// already are left as they are.
func Seed(ctx context.Context, frontier Frontier, scope *Scope, now time.Time) error {
	var items []Item
	for i := range scope.list {
		for _, start := range startURLs(&scope.list[i]) {
			if item, skip := judge(scope, start, now); skip == "" {
				items = append(items, item)
			}
		}
	}
	if len(items) == 0 {
		return nil
	}
	if err := frontier.Add(ctx, items); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}

// Limits of sitemaps, as sitemaps.org sets them for one file.
const (
	MaxSitemapURLs = 50_000 // of one file, and here of one host
	// maxSitemapFiles bounds the files of one host, those in an index included.
	maxSitemapFiles = 50
	// sitemapBatch is the number of URLs added at a time.
	sitemapBatch = 500
	// sitemapHosts is the number of hosts read at a time; each has its own pace.
	sitemapHosts = 8
)

// SitemapOptions say where sitemaps lead. Observe and Log are optional.
type SitemapOptions struct {
	Fetcher  *fetch.Fetcher
	Frontier Frontier
	Scope    *Scope
	Now      func() time.Time
	Observe  Observer
	Log      *slog.Logger
}

// SeedSitemaps puts the URLs of sitemaps into the frontier: those that the
// robots.txt of each start URL's host names, or else /sitemap.xml. An index is
// followed one level down. Only URLs in scope are added. A sitemap that is
// missing or broken is logged and no error; the error is the frontier's or ctx's.
func SeedSitemaps(ctx context.Context, opts SitemapOptions) error {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Observe == nil {
		opts.Observe = noObserver{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sitemapHosts)
	seen := map[string]bool{}
	for i := range opts.Scope.list {
		for _, start := range startURLs(&opts.Scope.list[i]) {
			u, err := url.Parse(start)
			if err != nil || seen[u.Scheme+"://"+u.Host] {
				continue
			}
			seen[u.Scheme+"://"+u.Host] = true
			s := &sitemapSeeder{SitemapOptions: opts, origin: u.Scheme + "://" + u.Host}
			group.Go(func() error { return s.run(ctx) })
		}
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("sitemaps: %w", err)
	}
	return nil
}

// sitemapSeeder reads the sitemaps of one origin.
type sitemapSeeder struct {
	SitemapOptions
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
		if _, err := s.file(ctx, at); err != nil { // an index in an index is not followed
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
			s.Log.Info("sitemap broke off; what came before counts", "url", at, "error", err)
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
	item, skip := judgeLink(s.Scope, s.origin+"/", loc, s.Now())
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
