package ingest

import (
	"context"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
)

// follow returns the links of a page that lie in scope, depth and budget, as
// items for the frontier.
func (c *Crawler) follow(ctx context.Context, item Item, page *qianshao.Page, links []string) ([]Item, error) {
	if len(links) > maxLinks {
		links = links[:maxLinks]
	}
	scope, now := c.Scope(), c.Now()
	seen := map[string]bool{page.URL: true, item.URL: true}
	var items []Item
	for _, link := range links {
		next, skip := judgeLink(scope, page.URL, link, now)
		if next.URL == "" || seen[next.URL] {
			continue
		}
		seen[next.URL] = true
		if next.Depth = item.Depth + 1; skip == "" && next.Depth > c.MaxDepth {
			skip = qianshao.SkipDepth
		}
		if skip == "" {
			if c.budget.remembers(next.URL) {
				continue
			}
			fits, err := c.budget.take(ctx, next.Host)
			if err != nil {
				return nil, err
			}
			if !fits {
				skip = qianshao.SkipHostBudget
			}
		}
		if skip != "" {
			c.Observe.Skipped(skip, next.URL)
			continue
		}
		items = append(items, next)
	}
	return items, nil
}

// judgeLink returns the item that a link makes, or the reason to leave it. URL
// is set in both cases, unless the link is none to follow at all (mailto:, a file
// that is no page).
func judgeLink(scope *Scope, base, link string, now time.Time) (Item, qianshao.Skip) {
	canonical, err := fetch.Resolve(base, link)
	if err != nil {
		return Item{}, qianshao.SkipBadURL
	}
	return judge(scope, canonical, now)
}

// judge returns the item of depth 0 for a canonical URL, or the reason to leave it.
func judge(scope *Scope, canonical string, now time.Time) (Item, qianshao.Skip) {
	u, err := url.Parse(canonical)
	if err != nil {
		return Item{}, qianshao.SkipBadURL
	}
	a, skip := scope.Decide(u, now)
	if skip != "" {
		return Item{URL: canonical}, skip
	}
	if isNoPage(u.Path) {
		return Item{URL: canonical}, qianshao.SkipType
	}
	return Item{URL: canonical, Host: u.Hostname(), Authorisation: a.ID}, ""
}

// isNoPage says that a path ends as files do that are never pages, so that no
// request of a host's rate is spent on them.
func isNoPage(p string) bool {
	switch strings.ToLower(path.Ext(p)) {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".ico", ".bmp", ".svg", ".tif", ".tiff",
		".mp3", ".wav", ".ogg", ".mp4", ".m3u8", ".avi", ".mov", ".wmv", ".flv", ".mkv", ".webm",
		".zip", ".rar", ".7z", ".gz", ".tgz", ".bz2", ".xz", ".tar", ".iso", ".dmg", ".exe", ".msi", ".apk", ".ipa",
		".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".wps",
		".css", ".js", ".mjs", ".json", ".woff", ".woff2", ".ttf", ".eot", ".swf":
		return true
	}
	return false
}

// maxRemembered bounds the URLs that a budget remembers; behind it all are
// offered to the frontier again, which knows them.
const maxRemembered = 1 << 20

// budget bounds the URLs of each host. What it remembers saves the frontier
// work and can be lost without harm.
type budget struct {
	frontier Frontier
	perHost  int

	mu    sync.Mutex
	known map[string]struct{}
	// size is what the frontier said of a host, and all offered since. A URL that
	// was known already counts twice then: at the budget's end the frontier is
	// asked again.
	size map[string]int
	// offered counts the URLs of a host on their way into the frontier.
	offered map[string]int
}

func newBudget(f Frontier, perHost int) *budget {
	return &budget{frontier: f, perHost: perHost, known: map[string]struct{}{}, size: map[string]int{}, offered: map[string]int{}}
}

// remembers says that this process has added the URL before.
func (b *budget) remembers(url string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.known[url]
	return ok
}

// take books a place for one more URL of host, if there is one.
func (b *budget) take(ctx context.Context, host string) (fits bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	size, ok := b.size[host]
	if !ok || size >= b.perHost {
		if size, err = b.frontier.HostCount(ctx, host); err != nil {
			return false, err
		}
		size += b.offered[host]
	}
	if fits = size < b.perHost; fits {
		size++
		b.offered[host]++
	}
	b.size[host] = size
	return fits, nil
}

// remember notes URLs that are in the frontier now.
func (b *budget) remember(items []Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.known)+len(items) > maxRemembered {
		clear(b.known)
	}
	for _, it := range items {
		b.known[it.URL] = struct{}{}
		if b.offered[it.Host]--; b.offered[it.Host] <= 0 {
			delete(b.offered, it.Host)
		}
	}
}
