// Package databasetest gives tests an empty database of each engine.
package databasetest

import (
	"path/filepath"
	"testing"

	"github.com/qianshao/qianshao/store/postgres/postgrestest"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Open opens an empty database, which is closed when the test ends.
type Open func(t testing.TB) *database.DB

// Each runs a test on each engine. Without a server, see postgrestest.Env, that on PostgreSQL
// is skipped.
func Each(t *testing.T, test func(t *testing.T, open Open)) {
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite) })
	t.Run("postgres", func(t *testing.T) {
		postgrestest.Need(t)
		test(t, postgrestest.Open)
	})
}

// SQLite opens a database in a file of its own.
func SQLite(t testing.TB) *database.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qianshao.db"))
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
