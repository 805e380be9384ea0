package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// durability says what a commit waits for.
type durability string

const (
	// durable commits are on the disk when they return: what a person has entered
	// and what was found must outlast a power cut.
	durable durability = "FULL"
	// ordered commits outlast the death of the process. A power cut may lose the
	// last of them, but never one and keep a later one. That is enough for the
	// frontier, where lost work is merely repeated, and saves most of the waits
	// for the disk.
	ordered durability = "NORMAL"
)

// writer is the one connection that writes. Parsing takes SQLite longer than
// most of our statements run, so each is prepared once and kept; database/sql's
// transactions and statements that watch a context would start a goroutine each.
type writer struct {
	mu    sync.Mutex // held from BEGIN to COMMIT
	conn  *sql.Conn
	level durability
	stmts map[string]*sql.Stmt // by text; all texts are constants
}

// newWriter takes a connection of db for good.
func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	return &writer{conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

func (w *writer) close() error {
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	if err := w.conn.Close(); !errors.Is(err, sql.ErrConnDone) { // closed before
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// transact runs f between BEGIN and COMMIT. Once begun, a transaction is
// finished even if ctx ends meanwhile.
func (w *writer) transact(ctx context.Context, d durability, f func(tx *writer) error) (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.level != d {
		if _, err := w.ExecContext(ctx, "PRAGMA synchronous = "+string(d)); err != nil {
			return err
		}
		w.level = d
	}
	if _, err := w.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			_, _ = w.ExecContext(ctx, "ROLLBACK")
			panic(p)
		}
		if err == nil {
			return
		}
		// After some errors, as of a full disk, SQLite has rolled back by itself.
		_, _ = w.ExecContext(ctx, "ROLLBACK")
	}()
	if err := f(w); err != nil {
		return err
	}
	_, err = w.ExecContext(ctx, "COMMIT")
	return err
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
		return w.conn.QueryRowContext(ctx, query, args...) // which returns the error
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

// changedRows returns the number of rows that a statement has changed.
func changedRows(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// checkpoint moves the write-ahead log into the database and empties it.
func (w *writer) checkpoint(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.conn.ExecContext(context.WithoutCancel(ctx), `PRAGMA wal_checkpoint(TRUNCATE)`)
	return err
}

// update runs f in one write transaction.
func (s *Store) update(ctx context.Context, d durability, op string, f func(tx *writer) error) error {
	return s.fail(op, s.writer.transact(ctx, d, f))
}
