package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// OpenToRead opens a database for a caller that changes nothing. It works as Open does, but if the file or
// folder is write-protected, such as a copy kept as evidence, the database is read as it is: no file is
// written beside it, the schema is not upgraded, and every change fails.
func OpenToRead(ctx context.Context, path string) (*database.DB, error) {
	db, err := Open(ctx, path)
	if err == nil || !writeProtected(err) {
		return db, err
	}
	f := &file{path: path}
	return f.opened("read", f.openProtected(ctx))
}

// Peek lets read look into a database as it is, whatever its schema: nothing is written beside it, and the
// schema is not upgraded.
func Peek(path string, read func(database.Statements) error) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	parameters := map[string]string{"mode": "ro"}
	if !hasLog(abs) {
		parameters["immutable"] = "1"
	}
	db, err := connect(abs, parameters, "query_only(ON)")
	if err != nil {
		return err
	}
	return errors.Join(read(db), db.Close())
}

// writeProtected says whether Open failed because it could not write.
func writeProtected(err error) bool {
	if tooManyFiles(err) {
		return false
	}
	switch resultCode(err) {
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return true
	case sqlite3.SQLITE_OK:
		return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
	}
	return false
}

func (f *file) openProtected(ctx context.Context) error {
	abs, err := filepath.Abs(f.path)
	if err != nil {
		return err
	}
	data, err := os.Open(abs) // its error says more than SQLite's
	if err != nil {
		return err
	}
	if err := data.Close(); err != nil {
		return err
	}
	parameters := map[string]string{"mode": "ro"}
	logged := hasLog(abs)
	if !logged { // SQLite wants to create a log, unless it is told that nobody writes
		parameters["immutable"] = "1"
	}
	if f.write, err = connect(abs, parameters, "query_only(ON)"); err != nil {
		return err
	}
	if f.writer, err = newWriter(ctx, f.write); err != nil {
		return err
	}
	if err := readableSchema(ctx, f.write); logged && writeProtected(err) {
		return locales.Errorf("store.fault.log", f.path)
	} else if err != nil {
		return err
	}
	return f.connectReaders(abs, parameters)
}

// hasLog says whether part of the database is in its write-ahead log, or will soon be since a running
// program has it open. SQLite can read the log of a write-protected database only if the log's index, -shm,
// exists.
func hasLog(abs string) bool {
	info, err := os.Stat(abs + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil || info.Size() > 0 {
		return true
	}
	_, err = os.Stat(abs + "-shm")
	return !errors.Is(err, fs.ErrNotExist)
}
