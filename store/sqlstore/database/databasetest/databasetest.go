// Package databasetest runs the tests of the store's rooms on each engine.
package databasetest

import (
	"path/filepath"
	"testing"

	"github.com/qianshao/qianshao/store/postgres/postgrestest"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Open opens a new database, which is closed when the test ends.
type Open func(testing.TB) *database.DB

// Each runs a test on each engine; on PostgreSQL it is skipped where there is none.
func Each(t *testing.T, test func(t *testing.T, open Open)) {
	t.Helper()
	for _, engine := range []struct {
		name string
		open Open
	}{{"SQLite", SQLite}, {"PostgreSQL", postgrestest.Open}} {
		t.Run(engine.name, func(t *testing.T) { test(t, engine.open) })
	}
}

// SQLite opens a new database in a file.
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
