package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/qianshao/qianshao/store"
)

// Durability says what a commit waits for.
type Durability string

const (
	// Durable commits are on the disk when they return: what a person has entered
	// and what was found must outlast a power cut.
	Durable Durability = "FULL"
	// Ordered commits outlast the death of the process. A power cut may lose the
	// last of them, but never one and keep a later one. That is enough for the
	// frontier, where lost work is merely repeated, and saves most of the waits
	// for the disk.
	Ordered Durability = "NORMAL"
)

// Tx is the one connection that writes, as a function sees it between BEGIN and COMMIT. Parsing takes SQLite longer than
// most of our statements run, so each is prepared once and kept; database/sql's
// transactions and statements that watch a context would start a goroutine each.
type Tx struct {
	turn  chan struct{} // holds a token from BEGIN to COMMIT
	queue queue
	conn  *sql.Conn
	level Durability
	stmts map[string]*sql.Stmt // by text; all texts are constants
}

func (w *Tx) lock()   { w.turn <- struct{}{} }
func (w *Tx) unlock() { <-w.turn }

// newWriter takes a connection of db for good.
func newWriter(ctx context.Context, db *sql.DB) (*Tx, error) {
	conn, err := db.Conn(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	return &Tx{turn: make(chan struct{}, 1), conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

func (w *Tx) close() error {
	var errs []error
	for _, stmt := range w.stmts {
		errs = append(errs, stmt.Close())
	}
	if err := w.conn.Close(); !errors.Is(err, sql.ErrConnDone) { // closed before
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// ExecContext runs a statement; ctx's end does not interrupt it.
func (w *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := w.prepared(ctx, query) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return nil, err
	}
	return s.ExecContext(context.WithoutCancel(ctx), args...)
}

// QueryContext runs a query; ctx's end does not interrupt it.
func (w *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := w.prepared(ctx, query) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.WithoutCancel(ctx), args...)
}

// QueryRowContext runs a query for one row; ctx's end does not interrupt it.
func (w *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	ctx = context.WithoutCancel(ctx)
	s, err := w.prepared(ctx, query) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return w.conn.QueryRowContext(ctx, query, args...) // which returns the error
	}
	return s.QueryRowContext(ctx, args...)
}

func (w *Tx) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := w.stmts[query]; s != nil {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, fmt.Errorf("%w, in: %s", err, query)
	}
	w.stmts[query] = s
	return s, nil
}

// ChangedRows returns the number of rows that a statement has changed.
func ChangedRows(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// checkpoint moves the write-ahead log into the database and empties it.
func (w *Tx) checkpoint(ctx context.Context) error {
	w.lock()
	defer w.unlock()
	_, err := w.conn.ExecContext(context.WithoutCancel(ctx), `PRAGMA wal_checkpoint(TRUNCATE)`)
	return err
}

// ByWriter lets f read by the connection that writes, outside of a transaction.
func (db *DB) ByWriter(f func(tx *Tx) error) error {
	db.writer.lock()
	defer db.writer.unlock()
	return f(db.writer)
}

// Checkpoint empties the write-ahead log, which may still have what was deleted; in the
// database itself secure_delete has overwritten it. If a reader is in the way, the next
// checkpoint does it.
func (db *DB) Checkpoint(ctx context.Context) error { return db.writer.checkpoint(ctx) }

// Collect runs a query and scans all its rows.
func Collect[T any](ctx context.Context, db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// One returns the row that a query by a key has found, or store.ErrNotFound.
func One[T any](list []T, err error) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	if len(list) == 0 {
		return none, store.ErrNotFound
	}
	return list[0], nil
}

// ScanValue scans a row of one column.
func ScanValue[T any](rows *sql.Rows) (v T, err error) {
	err = rows.Scan(&v)
	return v, err
}

// Ranges parts the ids of a table, in order, into ranges of n rows, which can be read beside each
// other. The last one may have fewer.
func Ranges(ctx context.Context, db *sql.DB, table string, n int) (ranges []store.Range, err error) {
	for after := ""; ; {
		var last sql.NullString
		err := db.QueryRowContext(ctx, `SELECT id FROM `+table+` WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2`, after, n-1).Scan(&last)
		if errors.Is(err, sql.ErrNoRows) { // fewer are left
			err = db.QueryRowContext(ctx, `SELECT max(id) FROM `+table+` WHERE id > $1`, after).Scan(&last)
		}
		if err != nil || !last.Valid {
			return ranges, err
		}
		ranges = append(ranges, store.Range{After: after, Last: last.String})
		after = last.String
	}
}
