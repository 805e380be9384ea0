package sqlite

import "context"

// Rewrite implements database.Engine.
func (f *file) Rewrite(ctx context.Context) (done bool, err error) {
	f.writer.lock()
	defer f.writer.unlock()
	var marked int
	err = f.writer.conn.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&marked)
	if err != nil || marked == 0 {
		return false, f.Fail("read the header of", err)
	}
	for _, statement := range []string{`VACUUM`, `PRAGMA user_version = 0`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		if _, err := f.writer.conn.ExecContext(ctx, statement); err != nil {
			return false, f.Fail("write anew", err)
		}
	}
	return true, nil
}
