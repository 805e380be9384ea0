package postgres_test

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao/store/postgres"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
)

// TestPatience: the limits that an administrator has set on statements, locks and sessions do not apply to ours, which
// wait for their turn by design.
func TestPatience(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.DSN(t)
	limits := []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"}
	for _, limit := range limits {
		execute(t, dsn, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET `+limit+` = 100', current_database()); END $$`)
	}
	db, err := postgres.Open(t.Context(), postgres.Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, limit := range limits {
		var value string
		if err := db.Read.QueryRowContext(t.Context(), `SELECT current_setting($1)`, limit).Scan(&value); err != nil || value != "0" {
			t.Errorf("%s is %q, %v", limit, value, err)
		}
	}
	waited := make(chan error, 1)
	err = postgres.Alone(t.Context(), db, "index", func(held func() error) error {
		go func() { waited <- postgres.Alone(t.Context(), db, "index", func(func() error) error { return nil }) }()
		time.Sleep(500 * time.Millisecond) // idle, and kept waiting, for longer than allowed
		return held()
	})
	if err != nil {
		t.Errorf("the holder of the lock: %v", err)
	}
	if err := <-waited; err != nil {
		t.Errorf("the one waiting for it: %v", err)
	}
}

// TestOccupied: a database with another program's tables is left as it is.
func TestOccupied(t *testing.T) {
	t.Parallel()
	own, err := url.Parse(postgrestest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(own.Path, "/") + "_theirs"
	execute(t, own.String(), `CREATE DATABASE `+name+` TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`)
	theirs := *own
	theirs.Path = "/" + name
	t.Cleanup(func() { execute(t, own.String(), `DROP DATABASE `+name+` WITH (FORCE)`) })
	// Another program may use goose for its migrations, too.
	for _, table := range []string{"goose_db_version (version_id BIGINT, is_applied BOOLEAN)", "invoices (id BIGINT)"} {
		execute(t, theirs.String(), `CREATE TABLE `+table)
	}
	_, err = postgres.Open(t.Context(), postgres.Options{DSN: theirs.String()})
	if err == nil || !strings.Contains(err.Error(), "tables of another program (invoices), and nothing was made beside them; make one of its own: CREATE DATABASE") {
		t.Errorf("opened: %v", err)
	}
	execute(t, theirs.String(), `DROP TABLE invoices, goose_db_version`)
	db, err := postgres.Open(t.Context(), postgres.Options{DSN: theirs.String()})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func execute(t *testing.T, dsn, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
		t.Fatal(err)
	}
}
