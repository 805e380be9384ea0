package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// schemaVersion returns the number at the beginning of the last migration's file name.
func schemaVersion() (int64, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return 0, err
	}
	return goose.NumericComponent(entries[len(entries)-1].Name())
}

// migrate brings the schema up to date, one process at a time. An up-to-date database costs one query.
func migrate(ctx context.Context, conn *sql.Conn, db *sql.DB) (err error) {
	latest, err := schemaVersion()
	if err != nil {
		return err
	}
	if done, err := upToDate(ctx, conn, latest); err != nil || done {
		return err
	}
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(`+migrateLock+`)`); err != nil {
		return err
	}
	defer func() {
		_, unlocked := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(`+migrateLock+`)`)
		err = errors.Join(err, unlocked)
	}()
	if done, err := upToDate(ctx, conn, latest); err != nil || done { // another process has done it
		return err
	}
	if err := unoccupied(ctx, conn); err != nil {
		return err
	}
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return locales.Errorf("store.migrating", err)
	}
	return nil
}

// unoccupied refuses a database that has another program's tables and none of ours.
func unoccupied(ctx context.Context, conn *sql.Conn) error {
	var other string
	err := conn.QueryRowContext(ctx, `
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname <> 'goose_db_version'
AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
AND to_regclass(quote_ident(current_schema()) || '.evidence_links') IS NULL
ORDER BY c.relname LIMIT 1`).Scan(&other)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return locales.Errorf("store.postgres.occupied", other, createDatabase)
}

// upToDate says whether the schema is this program's; a newer one is an error.
func upToDate(ctx context.Context, conn *sql.Conn, latest int64) (bool, error) {
	var there bool
	if err := conn.QueryRowContext(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&there); err != nil || !there {
		return false, err
	}
	var version sql.NullInt64
	if err := conn.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&version); err != nil {
		return false, err
	}
	if version.Int64 > latest {
		return false, database.NewerSchema(version.Int64, latest)
	}
	return version.Int64 == latest, nil
}
