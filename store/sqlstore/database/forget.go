package database

import (
	"context"
	"encoding/json"
)

// MarkForgotten marks the database as one in which Rewrite must leave nothing of what the transaction
// has deleted from these tables; in PostgreSQL it writes only them anew, or all if none is named.
// SQLite overwrites a row that is deleted, but of a row that it has moved between its pages a
// copy may be left in a gap, which nothing overwrites (rebuildPage in its btree.c; of 16,000
// copies of URLs 26 were such). PostgreSQL leaves all of a deleted row in its page until
// something else needs the room. So whoever takes out what must be nowhere leaves a mark: in
// the header of SQLite's file, in a table of PostgreSQL.
func MarkForgotten(ctx context.Context, tx *Tx, tables ...string) error {
	if tx.Dialect == Postgres {
		return MarkRemoved(ctx, tx, tables...)
	}
	_, err := tx.ExecContext(ctx, `PRAGMA user_version = 1`)
	return err
}

// MarkRemoved is MarkForgotten for what is removed every day. SQLite is not written anew for the
// gaps in which a copy may be left.
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
