package database

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// Snapshot writes the database as of one moment into a new file, beside whatever else
// reads and writes it: writers do not wait. The copy has no deleted text in it. The
// file must not exist; after an error it is removed.
func (db *DB) Snapshot(ctx context.Context, path string) error {
	return db.Fail("copy", db.snapshot(ctx, path))
}

func (db *DB) snapshot(ctx context.Context, path string) (err error) {
	abs, err := filepath.Abs(db.path)
	if err != nil {
		return err
	}
	// SQLite would create the file readable by all; it takes an empty one for none.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	copier, err := connect(abs, nil) // the pool of readers may not write, not even elsewhere
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, copier.Close()) }()
	if _, err := copier.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return err
	}
	return f.Sync() // which VACUUM leaves to others
}
