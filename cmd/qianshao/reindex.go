package main

import (
	"context"
	"fmt"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/index/bleveindex"
	"github.com/qianshao/qianshao/store/sqlite"
)

// reindexBatch entries are read and written at a time: large enough to
// spare syncs, small enough to stay within a few megabytes of page text.
const reindexBatch = 200

// reindexCmd builds the index anew. If it is interrupted, the index says so
// when it is next opened, and reindex can be run again.
type reindexCmd struct{}

func (reindexCmd) Run(s *session) error {
	db, err := openStore(s)
	if err != nil {
		return err
	}
	defer db.Close()
	count := 0
	ix, err := bleveindex.Rebuild(indexPath(s.data), indexOptions(), func(ix *bleveindex.Index) (err error) {
		count, err = fill(s.ctx, ix, db)
		return err
	})
	if err != nil {
		return err
	}
	if err := ix.Close(); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d findings indexed\n", count)
	return nil
}

// fill copies every finding of the store into the index.
func fill(ctx context.Context, ix index.Index, db *sqlite.Store) (count int, err error) {
	for after := ""; ; {
		entries, err := db.FindingRecords(ctx, after, reindexBatch)
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
