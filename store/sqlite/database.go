// Package sqlite keeps the store's database in one SQLite file: how it is opened, migrated, written and
// copied. It is in WAL mode, with one connection that writes and a pool of readers. The statements are in
// the packages of store/sqlstore.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// busyTimeout is how long a statement waits while another process writes.
const busyTimeout = 10 * time.Second

// With SQLite's defaults, 2 MB of cache and a checkpoint every 1,000 pages, a crawl with 200,000 URLs on
// 20,000 hosts in its frontier runs at half the rate. With 64 MB of cache a frontier of 100,000 hosts costs
// a quarter more: after a page was split, a commit walks through the whole cache.
const (
	writerCache     = 16 << 20 // bytes, at most
	checkpointPages = 4000     // 16 MB of write-ahead log
)

// maxReaders bounds the pool of readers; beyond one per core they only queue inside SQLite.
const maxReaders = 8

// file is an open database.
type file struct {
	path   string
	read   *sql.DB
	write  *sql.DB // for migrations; the writer has its second connection
	writer *writer
}

// Open opens the database at path, creates it with mode 0600 if there is none,
// and brings its schema up to date.
func Open(ctx context.Context, path string) (*database.DB, error) {
	f := &file{path: path}
	return f.opened("open", f.open(ctx))
}

// opened returns the database, or closes whatever was opened on error.
func (f *file) opened(op string, err error) (*database.DB, error) {
	if err := f.Fail(op, err); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &database.DB{Read: f.read, Engine: f}, nil
}

// Dialect implements database.Engine.
func (f *file) Dialect() database.Dialect { return database.SQLite }

func (f *file) open(ctx context.Context) error {
	abs, err := filepath.Abs(f.path)
	if err != nil {
		return err
	}
	// SQLite would create the file readable by all; WAL and index files inherit its mode.
	made, err := os.OpenFile(abs, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := made.Close(); err != nil {
		return err
	}
	// secure_delete overwrites deleted text, such as that of a page that is no longer flagged;
	// journal_size_limit truncates the write-ahead log when it starts over.
	if f.write, err = connect(abs, nil, "journal_mode(WAL)", "secure_delete(ON)", "journal_size_limit(0)",
		fmt.Sprintf("cache_size(%d)", -writerCache>>10), fmt.Sprintf("wal_autocheckpoint(%d)", checkpointPages)); err != nil {
		return err
	}
	if err := migrate(ctx, f.write); err != nil {
		return err
	}
	if f.writer, err = newWriter(ctx, f.write); err != nil {
		return err
	}
	return f.connectReaders(abs, nil)
}

// connectReaders opens the pool of reading connections.
func (f *file) connectReaders(abs string, parameters map[string]string) (err error) {
	if f.read, err = connect(abs, parameters, "query_only(ON)"); err != nil {
		return err
	}
	readers := min(max(2, runtime.GOMAXPROCS(0)), maxReaders)
	f.read.SetMaxOpenConns(readers)
	f.read.SetMaxIdleConns(readers)
	return nil
}

// connect opens a pool of connections; parameters are those of SQLite's URI.
func connect(abs string, parameters map[string]string, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"_txlock": {"immediate"}}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()))
	q.Add("_pragma", "foreign_keys(ON)")
	for name, value := range parameters {
		q.Set(name, value)
	}
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}
	return sql.Open("sqlite", dsn.String())
}

// Close ends all connections. The last one writes the write-ahead log into the database.
func (f *file) Close() error {
	var errs []error
	if f.writer != nil {
		errs = append(errs, f.writer.close())
	}
	for _, db := range []*sql.DB{f.read, f.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// resultCode returns the primary result code of an error of SQLite's, and SQLITE_OK for any other.
func resultCode(err error) int {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return sqlite3.SQLITE_OK
	}
	return lite.Code() & 0xff // further bits have the details
}

// Fail implements database.Engine.
func (f *file) Fail(op string, err error) error {
	if err == nil || database.HasFailed(err) {
		return err
	}
	err = database.Failed(op, f.path, err)
	code := resultCode(err)
	if code == sqlite3.SQLITE_OK {
		if tooManyFiles(err) {
			return locales.Errorf("store.fault.limit", err)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return locales.Errorf("store.fault.no_folder", err)
		}
		return err
	}
	switch code {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return locales.Errorf("store.fault.damaged", store.ErrCorrupt, err)
	case sqlite3.SQLITE_FULL:
		return locales.Errorf("store.fault.full", err, syscall.ENOSPC)
	case sqlite3.SQLITE_BUSY:
		return locales.Errorf("store.fault.busy", err, busyTimeout)
	case sqlite3.SQLITE_CANTOPEN:
		if cause := exhausted(); cause != nil {
			return locales.Errorf("store.fault.limit", locales.Errorf("because", err, cause))
		}
		return locales.Errorf("store.fault.protected", err)
	case sqlite3.SQLITE_ERROR:
		if text := err.Error(); strings.Contains(text, "no such table") || strings.Contains(text, "no such column") {
			return locales.Errorf("store.fault.schema", err)
		}
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return locales.Errorf("store.fault.protected", err)
	}
	return err
}
