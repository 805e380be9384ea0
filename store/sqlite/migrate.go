package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// goMigrations are the migrations that SQL cannot do. Their numbers place them among the files.
func goMigrations() []*goose.Migration { return append(keyMigrations(), changesMigration()) }

// schemaVersion returns the last migration's number, of a file or of one in Go.
func schemaVersion() (int64, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return 0, err
	}
	last, err := goose.NumericComponent(entries[len(entries)-1].Name())
	for _, m := range goMigrations() {
		last = max(last, m.Version)
	}
	return last, err
}

// migrateTries bounds how often migrate yields to another process that creates the same database at the
// same moment. SQLite's own timeout does not cover that: while another process switches a new file to WAL,
// everyone else is refused at once. All tries take about three seconds.
const migrateTries = 10

// migrate brings the schema up to date. An up-to-date database costs one query.
func migrate(ctx context.Context, db *sql.DB) error {
	latest, err := schemaVersion()
	if err != nil {
		return err
	}
	for try := range migrateTries {
		var version int64
		switch version, err = versionOf(ctx, db); {
		case err != nil && resultCode(err) != sqlite3.SQLITE_BUSY:
			return err
		case err != nil: // tried again
		case version == latest:
			return nil
		case version > latest:
			return database.NewerSchema(version, latest)
		default:
			if err = migrateUp(ctx, db); err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try+1) * 50 * time.Millisecond):
		}
	}
	return locales.Errorf("store.migrating", err)
}

// readableSchema refuses a schema that would have to be migrated before this program can read it.
func readableSchema(ctx context.Context, db *sql.DB) error {
	latest, err := schemaVersion()
	if err != nil {
		return err
	}
	version, err := versionOf(ctx, db)
	switch {
	case err != nil:
		return err
	case version > latest:
		return database.NewerSchema(version, latest)
	case version < latest:
		return locales.Errorf("store.fault.older", version)
	}
	return nil
}

// versionOf returns the schema's version, 0 for an empty database.
func versionOf(ctx context.Context, db *sql.DB) (int64, error) {
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'`).Scan(&tables); err != nil {
		return 0, err
	}
	if tables == 0 {
		return 0, nil
	}
	var version sql.NullInt64
	err := db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version.Int64, err
}

// Provider returns a migrator for db, which must be a connection to a database that nobody else has open.
// Closing the provider would close db.
func Provider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(goMigrations()...))
}

func migrateUp(ctx context.Context, db *sql.DB) error {
	p, err := Provider(db)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	var lite *sqlite.Error
	if resultCode(err) == sqlite3.SQLITE_FULL && errors.As(err, &lite) {
		return lite // goose names the migration, which has nothing to do with it
	}
	return err
}
