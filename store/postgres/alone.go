package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// namedLock is the first half of the keys of named locks; the second is the hash of the name.
const namedLock = `7074915`

// errLockLost says that the server has ended the connection that held a lock.
var errLockLost = locales.Errorf("store.postgres.lock_lost")

// Alone waits until no other process of the database runs something of that name, then runs f. held tells f
// whether it still has the lock, which is lost with its connection. If the lock was lost, Alone returns an
// error; what f has done is not undone.
func Alone(ctx context.Context, db *database.DB, name string, f func(held func() error) error) (err error) {
	s, ok := db.Engine.(*server)
	if !ok {
		return fmt.Errorf("postgres: %T is another engine", db.Engine)
	}
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return s.Fail("lock", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(`+namedLock+`, hashtext($1))`, name); err != nil {
		discard(conn) // it may hold the lock, or wait for it
		return s.Fail("lock", err)
	}
	held := func() error {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), `SELECT 1`); err != nil {
			return s.Fail("lock", errors.Join(errLockLost, err))
		}
		return nil
	}
	defer func() {
		var unlocked bool
		query := conn.QueryRowContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(`+namedLock+`, hashtext($1))`, name)
		if lost := query.Scan(&unlocked); lost != nil || !unlocked {
			discard(conn)
			err = errors.Join(err, s.Fail("unlock", errors.Join(errLockLost, lost)))
		}
	}()
	return f(held)
}

// application is the name of a process's connections, unless its DSN has another application_name.
const application = "qianshao"

// Connections counts the database's connections that have the program's name. It also counts those that
// hold a claim, as every crawling or serving process has one, whatever its DSN calls it.
func Connections(ctx context.Context, db *database.DB) (n int, err error) {
	err = db.Read.QueryRowContext(ctx, `
SELECT count(*) FROM pg_stat_activity a WHERE datname = current_database() AND backend_type = 'client backend' AND (application_name = $1
  OR EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.classid = `+namedLock+`))`, application).Scan(&n)
	return n, db.Fail("count the connections of", err)
}
