package ingest

import (
	"context"
	"strings"
	"sync"

	"github.com/qianshao/qianshao"
)

// maxRemembered bounds the URLs that a budget remembers. Beyond that, URLs are
// offered to the frontier again, which knows them.
const maxRemembered = 1 << 20

// budget bounds the URLs of each host, and of each path with queries. What it
// remembers only saves the frontier work, and can be lost without harm.
type budget struct {
	frontier Frontier
	perHost  int
	perPath  int

	mu    sync.Mutex
	known map[string]struct{}
	hosts counter
	paths counter
}

// counter counts what the frontier holds under each key.
type counter struct {
	// size is the frontier's count for a key, plus all URLs offered since. A URL that was already
	// known is counted twice, so when the bound is reached the frontier is asked again.
	size map[string]int
	// offered counts the URLs of a key on their way into the frontier.
	offered map[string]int
}

func newBudget(f Frontier, perHost, perPath int) *budget {
	count := func() counter { return counter{map[string]int{}, map[string]int{}} }
	return &budget{frontier: f, perHost: perHost, perPath: perPath, known: map[string]struct{}{}, hosts: count(), paths: count()}
}

// remembers says that this process has added the URL before.
func (b *budget) remembers(url string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.known[url]
	return ok
}

// take reserves a place for one more URL, or says which bound is reached.
func (b *budget) take(ctx context.Context, item *Item) (qianshao.Skip, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	page, _, hasQuery := strings.Cut(item.URL, "?")
	if hasQuery {
		fits, err := b.paths.fits(ctx, page, b.perPath, b.frontier.QueryCount)
		if err != nil || !fits {
			return qianshao.SkipQueryVariants, err
		}
	}
	fits, err := b.hosts.fits(ctx, item.Host, b.perHost, b.frontier.HostCount)
	if err != nil || !fits {
		return qianshao.SkipHostBudget, err
	}
	b.hosts.add(item.Host)
	if hasQuery {
		b.paths.add(page)
	}
	return "", nil
}

// fits says whether there is room under key for one more. ask returns the frontier's count.
func (c *counter) fits(ctx context.Context, key string, bound int, ask func(context.Context, string) (int, error)) (bool, error) {
	size, ok := c.size[key]
	if !ok || size >= bound {
		var err error
		if size, err = ask(ctx, key); err != nil {
			return false, err
		}
		size += c.offered[key]
		if len(c.size) >= maxRemembered {
			clear(c.size)
		}
		c.size[key] = size
	}
	return size < bound, nil
}

func (c *counter) add(key string) {
	c.size[key]++
	c.offered[key]++
}

func (c *counter) arrived(key string) {
	if c.offered[key]--; c.offered[key] <= 0 {
		delete(c.offered, key)
	}
}

// forget lets a URL that has left the frontier be added again.
func (b *budget) forget(url string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.known, url)
}

// remember notes URLs that are in the frontier now.
func (b *budget) remember(items []Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.known)+len(items) > maxRemembered {
		clear(b.known)
	}
	for i := range items {
		b.known[items[i].URL] = struct{}{}
		b.arrived(&items[i])
	}
}

// withdraw notes that URLs on their way into the frontier did not get there.
func (b *budget) withdraw(items []Item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range items {
		b.arrived(&items[i])
	}
}

func (b *budget) arrived(item *Item) {
	b.hosts.arrived(item.Host)
	if page, _, hasQuery := strings.Cut(item.URL, "?"); hasQuery {
		b.paths.arrived(page)
	}
}
