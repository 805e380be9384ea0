package database

import "context"

// MarkForgotten marks the database as one of which Rewrite must leave nothing that was deleted.
// SQLite overwrites a row that is deleted, but of a row that it has moved between its
// pages a copy may be left in a gap, which nothing overwrites (rebuildPage in its
// btree.c; of 16,000 copies of URLs 26 were such). PostgreSQL leaves all of a deleted row in its
// page until something else needs the room. So whoever takes out what must be
// nowhere leaves a mark: in the header of SQLite's file, in a table of PostgreSQL.
func MarkForgotten(ctx context.Context, tx *Tx) error {
	mark := `PRAGMA user_version = 1`
	if tx.Dialect == Postgres {
		mark = `UPDATE forgotten SET marked = 1 WHERE marked = 0`
	}
	_, err := tx.ExecContext(ctx, mark)
	return err
}
