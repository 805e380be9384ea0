package ingest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// leaseTime is how long a host stays leased to a crawler that has died. A visit may take
	// longer, since a live crawler's beat extends its lease.
	leaseTime = 2 * time.Minute
	// beatInterval is short enough that three beats can fail before a lease ends.
	beatInterval = 30 * time.Second
)

// clock tells the time that the frontier's times refer to: the time of its database, which all
// crawlers share, or this machine's time if the database has no clock of its own.
type clock struct {
	own func() time.Time

	mu   sync.Mutex
	at   time.Time     // by the database's clock; zero if it has none
	read time.Time     // when its answer arrived, by this machine's monotonic clock, which cannot be set
	took time.Duration // from question to answer
}

// now is never ahead of the database's clock, at whatever moment between question and answer it was
// read: an item leased at this time is due.
func (c *clock) now() time.Time {
	now, _ := c.times()
	return now
}

// latest is never behind the database's clock: a host that rests until this time has rested long enough.
func (c *clock) latest() time.Time {
	_, latest := c.times()
	return latest
}

// times returns both as of the same answer.
func (c *clock) times() (now, latest time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		now = c.own()
	} else {
		now = c.at.Add(time.Since(c.read))
	}
	return now, now.Add(c.took)
}

// set reads the database's clock.
func (c *clock) set(ctx context.Context, f Frontier) error {
	began := time.Now()
	at, err := f.Clock(ctx)
	if err != nil || at.IsZero() {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.read, c.took = at, time.Now(), time.Since(began)
	return nil
}

// now is the time by which the crawler decides everything.
func (c *Crawler) now() time.Time { return c.clock.now() }

// held are the hosts that a run has leased: those of visits that are under way, or finished
// and not yet recorded.
type held struct {
	mu   sync.Mutex
	urls map[string]string // by host: the URL of the item for which it is leased
}

func (h *held) add(it Item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.urls[it.Host] = it.URL
}

// drop forgets the lease of an item, unless it has expired and the host has since been leased for another
// item.
func (h *held) drop(it Item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.urls[it.Host] == it.URL {
		delete(h.urls, it.Host)
	}
}

func (h *held) list() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.urls))
}

// beat extends the run's leases until ctx ends. A lease that the crawler does not know it
// has, because the answer to its call was lost, simply expires.
func (r *run) beat(ctx context.Context) {
	c := r.crawler
	ticker := time.NewTicker(beatInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := c.clock.set(ctx, c.Frontier)
		if hosts := r.held.list(); err == nil && len(hosts) > 0 {
			err = c.Frontier.Extend(ctx, c.Holder, hosts, c.now(), leaseTime)
		}
		if err != nil && ctx.Err() == nil {
			c.Log.Error("leases were not extended; trying again at the next heartbeat", "in", beatInterval, "error", err)
		}
	}
}
