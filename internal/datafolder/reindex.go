package datafolder

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// Reindexing is called with the progress of building an index: at the beginning, when done is 0,
// and after each batch.
type Reindexing func(done, total int)

// reindexBatch is how many findings are read and written at a time: large enough to save syncs,
// small enough to need only a few megabytes of page text.
const reindexBatch = 200

// Reindex rebuilds everything that a data folder derives from its store: the standings of the desk
// from its acts, the campaigns, and the index. It returns the number of findings. If it is
// interrupted, opening the index reports that, and Reindex can be called again. told may be nil.
func Reindex(ctx context.Context, opts Options, told Reindexing) (count int, err error) {
	if err := opts.NeedStore(); err != nil {
		return 0, err
	}
	db, err := opts.openStore(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := fillSeen(ctx, db, slog.New(slog.DiscardHandler)); err != nil {
		return 0, err
	}
	review := openReview(db)
	if _, err := review.RebuildStandings(ctx); err != nil {
		return 0, err
	}
	if err := regroup(ctx, review); err != nil {
		return 0, err
	}
	if count, err = opts.reindex(ctx, db, told); err != nil {
		return count, err
	}
	return count, opts.movePlace(ctx, db, store.PartIndex)
}

// reindex rebuilds the index, wherever it is.
func (o Options) reindex(ctx context.Context, db *Store, told Reindexing) (count int, err error) {
	if o.Backends.Index.Elsewhere() {
		return o.reindexShared(ctx, db, told)
	}
	ix, count, err := o.buildIndex(ctx, db, told)
	if err != nil {
		return count, err
	}
	return count, ix.Close()
}

// buildIndex rebuilds the index of a data folder, whatever its state, and returns it open.
func (o Options) buildIndex(ctx context.Context, db *Store, told Reindexing) (ix index.Index, count int, err error) {
	count, err = refill(ctx, db, told, func(fill func(index.Index) error) (err error) {
		ix, err = o.rebuildIndex(fill)
		return err
	})
	if err != nil && ix != nil {
		return nil, count, errors.Join(err, ix.Close())
	}
	return ix, count, err
}

// refill calls build to rebuild an index, and fills it with everything in the store. It returns the
// number of findings.
func refill(ctx context.Context, db *Store, told Reindexing, build func(fill func(index.Index) error) error) (count int, err error) {
	mark, err := db.FindingMark(ctx)
	if err != nil {
		return 0, err
	}
	// Changes up to this point are in the store's records, so the index need not be updated with
	// them again.
	pending, err := db.Pending(ctx, store.ConsumerIndex, 0, math.MaxInt)
	if err != nil {
		return 0, err
	}
	if told == nil {
		told = func(int, int) {}
	}
	told(0, mark.Findings)
	err = build(func(ix index.Index) (err error) {
		count, err = copyFindings(ctx, ix, db, func(done int) { told(done, max(done, mark.Findings)) })
		return err
	})
	if err == nil {
		err = db.Settle(ctx, store.ConsumerIndex, pending)
	}
	return count, err
}

// copyFindings copies every finding from the store into the index, on all cores. told is called by
// only one goroutine at a time.
func copyFindings(ctx context.Context, ix index.Index, db *Store, told func(done int)) (count int, err error) {
	ranges, err := db.FindingRanges(ctx, reindexBatch)
	if err != nil {
		return 0, err
	}
	group, putting := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	var counting sync.Mutex
	for _, r := range ranges {
		group.Go(func() error {
			records, err := db.FindingRecordsIn(putting, r)
			if err != nil {
				return err
			}
			if err := db.AddReviews(putting, records); err != nil {
				return err
			}
			if err := ix.Put(putting, records, 0); err != nil {
				return err
			}
			counting.Lock()
			defer counting.Unlock()
			count += len(records)
			told(count)
			return nil
		})
	}
	if err = group.Wait(); err == nil {
		err = ctx.Err()
	}
	return count, err
}

// matchIndex makes the index of a data folder match the store: a process may have died before it
// indexed its last findings, and a folder may have been restored from a backup, deleted or damaged.
// The index is updated or, if that is not enough, rebuilt. ix is the open index, or nil if it could
// not be read. It is closed if another one is returned. An index on a cluster is only opened:
// FeedIndex makes it match.
func (o Options) matchIndex(ctx context.Context, ix index.Index, db *Store, told Reindexing) (index.Index, error) {
	if shared, ok := ix.(*sharedIndex); ok {
		return ix, shared.belongTo(ctx, db)
	}
	if ix != nil {
		same, err := catchUp(ctx, ix, db)
		if same {
			return ix, nil
		}
		if err = errors.Join(err, ix.Close()); err != nil && !mustRebuild(err) {
			return nil, err
		}
	}
	ix, _, err := o.buildIndex(ctx, db, told)
	return ix, err
}

// catchUp updates the index with pending changes, and reports whether it then matches the store.
func catchUp(ctx context.Context, ix index.Index, db *Store) (same bool, err error) {
	if _, err := FeedIndex(ctx, ix, db); err != nil {
		return false, err
	}
	want, err := db.FindingMark(ctx)
	if err != nil {
		return false, err
	}
	have, err := markOf(ctx, ix)
	return err == nil && have.Equal(want), err
}

// markOf returns the mark of the index's findings.
func markOf(ctx context.Context, ix index.Index) (mark store.FindingMark, err error) {
	all, err := ix.Search(ctx, index.Request{Sight: qianshao.SeeAll(), Limit: 1, Sort: index.SortSeen, NoFacets: true})
	if err != nil || len(all.Hits) == 0 {
		return mark, err
	}
	isOpen := index.Field{Name: index.FieldState, Value: index.Text(qianshao.StateOpen)}
	open, err := ix.Search(ctx, index.Request{Sight: qianshao.SeeAll(), Query: isOpen, NoFacets: true})
	return store.FindingMark{Findings: all.Total, Newest: all.Hits[0].LastSeen, Open: open.Total}, err
}
