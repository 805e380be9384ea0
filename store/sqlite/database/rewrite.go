package database

import "context"

// MarkForgotten marks the database as one that must be written anew. SQLite overwrites a row that is deleted, but of a row that it has moved between its
// pages a copy may be left in a gap, which nothing overwrites (rebuildPage in its
// btree.c; of 16,000 copies of URLs 26 were such). So whoever takes out what must be
// nowhere leaves a mark in the file's header, until Rewrite has written it anew.
func MarkForgotten(ctx context.Context, tx *Tx) error {
	_, err := tx.ExecContext(ctx, `PRAGMA user_version = 1`)
	return err
}

// Rewrite writes the database anew if URLs were dropped from the frontier or findings
// deleted since it was last written anew. done says that it did. Nobody can write
// meanwhile, and as much room again must be free on the disk.
func (db *DB) Rewrite(ctx context.Context) (done bool, err error) {
	db.writer.lock()
	defer db.writer.unlock()
	var marked int
	err = db.writer.conn.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&marked)
	if err != nil || marked == 0 {
		return false, db.Fail("read the header of", err)
	}
	for _, statement := range []string{`VACUUM`, `PRAGMA user_version = 0`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		if _, err := db.writer.conn.ExecContext(ctx, statement); err != nil {
			return false, db.Fail("write anew", err)
		}
	}
	return true, nil
}
