package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/qianshao/qianshao/store/postgres"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// TestClaim: one process has a name until it gives it up. If its connection breaks it takes the name again,
// unless another process was faster; then it knows, and takes the name when the other one has gone.
func TestClaim(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.DSN(t)
	told := make(chan error, 10)
	take := func(name string) (*postgres.Claim, error) {
		db, err := postgres.Open(t.Context(), postgres.Options{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return postgres.Take(t.Context(), db, name, func(err error) { told <- err })
	}
	hear := func(want error) {
		t.Helper()
		select {
		case err := <-told:
			if !errors.Is(err, want) {
				t.Errorf("reported %v, want %v", err, want)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%v was not reported", want)
		}
	}
	first, err := take("one")
	if err != nil {
		t.Fatal(err)
	}
	refused := func() {
		t.Helper()
		if _, err := take("one"); !errors.Is(err, postgres.ErrClaimed) {
			t.Errorf("a second claim: %v", err)
		}
	}
	refused()
	other, err := take("another")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}

	rival, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer rival.Close(context.WithoutCancel(t.Context()))
	execute := func(statement string) {
		t.Helper()
		if _, err := rival.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	const end = `SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND d.datname = current_database() AND l.pid <> pg_backend_pid()`
	execute(end)
	hear(nil)
	refused()
	if !first.Held() {
		t.Error("the name counts as another's, though nobody took it")
	}
	execute(end + `; SELECT pg_advisory_lock(7074915, hashtext('one'))`)
	hear(postgres.ErrClaimed)
	if first.Held() {
		t.Error("another has the name, but the first was not told")
	}
	execute(`SELECT pg_advisory_unlock(7074915, hashtext('one'))`)
	for !first.Held() {
		err := <-told
		if err != nil && !errors.Is(err, postgres.ErrClaimed) {
			t.Fatal(err)
		}
	}
	refused()
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	again, err := take("one")
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// TestConnections: a running process is seen whatever its DSN calls it, so that no migration starts beside
// it.
func TestConnections(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.DSN(t)
	open := func(name string) *database.DB {
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		query := u.Query()
		query.Set("application_name", name)
		u.RawQuery = query.Encode()
		db, err := postgres.Open(t.Context(), postgres.Options{DSN: u.String()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	migrating, running := open("migrating"), open("another")
	if n, err := postgres.Connections(t.Context(), migrating); err != nil || n != 0 {
		t.Errorf("before the claim: %d, %v", n, err)
	}
	claim, err := postgres.Take(t.Context(), running, "one", func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := postgres.Connections(t.Context(), migrating); err != nil || n != 1 {
		t.Errorf("with a claim: %d, %v, want 1", n, err)
	}
	if err := claim.Close(); err != nil {
		t.Fatal(err)
	}
}
