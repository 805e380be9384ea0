package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// SQLSTATE codes after which a transaction is run again.
const (
	serialisationFailure = "40001"
	deadlock             = "40P01"
	adminShutdown        = "57P01"
	crashShutdown        = "57P02"
	cannotConnectNow     = "57P03"
	readOnly             = "25006"
)

// How long a transaction is retried after its connection was lost: a standby takes over within seconds. A
// deadlock is over at once.
const (
	retryFor   = 15 * time.Second
	firstPause = 20 * time.Millisecond
	maxPause   = time.Second
)

// The advisory locks of a database. Named locks, of Alone, have a separate range of keys.
const (
	aloneLock   = `7074913` // lets exclusive transactions run one after another
	migrateLock = `7074914`
	rewriteLock = `7074916`
)

// Write implements database.Engine. A failure before the commit was sent leads to another try; if a commit
// gets no answer its outcome is unknown, so the caller gets the error.
func (s *server) Write(ctx context.Context, d database.Durability, alone bool, f func(tx *database.Tx) error) error {
	begin := "BEGIN"
	if d == database.Ordered {
		begin += "; SET LOCAL synchronous_commit = off"
	}
	if alone {
		begin += "; SELECT pg_advisory_xact_lock(" + aloneLock + ")"
	}
	until, pause := time.Now().Add(retryFor), firstPause
	for {
		again, err := s.try(ctx, begin, alone, f)
		if err == nil || !again || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
		pause = min(2*pause, maxPause)
	}
}

// try runs f in one transaction; again says that it was undone completely and may well succeed the next
// time.
func (s *server) try(ctx context.Context, begin string, alone bool, f func(tx *database.Tx) error) (again bool, err error) {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return lost(err), err
	}
	defer conn.Close()
	committing := false
	defer func() {
		if err != nil || !committing {
			abandon(ctx, conn)
		}
	}()
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		return lost(err) || passing(err), err
	}
	ctx = context.WithoutCancel(ctx) // what has begun is finished
	if err := f(&database.Tx{Statements: session{conn}, Dialect: database.Postgres, Alone: alone}); err != nil {
		return lost(err) || passing(err), err
	}
	committing = true
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return passing(err), err
	}
	return false, nil
}

// abandon rolls a transaction back, and ends the connection if that is not possible.
func abandon(ctx context.Context, conn *sql.Conn) {
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		discard(conn)
	}
}

// discard closes a connection, and so releases whatever it holds on the server.
func discard(conn *sql.Conn) { _ = conn.Raw(func(any) error { return driver.ErrBadConn }) }

// passing says whether PostgreSQL has undone a transaction because of concurrent ones.
func passing(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == serialisationFailure || pg.Code == deadlock)
}

// session is a connection whose statements run to their end once begun.
type session struct{ conn *sql.Conn }

func (s session) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return s.conn.ExecContext(context.WithoutCancel(ctx), query, args...)
}

func (s session) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.conn.QueryContext(context.WithoutCancel(ctx), query, args...)
}

func (s session) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return s.conn.QueryRowContext(context.WithoutCancel(ctx), query, args...)
}
