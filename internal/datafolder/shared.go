package datafolder

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/index/opensearchindex"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// sharedIndex is an index on a cluster, which may be down at any time. The index is opened on first
// use, and after a failure again after a pause. It is safe for concurrent use.
type sharedIndex struct {
	cluster opensearchindex.Options
	told    Reindexing
	lock    *flock.Flock // of the data folder; nil if its store is on a server, where several processes may update the index

	mu     sync.Mutex
	ix     *opensearchindex.Index
	failed error     // of the last attempt to open the index
	next   time.Time // when to try again
	// matched says that the index matches the store, apart from pending changes.
	matched bool
	closed  bool
}

// reopenAfter is the pause between two attempts to open an index, so that searches do not have to
// wait for a cluster that is down.
const reopenAfter = 5 * time.Second

// openShared returns the index on a cluster; call belongTo before using it. whole is for the one process
// that runs on the folder.
func (o Options) openShared(whole bool, told Reindexing) (*sharedIndex, error) {
	if err := o.Backends.Check(); err != nil {
		return nil, inputError(err)
	}
	cluster, err := o.cluster()
	if err != nil {
		return nil, err
	}
	x := &sharedIndex{cluster: cluster, told: told}
	if whole || !o.Backends.Store.Elsewhere() {
		if x.lock, err = o.lockFolder(); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// belongTo sets the store that the index belongs to, and opens the index. That the cluster is down
// or the index must be rebuilt is no error.
func (x *sharedIndex) belongTo(ctx context.Context, db *Store) (err error) {
	if x.cluster.Store, err = storeID(ctx, db); err != nil {
		return err
	}
	if _, err = x.open(ctx); errors.Is(err, index.ErrUnavailable) || mustRebuild(err) {
		return nil
	}
	return err
}

// cluster returns the options of the index on a cluster.
func (o Options) cluster() (opensearchindex.Options, error) {
	place := o.Backends.Index
	cluster, err := opensearchindex.ParseAddress(place.Address)
	if err != nil {
		return cluster, inputError(err)
	}
	cluster.Name = cmp.Or(cluster.Name, opensearchindex.DefaultName)
	cluster.PasswordFile, cluster.CA, cluster.Fold, cluster.Zone = place.SecretFile, place.CAFile, fold.Strings(), o.Zone
	return cluster, nil
}

func lockPath(data string) string { return filepath.Join(data, "process.lock") }

// errFolderInUse means that another process runs on the data folder, or is updating its index just
// now.
var errFolderInUse = locales.Errorf("data.in_use")

// lockFolder takes the lock of the process that runs on a folder with an index that has no lock.
func (o Options) lockFolder() (*flock.Flock, error) {
	if err := makeFolder(o.Data); err != nil {
		return nil, err
	}
	lock := flock.New(lockPath(o.Data), flock.SetPermissions(0o600))
	switch locked, err := lock.TryLock(); {
	case err != nil:
		return nil, locales.Errorf("data.lock", err)
	case !locked:
		return nil, locales.Errorf("data.in_use.folder", errFolderInUse, o.Data)
	}
	return lock, nil
}

// open returns the index, opening it if necessary.
func (x *sharedIndex) open(ctx context.Context) (*opensearchindex.Index, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.closed:
		return nil, errors.New("the search index is closed")
	case x.ix != nil:
		return x.ix, nil
	case time.Now().Before(x.next):
		return nil, x.failed
	}
	ix, err := opensearchindex.Open(ctx, x.cluster)
	switch {
	case err == nil:
		x.ix = ix
	case !errors.Is(ctx.Err(), context.Canceled): // a cancelled caller has learnt nothing about the cluster
		x.failed, x.next = err, time.Now().Add(reopenAfter)
	}
	return ix, err
}

// tell updates the index with changes in the store, and first rebuilds it if necessary. Only one of
// the processes that share it does so at a time, because updates during a rebuild would be lost.
// waiting bounds the wait for that turn.
func (x *sharedIndex) tell(ctx, waiting context.Context, db *Store) (count int, began bool, err error) {
	err = alone(waiting, db, func(held func() error) (err error) {
		began = true
		if err := x.match(ctx, db, held); err != nil {
			return err
		}
		count, err = feedMeanwhile(ctx, x, db)
		return err
	})
	return count, began, err
}

// match rebuilds the index if it is of another version or zone, or is empty because it was lost. An
// index that several processes update is not compared further: the rest of the store's findings are
// pending. held reports whether this process still has the turn.
func (x *sharedIndex) match(ctx context.Context, db *Store, held func() error) error {
	if x.matched { // only feeding calls this, one call at a time
		return nil
	}
	ix, err := x.open(ctx)
	if err != nil && !mustRebuild(err) {
		return err
	}
	if err == nil {
		empty, lacks, err := lacking(ctx, ix, db)
		if err != nil {
			return err
		}
		if !empty || !lacks {
			x.matched = true
			return nil
		}
	}
	_, err = x.rebuild(ctx, db, held)
	return err
}

// lacking reports whether the index is empty, and whether the store has more findings than are
// pending.
func lacking(ctx context.Context, ix index.Index, db *Store) (empty, lacks bool, err error) {
	all, err := ix.Search(ctx, index.Request{Sight: qianshao.SeeAll(), NoFacets: true})
	if err != nil {
		return false, false, err
	}
	mark, err := db.FindingMark(ctx)
	if err != nil {
		return false, false, err
	}
	untold, err := db.Backlog(ctx, store.ConsumerIndex)
	return all.Total == 0, mark.Findings > untold.Findings, err
}

// rebuild fills a new generation of the index and puts it into use. It returns the number of
// findings.
func (x *sharedIndex) rebuild(ctx context.Context, db *Store, held func() error) (count int, err error) {
	return refill(ctx, db, x.told, func(fill func(index.Index) error) error {
		ix, err := opensearchindex.Rebuild(ctx, x.cluster, func(ix *opensearchindex.Index) error {
			if err := fill(ix); err != nil {
				return err
			}
			return held() // before it is put into use
		})
		if err != nil {
			return err
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		x.matched = true
		if x.ix != nil { // it has the same name, and may be in use
			return ix.Close()
		}
		x.ix = ix
		return nil
	})
}

// Put implements index.Index.
func (x *sharedIndex) Put(ctx context.Context, findings []qianshao.FindingRecord, seq int64) error {
	ix, err := x.open(ctx)
	if err != nil {
		return err
	}
	return ix.Put(ctx, findings, seq)
}

// Delete implements index.Index.
func (x *sharedIndex) Delete(ctx context.Context, ids []string, seq int64) error {
	ix, err := x.open(ctx)
	if err != nil {
		return err
	}
	return ix.Delete(ctx, ids, seq)
}

// Purge implements index.Index.
func (x *sharedIndex) Purge(ctx context.Context, again *qianshao.FindingRecord) error {
	ix, err := x.open(ctx)
	if err != nil {
		return err
	}
	return ix.Purge(ctx, again)
}

// Search implements index.Index.
func (x *sharedIndex) Search(ctx context.Context, req index.Request) (index.Results, error) {
	ix, err := x.open(ctx)
	if err != nil {
		return index.Results{}, err
	}
	return ix.Search(ctx, req)
}

// IDs implements index.Index.
func (x *sharedIndex) IDs(ctx context.Context, yield func(id string) bool) error {
	ix, err := x.open(ctx)
	if err != nil {
		return err
	}
	return ix.IDs(ctx, yield)
}

// Close implements index.Index.
func (x *sharedIndex) Close() (err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	if x.ix != nil {
		err = x.ix.Close()
	}
	if x.lock != nil {
		err = errors.Join(err, x.lock.Unlock())
	}
	return err
}

// reindexShared rebuilds the index on a cluster, while others search the previous one.
func (o Options) reindexShared(ctx context.Context, db *Store, told Reindexing) (count int, err error) {
	x, err := o.openShared(false, told)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	if err := x.belongTo(ctx, db); err != nil {
		return 0, err
	}
	err = alone(ctx, db, func(held func() error) (err error) {
		count, err = x.rebuild(ctx, db, held)
		return err
	})
	return count, err
}

// reachIndex checks that an index on a cluster can be reached and belongs to no other store, before
// work is done that would otherwise be in vain.
func (o Options) reachIndex(ctx context.Context, id string) error {
	if !o.Backends.Index.Elsewhere() {
		return nil
	}
	cluster, err := o.cluster()
	if err != nil {
		return err
	}
	cluster.Store = id
	return opensearchindex.Check(ctx, cluster)
}
