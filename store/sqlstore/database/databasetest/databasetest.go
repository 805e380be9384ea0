// Package databasetest gives tests an empty database of each engine.
package databasetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/store/postgres"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Open opens an empty database, which is closed when the test ends.
type Open func(t testing.TB) *database.DB

// Each runs a test on each engine. Without a server, see postgrestest.Env, PostgreSQL is skipped.
func Each(t *testing.T, test func(t *testing.T, open Open)) {
	EachPlace(t, func(t *testing.T, place Place) {
		test(t, func(t testing.TB) *database.DB { return open(t, place(t)) })
	})
}

// Place creates an empty database, removed when the test ends, and returns its file or DSN. At opens it.
type Place func(t testing.TB) string

// EachPlace is Each for tests that open a database more than once.
func EachPlace(t *testing.T, test func(t *testing.T, place Place)) {
	t.Run("sqlite", func(t *testing.T) { test(t, sqlitetest.File) })
	t.Run("postgres", func(t *testing.T) {
		postgrestest.Need(t)
		test(t, postgrestest.DSN)
	})
}

// At opens the database at a place.
func At(ctx context.Context, place string) (*database.DB, error) {
	if strings.HasPrefix(place, "postgres://") {
		return postgres.Open(ctx, postgres.Options{DSN: place})
	}
	return sqlite.Open(ctx, place)
}

// Twice opens an empty database that runs every update twice, the first time without effect, as if the
// connection were lost before the commit.
func Twice(t testing.TB) *database.DB {
	t.Helper()
	db := open(t, sqlitetest.File(t))
	return &database.DB{Read: db.Read, Engine: twice{db.Engine}}
}

type twice struct{ database.Engine }

var errLost = errors.New("lost before the commit")

func (e twice) Write(ctx context.Context, d database.Durability, alone bool, f func(tx *database.Tx) error) error {
	err := e.Engine.Write(ctx, d, alone, func(tx *database.Tx) error {
		_ = f(tx) // its result is lost
		return errLost
	})
	if !errors.Is(err, errLost) {
		return err
	}
	return e.Engine.Write(ctx, d, alone, f)
}

func open(t testing.TB, place string) *database.DB {
	t.Helper()
	db, err := At(t.Context(), place)
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
