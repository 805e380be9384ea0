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

// greatest is the seq that no change of a consumer has exceeded: of those that wait, and those
// that were told. It is no less than the clock, in microseconds, so that none comes twice if the
// database goes back to an earlier state, by a power cut or from a backup: an index that was told of
// what the database no longer knows would refuse what comes after.
const greatest = `max(max((SELECT coalesce(max(seq), 0) FROM outbox WHERE consumer = $1), (SELECT coalesce(max(seq), 0) FROM outbox_told WHERE consumer = $1)), CAST($2 AS BIGINT))`

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
SELECT $1, j.value, `+greatest+` + row_number() OVER (), $3, 0 FROM json_each($4) j WHERE 1 = 1
ON CONFLICT (consumer, finding) DO UPDATE SET seq = excluded.seq`, string(c), time.Now().UnixMicro(), database.Millis(at), string(ids))
	return err
}

// NoteAll notes for one consumer that it must be told of all findings.
func NoteAll(ctx context.Context, tx *database.Tx, c store.Consumer, at time.Time) error {
	if err := tx.MustBeAlone(); err != nil { // of the last number it gives out the next
		return err
	}
	_, err := tx.ExecContext(ctx, `
INSERT INTO outbox (consumer, finding, seq, at, deleted)
SELECT $1, id, `+greatest+` + row_number() OVER (ORDER BY id), $3, 0 FROM findings WHERE 1 = 1
ON CONFLICT (consumer, finding) DO UPDATE SET seq = excluded.seq`, string(c), time.Now().UnixMicro(), database.Millis(at))
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
VALUES ($1, $3, `+greatest+` + 1, $4, $5)
ON CONFLICT (consumer, finding) DO UPDATE SET seq = excluded.seq,
  deleted = CASE WHEN excluded.deleted > outbox.deleted THEN excluded.deleted ELSE outbox.deleted END`,
			string(c), time.Now().UnixMicro(), finding, database.Millis(at), deleted); err != nil {
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

// Settle notes in a transaction that a consumer was told, and returns what it was told that
// had not been settled. A finding that has changed since Pending returned it stays.
func Settle(ctx context.Context, tx *database.Tx, c store.Consumer, told []store.Pending) (settled []store.Pending, err error) {
	if len(told) == 0 {
		return nil, nil
	}
	of, last := make(map[string]int64, len(told)), int64(0)
	for i := range told {
		of[told[i].Finding] = told[i].Seq
		last = max(last, told[i].Seq)
	}
	list, err := json.Marshal(of)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, `
INSERT INTO outbox_told (consumer, seq) VALUES ($1, $2)
ON CONFLICT (consumer) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > outbox_told.seq`, string(c), last); err != nil {
		return nil, err
	}
	row := "rowid" // where the row lies, by which it is deleted without being looked for again
	if tx.Dialect == database.Postgres {
		row = "ctid"
	}
	return database.Collect(ctx, tx, func(r *sql.Rows) (p store.Pending, err error) {
		err = r.Scan(&p.Seq, &p.Finding, &p.Deleted)
		return p, err
	}, `DELETE FROM outbox WHERE `+row+` IN (
  SELECT o.`+row+` FROM json_each($2) j CROSS JOIN outbox o ON o.consumer = $1 AND o.finding = j.key AND o.seq = CAST(j.value AS BIGINT))
RETURNING seq, finding, deleted`, string(c), string(list))
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
