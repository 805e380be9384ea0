// Package outbox has the statements of the store's outbox: the changed findings that
// the consumers of findings were not told yet. Whatever changes a finding notes it in
// the same transaction; a consumer settles what it was told.
package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Changed notes for each consumer that a finding has changed.
func Changed(ctx context.Context, tx *database.Tx, finding string, at time.Time) error {
	return note(ctx, tx, finding, at, 0)
}

// Deleted notes for each consumer that a finding was deleted.
func Deleted(ctx context.Context, tx *database.Tx, finding string, at time.Time) error {
	return note(ctx, tx, finding, at, 1)
}

// Reviewed notes for the index, in one statement, that what people say of findings has
// changed, or in which campaigns they are. Campaigns are the ones that say so.
func Reviewed(ctx context.Context, tx *database.Tx, findings []string, at time.Time) error {
	return Note(ctx, tx, store.ConsumerIndex, findings, at)
}

// Note notes for one consumer, in one statement, that it must be told of findings.
func Note(ctx context.Context, tx *database.Tx, c store.Consumer, findings []string, at time.Time) error {
	if len(findings) == 0 {
		return nil
	}
	if err := tx.MustBeAlone(); err != nil { // of the last number it gives out the next
		return err
	}
	ids, err := json.Marshal(findings)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
INSERT INTO outbox (consumer, finding, seq, at, deleted)
SELECT $1, j.value, (SELECT coalesce(max(seq), 0) FROM outbox WHERE consumer = $1) + row_number() OVER (), $2, 0 FROM json_each($3) j WHERE 1 = 1
ON CONFLICT (consumer, finding) DO UPDATE SET seq = excluded.seq`, string(c), database.Millis(at), string(ids))
	return err
}

// NoteAll notes for one consumer that it must be told of all findings.
func NoteAll(ctx context.Context, tx *database.Tx, c store.Consumer, at time.Time) error {
	_, err := tx.ExecContext(ctx, `
INSERT INTO outbox (consumer, finding, seq, at, deleted)
SELECT $1, id, (SELECT coalesce(max(seq), 0) FROM outbox WHERE consumer = $1) + row_number() OVER (ORDER BY id), $2, 0 FROM findings WHERE 1 = 1
ON CONFLICT (consumer, finding) DO UPDATE SET seq = excluded.seq`, string(c), database.Millis(at))
	return err
}

// note moves a finding to the end where it waits already, so that what a consumer has
// read before does not settle the change. The time stays: it is when the wait began.
func note(ctx context.Context, tx *database.Tx, finding string, at time.Time, deleted int) error {
	if err := tx.MustBeAlone(); err != nil { // of the last number it gives out the next
		return err
	}
	for _, c := range store.Consumers() {
		if _, err := tx.ExecContext(ctx, `
INSERT INTO outbox (consumer, finding, seq, at, deleted)
VALUES ($1, $2, (SELECT coalesce(max(seq), 0) + 1 FROM outbox WHERE consumer = $1), $3, $4)
ON CONFLICT (consumer, finding) DO UPDATE SET seq = excluded.seq,
  deleted = CASE WHEN excluded.deleted > outbox.deleted THEN excluded.deleted ELSE outbox.deleted END`,
			string(c), finding, database.Millis(at), deleted); err != nil {
			return err
		}
	}
	return nil
}

// Pending returns the changed findings that a consumer was not told yet, in the order
// of their last change, after a Seq, at most limit.
func Pending(ctx context.Context, db *database.DB, c store.Consumer, after int64, limit int) ([]store.Pending, error) {
	list, err := database.Collect(ctx, db.Read, func(r *sql.Rows) (p store.Pending, err error) {
		err = r.Scan(&p.Seq, &p.Finding, &p.Deleted)
		return p, err
	}, `SELECT seq, finding, deleted FROM outbox WHERE consumer = $1 AND seq > $2 ORDER BY seq LIMIT $3`, string(c), after, limit)
	return list, db.Fail("read the outbox of", err)
}

// Settle notes in a transaction, by one statement, that a consumer was told. A finding that has
// changed since Pending returned it stays.
func Settle(ctx context.Context, tx *database.Tx, c store.Consumer, told []store.Pending) error {
	if len(told) == 0 {
		return nil
	}
	of := make(map[string]int64, len(told))
	for i := range told {
		of[told[i].Finding] = told[i].Seq
	}
	list, err := json.Marshal(of)
	if err != nil {
		return err
	}
	row := "rowid" // where the row lies, by which it is deleted without being looked for again
	if tx.Dialect == database.Postgres {
		row = "ctid"
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM outbox WHERE `+row+` IN (
  SELECT o.`+row+` FROM json_each($2) j CROSS JOIN outbox o ON o.consumer = $1 AND o.finding = j.key AND o.seq = CAST(j.value AS BIGINT))`, string(c), string(list))
	return err
}

// Backlog says how much a consumer was not told yet. It reads the consumer's rows.
func Backlog(ctx context.Context, db *database.DB, c store.Consumer) (b store.Backlog, err error) {
	var oldest sql.NullInt64
	err = db.Read.QueryRowContext(ctx, `SELECT count(*), min(at) FROM outbox WHERE consumer = $1`, string(c)).Scan(&b.Findings, &oldest)
	if oldest.Valid {
		b.Oldest = database.FromMillis(oldest.Int64)
	}
	return b, db.Fail("count the outbox of", err)
}
