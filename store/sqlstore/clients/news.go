package clients

import (
	"context"
	"database/sql"

	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Found lists a finding that is about to be saved, if it is new, for programs that poll. It forgets the
// oldest, but never the last one, or its number would be used again.
func Found(ctx context.Context, tx *database.Tx, finding string) error {
	n, err := database.ChangedRows(tx.ExecContext(ctx, `
INSERT INTO finding_news (seq, finding) SELECT (SELECT coalesce(max(seq), 0) + 1 FROM finding_news), $1
WHERE NOT EXISTS (SELECT 1 FROM findings WHERE id = $1)`, finding))
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM finding_news WHERE seq <= (SELECT max(seq) FROM finding_news) - $1`, store.KeptNews)
	return err
}

// NewFindings returns findings listed after a Seq, in their order, at most limit.
func (c *Clients) NewFindings(ctx context.Context, after int64, limit int) ([]store.NewFinding, error) {
	list, err := database.Collect(ctx, c.db.Read, func(r *sql.Rows) (n store.NewFinding, err error) {
		err = r.Scan(&n.Seq, &n.Finding)
		return n, err
	}, `SELECT seq, finding FROM finding_news WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
	return list, c.db.Fail("read new findings of", err)
}

// Now returns the number of the last act and of the last new finding; 0 for none.
func (c *Clients) Now(ctx context.Context) (act, finding int64, err error) {
	err = c.db.Read.QueryRowContext(ctx, `SELECT (SELECT seq FROM act_head), (SELECT coalesce(max(seq), 0) FROM finding_news)`).Scan(&act, &finding)
	return act, finding, c.db.Fail("read the last events of", err)
}
