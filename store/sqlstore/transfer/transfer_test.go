package transfer_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/qianshao/qianshao/store/postgres/postgrestest"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/synthetic"
	"github.com/qianshao/qianshao/store/sqlstore/transfer"
)

func file(t *testing.T) *database.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "q.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// filled returns a database with findings, acts, and values that are difficult for an engine.
func filled(t *testing.T) *database.DB {
	t.Helper()
	db := file(t)
	synthetic.Findings(t, db, 300, 20)
	synthetic.Acts(t, db)
	err := db.Update(t.Context(), database.Durable, "fill", func(tx *database.Tx) error {
		for i := range 100 {
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO hosts (host, trouble) VALUES ($1, $2)`, fmt.Sprintf("h%d", i), "a\x00\xff中"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rules(t, db)
	return db
}

func copied(t *testing.T, from, to *database.DB) []transfer.Table {
	t.Helper()
	done, err := transfer.Copy(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// TestThereAndBack copies a store from a file into PostgreSQL and from there into another file: everything
// is there, in the original order.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	server, file := postgrestest.Open(t), file(t)
	there := copied(t, filled(t), server)
	back := copied(t, server, file)
	byName := func(a, b transfer.Table) bool { return a == b }
	if !slices.EqualFunc(there, back, byName) {
		t.Errorf("there %v, back %v", there, back)
	}
	again := filled(t)
	if _, err := transfer.Copy(t.Context(), again, server); !errors.Is(err, transfer.ErrNotEmpty) {
		t.Errorf("into a filled one: %v", err)
	}
	for _, db := range []*database.DB{server, file} { // new rows do not replace copied ones
		if seq := rules(t, db); seq != 2 {
			t.Errorf("the next is %d", seq)
		}
	}
}

// rules adds a row to a table whose rows the database numbers.
func rules(t *testing.T, db *database.DB) (seq int) {
	t.Helper()
	err := db.Update(t.Context(), database.Durable, "add", func(tx *database.Tx) error {
		return tx.QueryRowContext(t.Context(), `INSERT INTO rules_in_force (at, digest, version, rules) VALUES (1, '', '', '') RETURNING seq`).Scan(&seq)
	})
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// TestCopyOfFile copies from file to file, and logs how much.
func TestCopyOfFile(t *testing.T) {
	t.Parallel()
	rows := map[string]int{}
	for _, table := range copied(t, filled(t), file(t)) {
		rows[table.Name] = table.Rows
	}
	if rows["findings"] != 300 || rows["acts"] == 0 || rows["campaign_state"] != 1 || rows["hosts"] < 100 || rows["accounts"] != 0 {
		t.Errorf("%v", rows)
	}
}
