package database

import (
	"context"
	"encoding/json"
)

// MarkForgotten marks the database: Rewrite must leave no trace of what the transaction has deleted from
// these tables; in PostgreSQL it rewrites only them, or all if none is named. SQLite overwrites a deleted
// row, but a row that it moved between its pages may have left a copy in a gap, which nothing overwrites
// (rebuildPage in its btree.c; of 16,000 copies of URLs 26 were such). PostgreSQL leaves a deleted row in
// its page until the room is needed. So whoever deletes text that must be nowhere leaves a mark: in the
// header of SQLite's file, in a table of PostgreSQL.
func MarkForgotten(ctx context.Context, tx *Tx, tables ...string) error {
	if tx.Dialect == Postgres {
		return MarkRemoved(ctx, tx, tables...)
	}
	_, err := tx.ExecContext(ctx, `PRAGMA user_version = 1`)
	return err
}

// MarkRemoved is MarkForgotten for everyday deletions. SQLite is not rewritten for them, although a copy
// may be left in a gap.
func MarkRemoved(ctx context.Context, tx *Tx, tables ...string) error {
	if tx.Dialect != Postgres {
		return nil
	}
	if len(tables) == 0 {
		tables = []string{""}
	}
	list, err := json.Marshal(tables)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
INSERT INTO forgotten (name) SELECT j.value FROM json_each($1) j WHERE NOT EXISTS (SELECT 1 FROM forgotten f WHERE f.name = j.value AND f.taken = 0)`,
		string(list))
	return err
}
