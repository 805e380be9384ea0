package review

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk/campaign"
)

const (
	// countTime is how long the numbers of the sidebar are reused, since every page shows them.
	countTime = 5 * time.Second
	// maxCounters bounds the number of accounts in the cache.
	maxCounters = 1000
)

func countedLists() []campaign.List {
	return []campaign.List{campaign.ListMine, campaign.ListOpen, campaign.ListReview, campaign.ListRelapsed, campaign.ListOverdue}
}

// counters caches the numbers of each account for a short time.
type counters struct {
	mu   sync.Mutex
	last map[string]counter
}

type counter struct {
	at     time.Time
	sight  string
	counts map[string]int
}

// Counts returns how many items each list has for the request's account; the numbers may be some
// seconds old. It is used as page.Options.Counts.
func (v *Review) Counts(ctx context.Context) (map[string]int, error) {
	account := auth.From(ctx)
	now, sight := v.Now(), sightKey(account.Sight)
	if c, ok := v.counters.of(account.Name, sight, now); ok {
		return c, nil
	}
	counts := map[string]int{}
	for _, list := range countedLists() {
		n, err := v.opts.Campaigns.Count(ctx, asked(ctx, list), page.MaxCounted+1)
		if err != nil {
			return counts, err
		}
		counts[string(list)] = n
	}
	v.counters.keep(account.Name, counter{now, sight, counts})
	return counts, nil
}

// Forget drops the cached numbers of the request's account, which has just changed something.
func (v *Review) Forget(ctx context.Context) {
	v.counters.mu.Lock()
	defer v.counters.mu.Unlock()
	delete(v.counters.last, auth.From(ctx).Name)
}

func (c *counters) of(account, sight string, now time.Time) (map[string]int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, ok := c.last[account]
	return last.counts, ok && now.Sub(last.at) < countTime && last.sight == sight
}

func (c *counters) keep(account string, n counter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil || len(c.last) >= maxCounters {
		c.last = map[string]counter{}
	}
	c.last[account] = n
}

// sightKey identifies a sight; ids of authorisations contain no line breaks.
func sightKey(s qianshao.Sight) string {
	if s.All {
		return "*"
	}
	return strings.Join(s.Authorisations, "\n")
}
