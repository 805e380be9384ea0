// Package enginetest gives the tests of the rooms databases of each engine.
package enginetest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/store/postgres"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Each runs a test on each engine, beside each other. place gives it a new database, which
// OpenAt opens. Without a server, PostgreSQL is skipped.
func Each(t *testing.T, test func(t *testing.T, place func(t testing.TB) string)) {
	t.Helper()
	for name, place := range map[string]func(t testing.TB) string{
		"SQLite":     func(t testing.TB) string { return filepath.Join(t.TempDir(), "qianshao.db") },
		"PostgreSQL": postgrestest.DSN,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "PostgreSQL" && !postgrestest.Available() {
				t.Skip("no PostgreSQL: set " + postgrestest.Env)
			}
			test(t, place)
		})
	}
}

// OpenAt opens the database at a place, a file or a DSN, until the test ends.
func OpenAt(t testing.TB, place string) *database.DB {
	t.Helper()
	var db *database.DB
	var err error
	if strings.HasPrefix(place, "postgres://") {
		db, err = postgres.Open(t.Context(), postgres.Options{DSN: place})
	} else {
		db, err = sqlite.Open(t.Context(), place)
	}
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
