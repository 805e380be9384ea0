package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

const (
	// tableWait bounds the wait for a table's lock: others that want the table have to wait behind it.
	tableWait = "10s"
	// readersWait bounds the wait for transactions that began before the deletion.
	readersWait = 30 * time.Second
)

// Rewrite implements database.Engine. VACUUM FULL writes a table and its indexes into new files and removes
// the old ones; a plain VACUUM would leave the bytes of deleted rows in their pages. The server's log has
// them until its files are reused; see docs/operations.md. If several processes call it, one does the work
// and the others return.
func (s *server) Rewrite(ctx context.Context) (done bool, err error) {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return false, s.Fail("write anew", err)
	}
	defer conn.Close()
	var marked, mine bool
	if err := conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM forgotten)`).Scan(&marked); err != nil || !marked {
		return false, s.Fail("read the marks of", err)
	}
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(`+rewriteLock+`)`).Scan(&mine); err != nil || !mine {
		return false, s.Fail("write anew", err)
	}
	err = vacuum(ctx, conn)
	_, undone := conn.ExecContext(context.WithoutCancel(ctx), `SET lock_timeout = 0; SELECT pg_advisory_unlock(`+rewriteLock+`)`)
	if err := errors.Join(err, undone); err != nil {
		return false, s.Fail("write anew", err)
	}
	return true, nil
}

// vacuum rewrites the marked tables. It takes the marks first and removes them last: a deletion meanwhile
// marks the table again, and what fails is repeated at the next start.
func vacuum(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, `UPDATE forgotten SET taken = 1`); err != nil {
		return err
	}
	tables, err := database.Collect(ctx, conn, database.ScanValue[string], `SELECT DISTINCT name FROM forgotten WHERE taken = 1 ORDER BY name`)
	if err != nil {
		return err
	}
	if err := waitForReaders(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, `SET lock_timeout = '`+tableWait+`'`); err != nil {
		return err
	}
	for _, table := range tables {
		statement := `VACUUM (FULL, ANALYZE)`
		if table != "" {
			statement += ` ` + pgx.Identifier{table}.Sanitize()
		}
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("table %q: %w", table, err)
		}
	}
	// The statistics contain samples of the frontier's URLs, and were just changed.
	if err := waitForReaders(ctx, conn); err != nil {
		return err
	}
	for _, statement := range []string{`VACUUM (FULL) pg_catalog.pg_statistic`, `DELETE FROM forgotten WHERE taken = 1`} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// waitForReaders waits until no transaction can still see the deleted rows: VACUUM would keep the rows for
// it. These are the readers of this database and, as snapshots cover the whole server, all transactions
// that write and began before. Readers of other users are shown only to those who may see all statistics.
func waitForReaders(ctx context.Context, conn *sql.Conn) error {
	var now string
	if err := conn.QueryRowContext(ctx, `SELECT CAST(pg_current_xact_id() AS TEXT)`).Scan(&now); err != nil {
		return err
	}
	for until := time.Now().Add(readersWait); ; {
		var over bool
		if err := conn.QueryRowContext(ctx, `
SELECT pg_snapshot_xmin(pg_current_snapshot()) > n.now AND NOT EXISTS (SELECT 1 FROM (
  SELECT backend_xmin AS xmin FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (datid IS NULL OR datname = current_database())
  UNION ALL SELECT xmin FROM pg_replication_slots) o WHERE age(o.xmin) >= age(CAST(n.now AS XID)))
FROM (SELECT CAST(CAST($1 AS TEXT) AS XID8) AS now) n`, now).Scan(&over); err != nil || over {
			return err
		}
		if time.Now().After(until) {
			return locales.Errorf("store.postgres.readers")
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
