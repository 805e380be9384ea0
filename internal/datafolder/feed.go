package datafolder

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// feedBatch is how many findings are indexed at a time, unless fewer have feedBytes of text: large
// enough to save syncs, small enough for the memory of a crawl.
const (
	feedBatch = 200
	feedBytes = 1 << 20
)

// FeedIndex updates an index with all changes in the store, and removes the texts of deleted
// findings from its files. It returns the number of changed findings that were indexed, and the
// first error. A finding that the index refuses does not hold up the others. Changes are settled
// last, since indexing one twice does no harm.
func FeedIndex(ctx context.Context, ix index.Index, db *Store) (count int, failed error) {
	count, _, failed = tell(ctx, ctx, ix, db)
	return count, failed
}

// turnWait is how long a command waits for its turn to update an index.
const turnWait = 5 * time.Second

// settleIndex is FeedIndex for a command. It does nothing if another process is doing it.
func settleIndex(ctx context.Context, ix index.Index, db *Store) (elsewhere bool, err error) {
	waiting, cancel := context.WithTimeout(ctx, turnWait)
	defer cancel()
	_, began, err := tell(ctx, waiting, ix, db)
	if !began && waiting.Err() != nil && ctx.Err() == nil {
		return true, nil
	}
	return false, err
}

// tell updates an index. If several processes share it, only one updates it at a time. waiting
// bounds the wait for that turn.
func tell(ctx, waiting context.Context, ix index.Index, db *Store) (count int, began bool, err error) {
	if shared, ok := ix.(*sharedIndex); ok {
		return shared.tell(ctx, waiting, db)
	}
	count, err = feedFolder(ctx, ix, db)
	return count, true, err
}

// feedFolder updates an index in a folder, and then removes deleted texts from the disk.
func feedFolder(ctx context.Context, ix index.Index, db *Store) (count int, failed error) {
	told, failed := feed(ctx, ix, db, 0)
	if len(told.deleted) == 0 {
		return told.count, failed
	}
	err := purge(ctx, ix, db)
	if err == nil {
		err = db.Settle(ctx, store.ConsumerIndex, told.deleted)
	}
	return told.count, errors.Join(failed, err)
}

// fed is the result of updating an index.
type fed struct {
	count   int
	deleted []store.Pending // to be settled once their texts have been removed from the disk
	last    int64           // the Seq of the last change
}

// feed updates an index with the changes after a Seq.
func feed(ctx context.Context, ix index.Index, db *Store, after int64) (f fed, failed error) {
	f.last = after
	for {
		list, err := db.Pending(ctx, store.ConsumerIndex, f.last, feedBatch)
		if err != nil || len(list) == 0 {
			return f, errors.Join(failed, err)
		}
		f.last = list[len(list)-1].Seq
		told, err := (&telling{ix, db, f.last}).all(ctx, list)
		failed = cmp.Or(failed, err)
		var settled []store.Pending
		for _, p := range told {
			if p.Deleted {
				f.deleted = append(f.deleted, p)
			} else {
				settled = append(settled, p)
			}
		}
		if err := db.Settle(ctx, store.ConsumerIndex, settled); err != nil {
			return f, errors.Join(failed, err)
		}
		f.count += len(told)
		if len(told) == 0 && len(list) > 1 {
			return f, failed // the error does not concern a single finding
		}
	}
}

// meanwhilePause is the pause between two checks for changes while an index is purged.
const meanwhilePause = 300 * time.Millisecond

// feedMeanwhile updates an index on a cluster, and continues to do so while it is purged, which
// takes half a minute. Unlike an index in a folder, a cluster's needs no finding put again for the
// purge.
func feedMeanwhile(ctx context.Context, ix index.Index, db *Store) (count int, failed error) {
	told, failed := feed(ctx, ix, db, 0)
	if count = told.count; len(told.deleted) == 0 {
		return count, failed
	}
	purged := make(chan error, 1)
	go func() { purged <- ix.Purge(ctx, nil) }()
	for last := told.last; ; {
		select {
		case err := <-purged:
			if err == nil {
				err = db.Settle(ctx, store.ConsumerIndex, told.deleted)
			}
			return count, errors.Join(failed, err)
		case <-time.After(meanwhilePause):
			more, err := feed(ctx, ix, db, last) // what this deletes is purged next time
			last, count, failed = more.last, count+more.count, cmp.Or(failed, err)
		}
	}
}

// telling is an update of an index from the store. The records include all changes up to seq.
type telling struct {
	ix  index.Index
	db  *Store
	seq int64
}

// all puts changed findings and deletes those that no longer exist. It returns the findings that
// were indexed, and the first error.
func (t *telling) all(ctx context.Context, list []store.Pending) (told []store.Pending, failed error) {
	var missing, some []store.Pending
	var records []qianshao.FindingRecord // one batch of them
	bytes := 0
	for _, p := range list {
		found, err := t.db.FindingRecordsOf(ctx, []string{p.Finding})
		if err != nil {
			return told, err
		}
		if len(found) == 0 {
			missing = append(missing, p)
			continue
		}
		some, records = append(some, p), append(records, found...)
		if bytes += len(found[0].PageText); bytes < feedBytes {
			continue
		}
		put, err := t.put(ctx, some, records)
		told, failed = append(told, put...), cmp.Or(failed, err)
		if errors.Is(err, index.ErrUnavailable) {
			return told, failed // the other batches would have to wait as long
		}
		some, records, bytes = nil, nil, 0
	}
	put, err := t.put(ctx, some, records)
	told, failed = append(told, put...), cmp.Or(failed, err)
	if len(missing) == 0 || errors.Is(err, index.ErrUnavailable) {
		return told, failed
	}
	ids := make([]string, 0, len(missing))
	for _, p := range missing {
		ids = append(ids, p.Finding)
	}
	if err := t.ix.Delete(ctx, ids, t.seq); err != nil {
		return told, locales.Errorf("data.index_deleted", err)
	}
	return append(told, missing...), failed
}

// put puts the records of findings into the index, one by one if it does not accept them together.
func (t *telling) put(ctx context.Context, list []store.Pending, records []qianshao.FindingRecord) (put []store.Pending, failed error) {
	if failed = t.db.AddReviews(ctx, records); failed != nil {
		return nil, failed
	}
	if failed = t.ix.Put(ctx, records, t.seq); failed == nil {
		return list, nil
	}
	if len(records) == 1 || errors.Is(failed, index.ErrUnavailable) || ctx.Err() != nil {
		return nil, failed
	}
	for i := range records {
		if t.ix.Put(ctx, records[i:i+1], t.seq) == nil {
			put = append(put, list[i])
		}
	}
	if len(put) == len(list) {
		failed = nil
	}
	return put, failed
}

// purge removes the texts of deleted findings from the index's files.
func purge(ctx context.Context, ix index.Index, db *Store) error {
	records, err := db.FindingRecords(ctx, "", 1)
	if err != nil || len(records) == 0 {
		return errors.Join(err, ix.Purge(ctx, nil))
	}
	if err := db.AddReviews(ctx, records); err != nil {
		return err
	}
	return ix.Purge(ctx, &records[0])
}
