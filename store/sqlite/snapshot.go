package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// Snapshot implements database.Engine. Writers need not wait. The copy contains no deleted text.
func (f *file) Snapshot(ctx context.Context, path string) error {
	return f.Fail("copy", f.snapshot(ctx, path))
}

func (f *file) snapshot(ctx context.Context, path string) (err error) {
	abs, err := filepath.Abs(f.path)
	if err != nil {
		return err
	}
	// SQLite would create the file readable by all; it treats an empty file as a new database.
	copied, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, copied.Close()); err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	copier, err := connect(abs, nil) // the readers' connections may not write, not even another file
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, copier.Close()) }()
	if _, err := copier.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return err
	}
	return copied.Sync() // VACUUM does not sync the file
}
