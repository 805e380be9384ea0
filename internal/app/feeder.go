package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/datafolder"
)

const (
	// feedPause is how long the feeder waits for more changes before it updates the index: a batch
	// costs the index little more than a single finding. Findings must be searchable within a
	// second.
	feedPause = 300 * time.Millisecond
	// feedInterval is how often the feeder looks for changes without being woken: those made by
	// commands beside this process, and those that the index has refused.
	feedInterval = 10 * time.Second
	// lastFeed is how long a process that ends waits for the index. Changes that are left are
	// indexed when the index is next opened.
	lastFeed = 10 * time.Second
)

// feeder updates the index when the store changes, so that a crawl neither waits for the index nor
// stops when it fails.
type feeder struct {
	index   index.Index
	store   *datafolder.Store
	metrics *metrics.Metrics
	log     *slog.Logger
	// fed is called when the index has been updated.
	fed func()
	signal

	// feeding is held while the index is updated. If there were two updates at a time, the one with
	// the older state of a finding could come last, and restore what was deleted.
	feeding sync.Mutex
}

func newFeeder(ix index.Index, db *datafolder.Store, m *metrics.Metrics, fed func(), log *slog.Logger) *feeder {
	return &feeder{index: ix, store: db, metrics: m, fed: fed, log: log, signal: make(signal, 1)}
}

// run feeds the index until ctx ends.
func (f *feeder) run(ctx context.Context) {
	tick := time.NewTicker(feedInterval)
	defer tick.Stop()
	f.wake() // an index on a cluster is brought up to date here
	var pause time.Duration
	for f.wait(ctx, tick.C, feedPause) {
		pause = desk.Rest(ctx, f.feed(ctx), pause)
	}
}

// feed updates the index with all changes. failed says that none of them could be indexed.
func (f *feeder) feed(ctx context.Context) (failed bool) {
	f.feeding.Lock()
	defer f.feeding.Unlock()
	started := time.Now()
	told, err := datafolder.FeedIndex(ctx, f.index, f.store)
	if told > 0 {
		f.metrics.Indexed(time.Since(started))
		f.fed()
	}
	if err != nil && ctx.Err() == nil {
		f.metrics.Failed(metrics.StageIndex)
		f.log.Error("the search index is behind the store; nothing is lost, trying again", "error", err)
	}
	return err != nil && told == 0
}

// finish updates the index for the last time, within lastFeed.
func (f *feeder) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), lastFeed)
	defer cancel()
	f.feed(ctx)
}
