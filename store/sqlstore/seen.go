package sqlstore

import (
	"context"
	"database/sql"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Unseen returns findings without Finding.Seen, saved by an older version, at most limit.
func (s *Store) Unseen(ctx context.Context, limit int) ([]qianshao.Finding, error) {
	list, err := database.Collect(ctx, s.db.Read, func(r *sql.Rows) (f qianshao.Finding, err error) {
		var text string
		if err = r.Scan(&text); err != nil {
			return f, err
		}
		return database.DecodeFinding(text)
	}, `SELECT finding FROM findings WHERE seen = '' LIMIT $1`, limit)
	return list, s.db.Fail("read findings without a hash of what they show from", err)
}

// PutSeen sets the Seen of findings that have none. A value that the crawl has saved meanwhile stays.
func (s *Store) PutSeen(ctx context.Context, list []qianshao.Finding) error {
	return s.db.Update(ctx, database.Ordered, "record the hash of what findings show in", func(tx *database.Tx) error {
		for i := range list {
			f := &list[i]
			if _, err := tx.ExecContext(ctx, `UPDATE findings SET seen = $1, host = $2 WHERE id = $3 AND seen = ''`,
				f.Seen, f.Host(), f.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
