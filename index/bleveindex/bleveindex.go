// Package bleveindex is the search index on bleve's scorch, in one folder on the disk. Apart from what hits
// show it contains no text, and Rebuild recreates it from the store.
package bleveindex

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	bleveapi "github.com/blevesearch/bleve_index_api"
	"github.com/gofrs/flock"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// Sentinels to test for with errors.Is. The messages name the remedy.
var (
	// ErrLocked: another process, or another Index of this one, has the folder open.
	ErrLocked = locales.Errorf("index.locked")
	// ErrCorrupt: the index's files are damaged.
	ErrCorrupt = locales.Errorf("index.damaged")
)

// remedy is what the user does about index.ErrRebuild and ErrCorrupt; no finding is
// lost, because the index is derived from the store.
var remedy = locales.M("index.reindex")

// damaged returns ErrCorrupt with its cause and remedy.
func damaged(cause any) error { return locales.Errorf("index.damaged.by", ErrCorrupt, cause, remedy) }

func opening(path string) locales.Message { return locales.M("index.opening", path) }

// lockTimeout is how long Open waits for another process to release the
// index: long enough for one that is just ending.
const (
	lockTimeout = time.Second
	lockPoll    = 10 * time.Millisecond
)

// Options of an index.
type Options struct {
	// Fold normalises text, for indexing and for queries, one line at a time: case, width, traditional to
	// simplified, and so on. It must be a pure function, safe for concurrent use. Nil folds only case.
	Fold func(string) string
	// Zone is the zone in which days begin and end; nil is index.DefaultZone.
	Zone *time.Location
}

func (o Options) zone() *time.Location {
	if o.Zone == nil {
		return index.DefaultZone()
	}
	return o.Zone
}

// Index is an open index. It is safe for concurrent use.
type Index struct {
	fold  func(string) string
	zone  *time.Location
	bleve bleve.Index
	raw   bleveapi.Index // the same index, for methods that bleve's own interface lacks
	path  string
	lock  *flock.Flock

	columns    columnCache
	writing    chan struct{} // holds a token for each batch being written
	rebuilt    *rebuild      // nil unless the index is being rebuilt
	purging    sync.Mutex    // held while all segments are merged
	generation uint64        // of the last batch; guarded by writing
	errorsSeen atomic.Uint64

	close    sync.Once
	closeErr error
}

var _ index.Index = (*Index)(nil)

// Open opens the index in the folder path, and creates an empty one if there is none. The error may wrap
// ErrLocked, index.ErrRebuild or ErrCorrupt.
func Open(path string, opts Options) (*Index, error) {
	lock, err := acquire(path)
	if err != nil {
		return nil, err
	}
	x, err := openLocked(path, opts)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	x.lock = lock
	return x, nil
}

func openLocked(path string, opts Options) (*Index, error) {
	want := signature(opts)
	have, err := os.ReadFile(filepath.Join(path, versionFile))
	switch {
	case errors.Is(err, os.ErrNotExist):
		// The version is written last, so the index is still empty.
		x, err := create(path, opts, engineConfig())
		if err != nil {
			return nil, err
		}
		if err := writeVersion(path, want); err != nil {
			return nil, errors.Join(err, x.bleve.Close())
		}
		return x, nil
	case err != nil:
		return nil, locales.Errorf("because", opening(path), err)
	case string(have) != want:
		return nil, locales.Errorf("because", opening(path), locales.Errorf("index.another_version", index.ErrRebuild, remedy))
	}
	return openEngine(path, opts)
}

// openEngine opens bleve's index, regardless of the version file.
func openEngine(path string, opts Options) (*Index, error) {
	var b bleve.Index
	err := guard(opening(path), func() (err error) {
		b, err = bleve.OpenUsing(filepath.Join(path, bleveDir), engineConfig())
		return err
	})
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return nil, locales.Errorf("because", opening(path), ErrLocked)
	case err != nil && !errors.Is(err, ErrCorrupt):
		return nil, locales.Errorf("because", opening(path), damaged(err))
	case err != nil:
		return nil, err
	}
	x, err := newIndex(path, b, opts)
	if err != nil {
		return nil, err
	}
	if err := guard(opening(path), x.checkGeneration); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return x, nil
}

// Rebuild empties the index in the folder path, whatever its state, has fill fill it, and returns it. fill
// gets a different Index: its Put does not wait for the disk, and several goroutines may call it to use all
// cores. Everything is durable once Rebuild returns. After an interrupted rebuild, Open refuses the index
// with index.ErrRebuild.
func Rebuild(path string, opts Options, fill func(*Index) error) (*Index, error) {
	lock, err := acquire(path)
	if err != nil {
		return nil, err
	}
	x, err := rebuildLocked(path, opts, fill)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	x.lock = lock
	return x, nil
}

func rebuildLocked(path string, opts Options, fill func(*Index) error) (*Index, error) {
	if err := writeVersion(path, unfinished); err != nil {
		return nil, err
	}
	x, err := fillAnew(path, opts, fill)
	if err != nil {
		return nil, err
	}
	if err := writeVersion(path, signature(opts)); err != nil {
		return nil, errors.Join(err, x.bleve.Close())
	}
	return x, nil
}

// engineConfig are scorch's settings. A crawl writes a page at a time, each as a segment. By default scorch
// treats up to 2,000 documents as the size of one segment and merges all of them at every write, which cost
// a fifth of a crawl's time; with their real sizes, each document is merged once per power of ten.
func engineConfig() map[string]any {
	return map[string]any{
		"bolt_timeout":           lockTimeout.String(),
		"unsafe_batch":           false, // Batch returns when its segment is on the disk
		"scorchMergePlanOptions": map[string]any{"FloorSegmentSize": 1},
	}
}

// create creates an empty bleve index, replacing whatever is there.
func create(path string, opts Options, config map[string]any) (*Index, error) {
	dir := filepath.Join(path, bleveDir)
	if err := errors.Join(os.RemoveAll(dir), os.RemoveAll(filepath.Join(path, generationFile))); err != nil {
		return nil, locales.Errorf("because", locales.M("index.creating", path), err)
	}
	b, err := bleve.NewUsing(dir, bleve.NewIndexMapping(), scorch.Name, scorch.Name, config)
	if err != nil {
		return nil, locales.Errorf("because", locales.M("index.creating", path), err)
	}
	return newIndex(path, b, opts)
}

func newIndex(path string, b bleve.Index, opts Options) (*Index, error) {
	raw, err := b.Advanced()
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return &Index{fold: opts.Fold, zone: opts.zone(), bleve: b, raw: raw, path: path, writing: make(chan struct{}, 1)}, nil
}

// acquire locks the folder, and creates it if necessary. The lock is on a file of its own with no content,
// since scorch's own file may be damaged. It ends with the process.
func acquire(path string) (*flock.Flock, error) {
	if err := os.MkdirAll(path, 0o700); errors.Is(err, syscall.ENOTDIR) {
		return nil, locales.Errorf("index.not_folder", path)
	} else if err != nil {
		return nil, locales.Errorf("because", locales.M("index.creating", path), err)
	}
	lock := flock.New(filepath.Join(path, lockFile), flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	_, err := lock.TryLockContext(ctx, lockPoll)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, locales.Errorf("because", opening(path), locales.Errorf("index.locked.stop", ErrLocked))
	case err != nil:
		return nil, locales.Errorf("index.lock_file", lock.Path(), err)
	}
	return lock, nil
}

// IsOpen says whether a process has the index open.
func IsOpen(path string) (bool, error) {
	lock := flock.New(filepath.Join(path, lockFile), flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock() // a process that opens the index at this moment will retry
	switch {
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	case err != nil:
		return false, locales.Errorf("because", opening(path), err)
	}
	return !free, lock.Close()
}

// Close closes the index. It may be called more than once.
func (x *Index) Close() error {
	x.close.Do(func() {
		x.closeErr = guard(locales.M("index.closing"), x.bleve.Close)
		if x.lock != nil {
			x.closeErr = errors.Join(x.closeErr, x.lock.Close())
		}
	})
	return x.closeErr
}

// guard turns a panic into ErrCorrupt: scorch panics over damaged files, and so does reading
// beyond the end of a truncated file that is mapped into memory.
func guard(op locales.Message, f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = locales.Errorf("because", op, damaged(fmt.Sprint(r)))
		}
	}()
	return f()
}

// Bounds of one batch, so that its memory does not grow with the input of Put.
const (
	batchRecords = 500
	batchBytes   = 1 << 19 // of text; its tokens take about 50 times that
)

// Put adds or replaces records; when it returns, they are on the disk. seq is not needed, as only one
// process has the index open, and it writes in order.
func (x *Index) Put(ctx context.Context, records []qianshao.FindingRecord, _ int64) error {
	for len(records) > 0 {
		n, bytes := 0, 0
		for n < len(records) && n < batchRecords && (n == 0 || bytes+len(records[n].PageText) <= batchBytes) {
			bytes += len(records[n].PageText)
			n++
		}
		if err := x.putBatch(ctx, records[:n]); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

func (x *Index) putBatch(ctx context.Context, records []qianshao.FindingRecord) error {
	batch := x.bleve.NewBatch()
	var failed atomic.Bool
	for i := range records {
		doc, err := x.document(&records[i], &failed)
		if err == nil {
			err = batch.IndexAdvanced(doc)
		}
		if err != nil {
			return fmt.Errorf("indexing finding %q: %w", records[i].Finding.ID, err)
		}
	}
	if err := x.apply(ctx, batch); err != nil {
		return err
	}
	if failed.Load() {
		return fmt.Errorf("indexing %d findings from %q on: Options.Fold panicked over the text of one", len(records), records[0].Finding.ID)
	}
	return nil
}

// Delete removes records. Their text may stay on the disk; see Purge.
func (x *Index) Delete(ctx context.Context, ids []string, _ int64) error {
	batch := x.bleve.NewBatch()
	for _, id := range ids {
		batch.Delete(id)
	}
	return x.apply(ctx, batch)
}

// errorPoll is how often a waiting write checks whether scorch's writer has died.
const errorPoll = time.Second

// apply writes a batch; batches are written one at a time.
func (x *Index) apply(ctx context.Context, batch *bleve.Batch) error {
	if batch.Size() == 0 {
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case x.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	return x.await(ctx, func() error {
		defer func() { <-x.writing }()
		return guard(locales.M("index.writing"), func() error { return x.write(batch) })
	})
}

// await waits until write has finished. Scorch's writer runs in the background; if it panics over damaged
// files, write would wait for ever.
func (x *Index) await(ctx context.Context, write func() error) error {
	done := make(chan error, 1)
	go func() { done <- write() }()
	poll := time.NewTicker(errorPoll)
	defer poll.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return locales.Errorf("because", locales.M("index.writing"), err)
			}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
			if n := x.asyncErrors(); n > x.errorsSeen.Swap(n) {
				return locales.Errorf("because", locales.M("index.writing"), damaged(locales.M("index.damaged.writer")))
			}
		}
	}
}

// asyncErrors counts the failures of scorch's background work.
func (x *Index) asyncErrors() uint64 {
	s, ok := x.raw.(*scorch.Scorch)
	if !ok {
		return 0
	}
	n, _ := s.StatsMap()["TotOnErrors"].(uint64)
	return n
}

// IDs calls yield with every id, in ascending order.
func (x *Index) IDs(ctx context.Context, yield func(string) bool) error {
	var ids []string
	err := guard(locales.M("index.reading"), func() (err error) {
		ids, err = x.ids(ctx)
		return err
	})
	if err != nil {
		return locales.Errorf("because", locales.M("index.reading"), err)
	}
	for _, id := range ids {
		if !yield(id) {
			break
		}
	}
	return nil
}
