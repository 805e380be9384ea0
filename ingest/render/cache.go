package render

import (
	"sync"
	"time"

	"github.com/qianshao/qianshao/ingest/fetch"
)

// A site's pages share their scripts: what one page has loaded is kept here for the next ones, so
// that it is requested only once.
const (
	cacheFresh = 30 * time.Minute
	cacheBytes = 64 << 20
)

type cache struct {
	mu    sync.Mutex
	held  map[string]cached
	bytes int
}

type cached struct {
	resource fetch.Resource
	until    time.Time
}

func newCache() *cache { return &cache{held: map[string]cached{}} }

func (c *cache) get(url string) (fetch.Resource, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.held[url]
	return r.resource, ok && time.Now().Before(r.until)
}

func (c *cache) put(url string, r fetch.Resource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += len(r.Body) - len(c.held[url].resource.Body)
	c.held[url] = cached{r, time.Now().Add(cacheFresh)}
	for victim := range c.held { // any: it is fetched again when needed
		if c.bytes <= cacheBytes {
			return
		}
		c.bytes -= len(c.held[victim].resource.Body)
		delete(c.held, victim)
	}
}
