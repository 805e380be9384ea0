package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// keyMigration makes the keys of pages out of their URLs, which SQL cannot: it has
// no SHA-256. It comes between the files of migrations, as its number says.
func keyMigration() *goose.Migration {
	return goose.NewGoMigration(21, &goose.GoFunc{RunTx: takeQueries}, nil)
}

// urlColumns hold URLs whose places keys take.
var urlColumns = []struct{ table, column, where string }{
	{"pages", "page", "1 = 1"},
	{"page_texts", "page", "1 = 1"},
	{"page_views", "page", "1 = 1"},
	{"findings", "page", "1 = 1"},
	{"pages", "requested", "1 = 1"},
	{"submissions", "page", "1 = 1"},
	{"evidence_links", "uri", "gone <> 0 AND cut = 1"},
	{"evidence_captures", "url", "gone <> 0"},
}

func takeQueries(ctx context.Context, tx *sql.Tx) error {
	// Between the changes of two tables, rows refer to pages that are not there.
	if _, err := tx.ExecContext(ctx, `PRAGMA defer_foreign_keys = ON`); err != nil {
		return err
	}
	for _, c := range urlColumns {
		if err := takeColumn(ctx, tx, c.table, c.column, c.where); err != nil {
			return fmt.Errorf("take the queries out of %s.%s: %w", c.table, c.column, err)
		}
	}
	return nil
}

// keyBatch rows are read at a time.
const keyBatch = 200

// takeColumn goes by rowid: a key has a '?', too, and must not be taken for a URL.
func takeColumn(ctx context.Context, tx *sql.Tx, table, column, where string) error {
	type row struct {
		id  int64
		url string
	}
	for after := int64(-1); ; {
		rows, err := database.Collect(ctx, tx, func(r *sql.Rows) (v row, err error) {
			err = r.Scan(&v.id, &v.url)
			return v, err
		}, `SELECT rowid, `+column+` FROM `+table+` WHERE rowid > $1 AND instr(`+column+`, '?') > 0 AND `+where+` ORDER BY rowid LIMIT $2`,
			after, keyBatch)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, v := range rows {
			if _, err := tx.ExecContext(ctx, `UPDATE `+table+` SET `+column+` = $1 WHERE rowid = $2`, qianshao.PageKey(v.url), v.id); err != nil {
				return err
			}
			after = v.id
		}
	}
}
