package sqlstore

import (
	"context"
	"database/sql"
	"iter"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// batchRows are read at a time by the iterators: enough for few queries, and few enough to keep no more
// than some megabytes of page text in memory.
const batchRows = 200

// AllFindings yields the record of every finding, by id ascending. It holds no lock between batches: a
// finding saved meanwhile may or may not be among them.
func (s *Store) AllFindings(ctx context.Context) iter.Seq2[qianshao.FindingRecord, error] {
	return batched(batchRows, func(after string) ([]qianshao.FindingRecord, error) {
		return s.FindingRecords(ctx, after, batchRows)
	}, func(e qianshao.FindingRecord) string { return e.Finding.ID })
}

// AllPages yields the record of every page, by key ascending.
func (s *Store) AllPages(ctx context.Context) iter.Seq2[qianshao.PageRecord, error] {
	return batched(batchRows, func(after string) ([]qianshao.PageRecord, error) {
		return s.Pages(ctx, after, batchRows)
	}, func(p qianshao.PageRecord) string { return p.Key })
}

// AllFrontier yields every URL of the frontier, by URL ascending.
func (s *Store) AllFrontier(ctx context.Context) iter.Seq2[store.FrontierRecord, error] {
	return batched(batchRows, func(after string) ([]store.FrontierRecord, error) {
		query := `SELECT url, skip, due IS NOT NULL FROM frontier WHERE url > $1 ORDER BY url LIMIT $2`
		if s.db.Dialect() == database.Postgres { // its index has the beginnings of URLs
			query = `
SELECT url, skip, due IS NOT NULL FROM frontier WHERE url > $1 AND left(url, 600) >= left($1, 600) ORDER BY left(url, 600), url LIMIT $2`
		}
		list, err := database.Collect(ctx, s.db.Read, scanFrontier, query, after, batchRows)
		return list, s.db.Fail("read the frontier of", err)
	}, func(r store.FrontierRecord) string { return r.URL })
}

func scanFrontier(rows *sql.Rows) (r store.FrontierRecord, err error) {
	err = rows.Scan(&r.URL, &r.Skip, &r.Waits)
	return r, err
}

// batchSources are read at a time: a page's source may have a megabyte.
const batchSources = 20

// FlaggedPages yields the pages whose text is kept, as they were judged: URL, authorisation, time and
// decoded source, with text/html as their type. They are in the order of their keys.
func (s *Store) FlaggedPages(ctx context.Context) iter.Seq2[qianshao.Page, error] {
	return batched(batchSources, func(after string) ([]qianshao.Page, error) {
		list, err := database.Collect(ctx, s.db.Read, s.scanFlagged, `
SELECT t.url, t.requested_url, p.authorisation, p.last_seen, p.status, t.source
FROM page_texts t JOIN pages p ON p.page = t.page WHERE t.page > $1 ORDER BY t.page LIMIT $2`, after, batchSources)
		return list, s.db.Fail("read flagged pages from", err)
	}, func(p qianshao.Page) string { return qianshao.PageKey(p.URL) })
}

func (s *Store) scanFlagged(rows *sql.Rows) (p qianshao.Page, err error) {
	var seen int64
	var source []byte
	if err = rows.Scan(&p.URL, &p.RequestedURL, &p.Authorisation, &seen, &p.Status, &source); err != nil {
		return p, err
	}
	text, err := s.packer.unpack(source)
	p.FetchedAt, p.ContentType, p.Body = database.FromMillis(seen), "text/html; charset=utf-8", []byte(text)
	return p, err
}

func batched[T any](size int, read func(after string) ([]T, error), key func(T) string) iter.Seq2[T, error] {
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
			if len(rows) < size {
				return
			}
		}
	}
}

// TextlessPages counts the pages without stored text, since they are not flagged: all of them, and those
// that once had a finding. FlaggedPages yields the others.
func (s *Store) TextlessPages(ctx context.Context) (unflagged, once int, err error) {
	err = s.db.Read.QueryRowContext(ctx, `
SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM findings f WHERE f.page = p.page))
FROM pages p WHERE NOT EXISTS (SELECT 1 FROM page_texts t WHERE t.page = p.page)`).Scan(&unflagged, &once)
	return unflagged, once, s.db.Fail("count the pages of", err)
}
