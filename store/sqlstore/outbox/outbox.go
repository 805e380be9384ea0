// Package outbox has the statements about the store's outbox: the changed findings that their consumers
// have yet to process. Whatever changes a finding adds it in the same transaction; a consumer settles what
// it has processed.
package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Changed adds a changed finding, for each consumer.
func Changed(ctx context.Context, tx *database.Tx, finding string, at time.Time) error {
	return note(ctx, tx, finding, at, 0)
}

// Deleted adds a deleted finding, for each consumer.
func Deleted(ctx context.Context, tx *database.Tx, finding string, at time.Time) error {
	return note(ctx, tx, finding, at, 1)
}

// Reviewed adds findings for the index, in one statement, because their verdicts or tasks or their
// campaigns have changed. Changes in campaigns are themselves the source of this.
func Reviewed(ctx context.Context, tx *database.Tx, findings []string, at time.Time) error {
	return Note(ctx, tx, store.ConsumerIndex, findings, at)
}

// greatest is a seq that no change of a consumer has exceeded, pending or settled. It is at least the
// clock, in microseconds, so that none is used twice if the database returns to an earlier state, after a
// power cut or from a backup: an index that has seen changes which the database has lost would refuse later
// ones.
const greatest = `max(max((SELECT coalesce(max(seq), 0) FROM outbox WHERE consumer = $1), (SELECT coalesce(max(seq), 0) FROM outbox_told WHERE consumer = $1)), CAST($2 AS BIGINT))`

// Note adds findings for one consumer, in one statement.
func Note(ctx context.Context, tx *database.Tx, c store.Consumer, findings []string, at time.Time) error {
	if len(findings) == 0 {
		return nil
	}
	if err := tx.MustBeAlone(); err != nil { // it gives out the next number after the last
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

// NoteAll adds all findings for one consumer.
func NoteAll(ctx context.Context, tx *database.Tx, c store.Consumer, at time.Time) error {
	if err := tx.MustBeAlone(); err != nil { // it gives out the next number after the last
		return err
	}
	_, err := tx.ExecContext(ctx, `
INSERT INTO outbox (consumer, finding, seq, at, deleted)
SELECT $1, id, `+greatest+` + row_number() OVER (ORDER BY id), $3, 0 FROM findings WHERE 1 = 1
ON CONFLICT (consumer, finding) DO UPDATE SET seq = excluded.seq`, string(c), time.Now().UnixMicro(), database.Millis(at))
	return err
}

// note adds a finding; one that is already pending moves to the end, so that settling what was read before
// does not settle the new change. Its time stays: it is when the wait began.
func note(ctx context.Context, tx *database.Tx, finding string, at time.Time, deleted int) error {
	if err := tx.MustBeAlone(); err != nil { // it gives out the next number after the last
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

// Pending returns the changed findings that a consumer has yet to process, in the order of their last
// change, after a Seq, at most limit.
func Pending(ctx context.Context, db *database.DB, c store.Consumer, after int64, limit int) ([]store.Pending, error) {
	list, err := database.Collect(ctx, db.Read, func(r *sql.Rows) (p store.Pending, err error) {
		err = r.Scan(&p.Seq, &p.Finding, &p.Deleted)
		return p, err
	}, `SELECT seq, finding, deleted FROM outbox WHERE consumer = $1 AND seq > $2 ORDER BY seq LIMIT $3`, string(c), after, limit)
	return list, db.Fail("read the outbox of", err)
}

// Settle records in a transaction that a consumer has processed findings, and returns those that had not
// been settled. A finding changed since Pending returned it stays pending.
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
	row := "rowid" // the row's address, so that deleting it needs no second search
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

// Backlog returns how much a consumer has yet to process. It reads the consumer's rows.
func Backlog(ctx context.Context, db *database.DB, c store.Consumer) (b store.Backlog, err error) {
	var oldest sql.NullInt64
	err = db.Read.QueryRowContext(ctx, `SELECT count(*), min(at) FROM outbox WHERE consumer = $1`, string(c)).Scan(&b.Findings, &oldest)
	if oldest.Valid {
		b.Oldest = database.FromMillis(oldest.Int64)
	}
	return b, db.Fail("count the outbox of", err)
}
