package postgres_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao/store/postgres"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
)

// TestAlone: one run per name at a time, different names at once; a caller that does not want to wait can
// leave; if the connection breaks, the lock is lost and the caller is told.
func TestAlone(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.DSN(t)
	var running, runs atomic.Int32
	var all sync.WaitGroup
	for range 4 {
		db, err := postgres.Open(t.Context(), postgres.Options{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		for range 2 {
			all.Go(func() {
				err := postgres.Alone(t.Context(), db, "index", func(held func() error) error {
					if n := running.Add(1); n != 1 {
						t.Errorf("%d run at once", n)
					}
					time.Sleep(5 * time.Millisecond)
					runs.Add(1)
					running.Add(-1)
					return held()
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	if runs.Load() != 8 {
		t.Errorf("%d runs of 8", runs.Load())
	}

	db, err := postgres.Open(t.Context(), postgres.Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	broken := errors.New("broken")
	err = postgres.Alone(t.Context(), db, "index", func(held func() error) error {
		if err := postgres.Alone(t.Context(), db, "another", func(func() error) error { return nil }); err != nil {
			t.Error(err)
		}
		soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := postgres.Alone(soon, db, "index", func(func() error) error { return nil }); err == nil {
			t.Error("two runs under one name")
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	err = postgres.Alone(t.Context(), db, "index", func(held func() error) error {
		if _, err := db.Read.ExecContext(t.Context(), `
SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()`); err != nil {
			t.Fatal(err)
		}
		return held()
	})
	if err == nil {
		t.Error("the lock was lost, and the caller was not told")
	}
	if err := postgres.Alone(t.Context(), db, "index", func(held func() error) error { return held() }); err != nil {
		t.Error(err)
	}
}
