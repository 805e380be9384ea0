package store

import (
	"context"
	"iter"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// batchRows are read at a time by the iterators: large enough to spare
// queries, small enough to keep a few megabytes of page text in memory.
const batchRows = 200

// AllEntries yields every finding as an index entry, by id ascending. It holds
// no lock between batches: a finding saved meanwhile may or may not come.
func (s *Store) AllEntries(ctx context.Context) iter.Seq2[index.Entry, error] {
	return batched(func(after string) ([]index.Entry, error) {
		return s.Entries(ctx, after, batchRows)
	}, func(e index.Entry) string { return e.Finding.ID })
}

// AllPages yields the record of every page, by URL ascending.
func (s *Store) AllPages(ctx context.Context) iter.Seq2[qianshao.PageRecord, error] {
	return batched(func(after string) ([]qianshao.PageRecord, error) {
		return s.Pages(ctx, after, batchRows)
	}, func(p qianshao.PageRecord) string { return p.URL })
}

func batched[T any](read func(after string) ([]T, error), key func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for after := ""; ; {
			rows, err := read(after)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
				after = key(row)
			}
			if len(rows) < batchRows {
				return
			}
		}
	}
}
