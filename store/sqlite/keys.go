package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// keyMigrations are the migrations that make pages' keys, since SQL has no SHA-256.
func keyMigrations() []*goose.Migration {
	return []*goose.Migration{
		goose.NewGoMigration(21, &goose.GoFunc{RunTx: takeQueries}, nil),
		goose.NewGoMigration(51, &goose.GoFunc{RunTx: cutKeys}, nil),
	}
}

// urlColumns are the columns in which keys replace URLs.
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

// takeQueries replaces the URLs of pages by their keys.
func takeQueries(ctx context.Context, tx *sql.Tx) error {
	return makeKeys(ctx, tx, `instr(%s, '?') > 0`, qianshao.PageKey)
}

// cutKeys shortens the keys of long URLs, made before PageKey shortened them.
func cutKeys(ctx context.Context, tx *sql.Tx) error {
	return makeKeys(ctx, tx, `length(CAST(%s AS BLOB)) > 2000`, func(key string) string {
		path, query, has := strings.Cut(key, "?")
		if path = qianshao.PageKey(path); has {
			path += "?" + query
		}
		return path
	})
}

// makeKeys applies key to the urlColumns whose values meet a condition.
func makeKeys(ctx context.Context, tx *sql.Tx, condition string, key func(string) string) error {
	// While one table is changed and the next is not, rows refer to pages that do not exist.
	if _, err := tx.ExecContext(ctx, `PRAGMA defer_foreign_keys = ON`); err != nil {
		return err
	}
	for _, c := range urlColumns {
		if err := makeColumn(ctx, tx, c.table, c.column, c.where+" AND "+fmt.Sprintf(condition, c.column), key); err != nil {
			return fmt.Errorf("make keys in %s.%s: %w", c.table, c.column, err)
		}
	}
	return nil
}

// keyBatch is how many rows are read at a time.
const keyBatch = 200

// makeColumn goes by rowid: a key has a '?', too, and must not be mistaken for a URL.
func makeColumn(ctx context.Context, tx *sql.Tx, table, column, where string, key func(string) string) error {
	type row struct {
		id  int64
		url string
	}
	for after := int64(-1); ; {
		rows, err := database.Collect(ctx, tx, func(r *sql.Rows) (v row, err error) {
			err = r.Scan(&v.id, &v.url)
			return v, err
		}, `SELECT rowid, `+column+` FROM `+table+` WHERE rowid > $1 AND `+where+` ORDER BY rowid LIMIT $2`, after, keyBatch)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, v := range rows {
			if _, err := tx.ExecContext(ctx, `UPDATE `+table+` SET `+column+` = $1 WHERE rowid = $2`, key(v.url), v.id); err != nil {
				return err
			}
			after = v.id
		}
	}
}
