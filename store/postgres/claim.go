package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// ErrClaimed says that another process has a name.
var ErrClaimed = errors.New("another process has this name")

// How often a process checks that it still has its name; how long it waits for one that another session
// has, since the session of a process that has just died ends in a moment; and how long it waits for the
// server.
const (
	claimBeat     = 5 * time.Second
	claimWait     = 3 * time.Second
	claimPatience = 15 * time.Second
)

// The session of a client that vanishes without closing, for instance with its machine, would last for
// hours.
const noticeGone = `SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3`

// Claim is a name that one process of a database has at a time, held by a lock on a connection of its own.
// If that connection is lost, the name is claimed again.
type Claim struct {
	config *pgx.ConnConfig
	name   string
	tell   func(err error)
	conn   *pgx.Conn
	// session is the last one that held the lock.
	session struct {
		pid   int32
		since time.Time
	}
	passed atomic.Bool
	cancel context.CancelFunc
	ended  chan struct{}
}

// Take claims a name until Close. The error wraps ErrClaimed if another process has it. tell is called with
// an error when the name is lost later, ErrClaimed if to another process, and with nil when it is regained.
func Take(ctx context.Context, db *database.DB, name string, tell func(err error)) (*Claim, error) {
	s, ok := db.Engine.(*server)
	if !ok {
		return nil, fmt.Errorf("postgres: %T is another engine", db.Engine)
	}
	c := &Claim{config: s.config, name: name, tell: func(err error) { tell(s.Fail("claim a name in", err)) }, ended: make(chan struct{})}
	if err := c.take(ctx); err != nil {
		return nil, s.Fail("claim a name in", err)
	}
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go c.keep(ctx)
	return c, nil
}

// Held says whether no other process has the name, as far as is known: while the server is down, nobody can
// take it.
func (c *Claim) Held() bool { return !c.passed.Load() }

// Close gives the name up.
func (c *Claim) Close() error {
	c.cancel()
	<-c.ended
	ctx, cancel := context.WithTimeout(context.Background(), claimWait)
	defer cancel()
	return c.conn.Close(ctx)
}

// keep watches over the connection until ctx ends.
func (c *Claim) keep(ctx context.Context) {
	defer close(c.ended)
	ticker := time.NewTicker(claimBeat)
	defer ticker.Stop()
	for away := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !c.conn.IsClosed() && c.ping(ctx) == nil {
			continue
		}
		err := c.take(ctx)
		switch passed := errors.Is(err, ErrClaimed); {
		case ctx.Err() != nil:
			return
		case err == nil, passed && c.Held(), !away: // each change is reported once
			c.passed.Store(passed)
			c.tell(err)
		}
		away = err != nil
	}
}

// ping closes a connection that does not answer.
func (c *Claim) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, claimPatience)
	defer cancel()
	err := c.conn.Ping(ctx)
	if err != nil {
		_ = c.conn.Close(ctx)
	}
	return err
}

// take opens a connection and obtains the lock on it.
func (c *Claim) take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, claimPatience)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, c.config.Copy())
	if err != nil {
		return err
	}
	if err := c.lock(ctx, conn); err != nil {
		_ = conn.Close(ctx)
		return err
	}
	c.conn = conn
	return nil
}

func (c *Claim) lock(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, noticeGone); err != nil {
		return err
	}
	// Our former connection may have broken without the server noticing.
	if _, err := conn.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2`, c.session.pid, c.session.since); err != nil {
		return err
	}
	for until := time.Now().Add(claimWait); ; {
		var locked bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(`+namedLock+`, hashtext($1))`, c.name).Scan(&locked); err != nil {
			return err
		}
		if locked {
			break
		}
		if time.Now().After(until) {
			return ErrClaimed
		}
		select {
		case <-time.After(firstPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return conn.QueryRow(ctx, `SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()`).Scan(&c.session.pid, &c.session.since)
}
