package bleveindex

import (
	"context"
	"path/filepath"
	"time"

	"github.com/blevesearch/bleve/v2/index/scorch"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Scorch removes files of obsolete segments in the background, after the write that follows the one which
// made them obsolete. Purge writes and waits for that, so that a process may end right after it; files that
// a reader still uses are removed after a later write.
const (
	purgeWait = 5 * time.Second
	purgePoll = 50 * time.Millisecond
)

// purgeKey is the key that Purge writes.
const purgeKey = "qianshao_purge"

// Purge merges all segments into one: scorch only marks a record as deleted, and its text stays in the
// segment's file until that is merged with others. A single segment is not merged; therefore a record is
// put again.
func (x *Index) Purge(ctx context.Context, again *qianshao.FindingRecord) error {
	x.purging.Lock()
	defer x.purging.Unlock()
	if again != nil {
		if err := x.Put(ctx, []qianshao.FindingRecord{*again}, 0); err != nil {
			return err
		}
	}
	s, ok := x.raw.(*scorch.Scorch)
	if !ok {
		return nil
	}
	err := guard(locales.M("index.purging"), func() error { return s.ForceMerge(ctx, nil) })
	if err != nil {
		return locales.Errorf("because", locales.M("index.purging"), err)
	}
	limited, cancel := context.WithTimeout(ctx, purgeWait)
	defer cancel()
	for {
		files, err := filepath.Glob(filepath.Join(x.path, bleveDir, "store", "*.zap"))
		if err != nil {
			return err
		}
		segments, err := x.segments()
		if err != nil || len(files) <= segments {
			return err
		}
		batch := x.bleve.NewBatch()
		batch.SetInternal([]byte(purgeKey), nil)
		if err := x.apply(ctx, batch); err != nil {
			return err
		}
		select {
		case <-limited.Done():
			return ctx.Err()
		case <-time.After(purgePoll):
		}
	}
}

// segments counts the segments of the index as it is now.
func (x *Index) segments() (n int, err error) {
	reader, err := x.raw.Reader()
	if err != nil {
		return 0, err
	}
	defer reader.Close()
	if snapshot, ok := reader.(*scorch.IndexSnapshot); ok {
		n = len(snapshot.Segments())
	}
	return n, nil
}
