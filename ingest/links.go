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

// follow adds the links of a page that lie in scope to the frontier.
func (c *Crawler) follow(ctx context.Context, item Item, page *qianshao.Page, links []string) error {
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
		next.Depth = item.Depth + 1
		if skip == "" && next.Depth > c.MaxDepth {
			skip = qianshao.SkipDepth
		}
		if skip == "" {
			var err error
			if skip, err = c.budget.take(ctx, next); err != nil {
				return err
			}
		}
		switch skip {
		case "":
			items = append(items, next)
		case knownAlready:
		default:
			c.Observe.Skipped(skip, next.URL)
		}
	}
	return c.budget.add(ctx, items)
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

// knownAlready marks a link that this process has added before; no reason to count.
const knownAlready qianshao.Skip = "known already"

// maxRemembered bounds the URLs that a budget remembers; behind it all are
// offered to the frontier again, which knows them.
const maxRemembered = 1 << 20

// budget bounds the URLs of each host. What it remembers saves the frontier
// work and can be lost without harm.
type budget struct {
	frontier Frontier
	counter  HostCounter // nil if the frontier does not count
	perHost  int

	mu    sync.Mutex
	known map[string]struct{}
	// size is never less than the number of the host's URLs in the frontier, as
	// far as it can be known: what the counter said, and all offered since.
	size map[string]int
}

func newBudget(f Frontier, perHost int) *budget {
	counter, _ := f.(HostCounter)
	return &budget{frontier: f, counter: counter, perHost: perHost, known: map[string]struct{}{}, size: map[string]int{}}
}

// take books a place for an item; "" means that it may be added.
func (b *budget) take(ctx context.Context, item Item) (qianshao.Skip, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.known[item.URL]; ok {
		return knownAlready, nil
	}
	size, ok := b.size[item.Host]
	if b.counter != nil && (!ok || size >= b.perHost) {
		n, err := b.counter.HostCount(ctx, item.Host)
		if err != nil {
			return "", err
		}
		size = n
	}
	if size >= b.perHost {
		b.size[item.Host] = size
		return qianshao.SkipHostBudget, nil
	}
	b.size[item.Host] = size + 1
	return "", nil
}

// add puts booked items into the frontier and remembers them.
func (b *budget) add(ctx context.Context, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	if err := b.frontier.Add(ctx, items); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.known)+len(items) > maxRemembered {
		clear(b.known)
	}
	for _, it := range items {
		b.known[it.URL] = struct{}{}
	}
	return nil
}
