package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/index/bleveindex"
	"github.com/qianshao/qianshao/index/store"
)

// reindexBatch entries are read and written at a time: large enough to
// spare syncs, small enough to stay within a few megabytes of page text.
const reindexBatch = 200

// reindexCmd builds the index anew beside the old one and swaps, so that an
// interruption leaves the old index in place.
type reindexCmd struct{}

func (reindexCmd) Run(s *session) error {
	db, err := openStore(s)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := lockIndex(s.data); err != nil {
		return err
	}
	path, fresh := indexPath(s.data), indexPath(s.data)+".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	ix, err := bleveindex.Open(fresh, indexOptions())
	if err != nil {
		return err
	}
	count, err := fill(s.ctx, ix, db)
	if err := errors.Join(err, ix.Close()); err != nil {
		return fmt.Errorf("rebuild the index: %w", err)
	}
	if err := errors.Join(os.RemoveAll(path), os.Rename(fresh, path)); err != nil {
		return fmt.Errorf("put the new index in place: %w", err)
	}
	fmt.Fprintf(s.out, "%d findings indexed\n", count)
	return nil
}

// lockIndex makes sure that no other process has the index open. An index
// that is broken, or not there, is what reindex is for.
func lockIndex(data string) error {
	ix, err := openIndex(data)
	switch {
	case errors.Is(err, bleveindex.ErrLocked):
		return err
	case err != nil:
		return nil
	}
	return ix.Close()
}

// fill copies every finding of the store into the index.
func fill(ctx context.Context, ix index.Index, db *store.Store) (count int, err error) {
	for after := ""; ; {
		entries, err := db.Entries(ctx, after, reindexBatch)
		if err != nil || len(entries) == 0 {
			return count, err
		}
		if err := ix.Put(ctx, entries); err != nil {
			return count, err
		}
		count += len(entries)
		after = entries[len(entries)-1].Finding.ID
	}
}
