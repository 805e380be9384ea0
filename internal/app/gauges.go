package app

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

// rested keeps the result of an expensive reading, or its error, for restFactor times as long as
// the reading took: so readings take only a small share of the time, however often they are
// requested. The quicker of the last two readings counts. Otherwise the dashboards would stand
// still for eight minutes after one reading that hung for ten seconds, on a disk or a busy machine.
type rested[T any] struct {
	now  func() time.Time
	read func(ctx context.Context) (T, error)

	mu    sync.Mutex
	value T
	err   error
	took  time.Duration // how long the last reading took
	until time.Time
}

// restFactor limits the readings to a fiftieth of one core. With 100,000 findings the results are
// at most six seconds old, and Prometheus asks less often than that.
const restFactor = 50

// firstRest is the longest rest after the first reading, which reads from a cold disk and has no
// other reading to compare with.
const firstRest = time.Minute

// get returns the last result, or reads again if it is too old.
func (r *rested[T]) get(ctx context.Context) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if started := r.now(); !started.Before(r.until) {
		r.value, r.err = r.read(ctx)
		ended := r.now()
		before := cmp.Or(r.took, firstRest/restFactor)
		r.took = ended.Sub(started)
		r.until = ended.Add(restFactor * min(before, r.took))
	}
	return r.value, r.err
}

// decisionsAtATime is how many acts of the trail one reading counts. The rest is left to the next
// one.
const decisionsAtATime = 20_000

// gauges reads the metrics of the store, and counts people's decisions since the start.
type gauges struct {
	store   *datafolder.Store
	metrics *metrics.Metrics
	counted int64 // the last act that was read
}

// watchGauges registers the metrics that are read when they are scraped.
func (a *App) watchGauges(ctx context.Context) error {
	g := &gauges{store: a.Folder.Store, metrics: a.metrics}
	var err error
	if g.counted, err = g.store.TrailEnd(ctx); err != nil {
		return err
	}
	counts := &rested[store.Gauges]{now: a.opts.Now, read: g.read}
	a.metrics.WatchStore(a.started, counts.get)
	sizes := &rested[metrics.Folder]{now: a.opts.Now, read: func(ctx context.Context) (metrics.Folder, error) { return datafolder.Sizes(ctx, a.opts.Data) }}
	a.metrics.WatchFolder(sizes.get)
	return nil
}

// read counts what is in the store, and what people have decided since the last reading.
func (g *gauges) read(ctx context.Context) (store.Gauges, error) {
	counts, err := g.store.Gauges(ctx, time.Now())
	if err != nil {
		return store.Gauges{}, err
	}
	end, err := g.store.TrailEnd(ctx)
	if err != nil {
		return store.Gauges{}, err
	}
	end = min(end, g.counted+decisionsAtATime)
	list, err := g.store.Decisions(ctx, g.counted, end)
	if err != nil {
		return store.Gauges{}, err
	}
	for i := range list {
		g.metrics.Decided(&list[i])
	}
	g.counted = end
	return counts, nil
}
