package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// writer is the one connection that writes. Parsing a statement takes SQLite longer than running most of
// ours, so each is prepared once and kept; database/sql's transactions, and its statements that watch a
// context, would each start a goroutine.
type writer struct {
	tx    *database.Tx  // the writer itself, as the function of an update sees it
	turn  chan struct{} // holds a token from BEGIN to COMMIT
	queue queue
	conn  *sql.Conn
	level synchronous
	stmts map[string]*sql.Stmt // by text; the texts are constants
}

func (w *writer) lock()   { w.turn <- struct{}{} }
func (w *writer) unlock() { <-w.turn }

// newWriter reserves a connection of db.
func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	w := &writer{turn: make(chan struct{}, 1), conn: conn, stmts: map[string]*sql.Stmt{}}
	w.tx = &database.Tx{Statements: w, Alone: true}
	return w, nil
}

func (w *writer) close() error {
	var errs []error
	for _, stmt := range w.stmts {
		errs = append(errs, stmt.Close())
	}
	if err := w.conn.Close(); !errors.Is(err, sql.ErrConnDone) { // already closed
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// ExecContext runs a statement; ctx's end does not interrupt it.
func (w *writer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := w.prepared(ctx, query) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return nil, err
	}
	return s.ExecContext(context.WithoutCancel(ctx), args...)
}

// QueryContext runs a query; ctx's end does not interrupt it.
func (w *writer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := w.prepared(ctx, query) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.WithoutCancel(ctx), args...)
}

// QueryRowContext runs a query for one row; ctx's end does not interrupt it.
func (w *writer) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	ctx = context.WithoutCancel(ctx)
	s, err := w.prepared(ctx, query) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return w.conn.QueryRowContext(ctx, query, args...) // any error is in the row
	}
	return s.QueryRowContext(ctx, args...)
}

func (w *writer) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
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

// checkpoint moves the write-ahead log into the database and empties it.
func (w *writer) checkpoint(ctx context.Context) error {
	w.lock()
	defer w.unlock()
	_, err := w.conn.ExecContext(context.WithoutCancel(ctx), `PRAGMA wal_checkpoint(TRUNCATE)`)
	return err
}

// Checkpoint empties the write-ahead log, which may still contain deleted text; in the database itself
// secure_delete has overwritten it. If a reader prevents it, the next checkpoint does it.
func (f *file) Checkpoint(ctx context.Context) error { return f.writer.checkpoint(ctx) }
