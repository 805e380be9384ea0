package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

const (
	// feedPause is how long the feeder waits for more changes before it tells the index
	// of the first: a batch costs the index little more than a finding. A finding is
	// to be found within a second.
	feedPause = 300 * time.Millisecond
	// feedInterval is how often it looks for changes that it was not woken for: those
	// that commands make beside this process, and those that the index refused.
	feedInterval = 10 * time.Second
	// feedBatch findings are told at a time, or as many as have feedBytes of text: large
	// enough to spare syncs, small enough for a crawl's memory.
	feedBatch = 200
	feedBytes = 1 << 20
	// lastFeed is how long the end of the process waits for the index. What it was not
	// told then, it is told when it is next opened.
	lastFeed = 10 * time.Second
)

// feeder tells the index of what changes in the store, so that a crawl need not wait
// for the index, and goes on where it fails.
type feeder struct {
	index   index.Index
	store   *Store
	metrics *metrics.Metrics
	log     *slog.Logger
	changed chan struct{}
}

func newFeeder(ix index.Index, db *Store, m *metrics.Metrics, log *slog.Logger) *feeder {
	return &feeder{index: ix, store: db, metrics: m, log: log, changed: make(chan struct{}, 1)}
}

// wake tells the feeder that findings have changed.
func (f *feeder) wake() {
	select {
	case f.changed <- struct{}{}:
	default: // it was told already
	}
}

// run feeds the index until ctx ends.
func (f *feeder) run(ctx context.Context) {
	tick := time.NewTicker(feedInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-f.changed:
			select {
			case <-ctx.Done():
				return
			case <-time.After(feedPause):
			}
		}
		f.feed(ctx)
	}
}

// feed tells the index of all that has changed.
func (f *feeder) feed(ctx context.Context) {
	started := time.Now()
	told, err := feedIndex(ctx, f.index, f.store)
	if told > 0 {
		f.metrics.Indexed(time.Since(started))
	}
	if err != nil && ctx.Err() == nil {
		f.metrics.Failed(metrics.StageIndex)
		f.log.Error("changed findings are not in the search index yet; nothing is lost, and it is tried again", "error", err)
	}
}

// finish feeds the index for the last time, within bounds.
func (f *feeder) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), lastFeed)
	defer cancel()
	f.feed(ctx)
}

// feedIndex tells an index of all that has changed in the store, and removes from its
// files what deleted findings said. It returns the number of changed findings that the
// index was told. What it was told is noted last: told twice is told once.
func feedIndex(ctx context.Context, ix index.Index, db *Store) (told int, err error) {
	var deleted []store.Pending // settled once their texts are off the disk
	for after := int64(0); ; {
		list, err := db.Pending(ctx, store.ConsumerIndex, after, feedBatch)
		if err != nil {
			return told, err
		}
		if len(list) == 0 {
			break
		}
		if err := putChanged(ctx, ix, db, list); err != nil {
			return told, err
		}
		var settled []store.Pending
		for _, p := range list {
			if p.Deleted {
				deleted = append(deleted, p)
			} else {
				settled = append(settled, p)
			}
		}
		if err := db.Settle(ctx, store.ConsumerIndex, settled); err != nil {
			return told, err
		}
		told += len(list)
		after = list[len(list)-1].Seq
	}
	if len(deleted) == 0 {
		return told, nil
	}
	if err := purge(ctx, ix, db); err != nil {
		return told, err
	}
	return told, db.Settle(ctx, store.ConsumerIndex, deleted)
}

// putChanged tells an index what findings are now, and which are no more.
func putChanged(ctx context.Context, ix index.Index, db *Store, list []store.Pending) error {
	var missing []string
	var records []qianshao.FindingRecord
	bytes := 0
	for _, p := range list {
		found, err := db.FindingRecordsOf(ctx, []string{p.Finding})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			missing = append(missing, p.Finding)
			continue
		}
		records = append(records, found...)
		if bytes += len(found[0].PageText); bytes < feedBytes {
			continue
		}
		if err := ix.Put(ctx, records); err != nil {
			return err
		}
		records, bytes = records[:0], 0
	}
	if err := ix.Put(ctx, records); err != nil {
		return err
	}
	if len(missing) == 0 {
		return nil
	}
	if err := ix.Delete(ctx, missing); err != nil {
		return fmt.Errorf("take deleted findings out of the search index: %w", err)
	}
	return nil
}

// purge removes from the index's files what deleted findings said.
func purge(ctx context.Context, ix index.Index, db *Store) error {
	records, err := db.FindingRecords(ctx, "", 1)
	if err != nil || len(records) == 0 {
		return errors.Join(err, ix.Purge(ctx, nil))
	}
	return ix.Purge(ctx, &records[0])
}
