// Package trail has the rows of the trail of acts, and of the standings derived from it.
package trail

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Append gives acts their numbers and chain, and adds them to the trail. The head row
// is changed first: a database with several writers locks it, so that acts become visible
// in the order of their numbers.
func Append(ctx context.Context, tx *database.Tx, acts []qianshao.Act) error {
	if len(acts) == 0 {
		return nil
	}
	if err := tx.MustBeAlone(); err != nil {
		return err
	}
	var head desk.Head
	if err := tx.QueryRowContext(ctx, `UPDATE act_head SET seq = seq + $1 WHERE id = 1 RETURNING seq, chain`, len(acts)).Scan(&head.Seq, &head.Chain); err != nil {
		return err
	}
	seq := head.Seq - int64(len(acts))
	rows := make([][]any, len(acts))
	for i := range acts {
		a := &acts[i]
		seq++
		a.Seq = seq
		a.Chain = desk.Link(head.Chain, a)
		head.Chain = a.Chain
		rows[i] = []any{
			a.Seq, Millis(a.At), a.By, a.Key, a.Batch, string(a.Subject.Kind), a.Subject.ID, string(a.Kind), a.Basis, string(a.Verdict), string(a.Reason),
			a.Seen, a.Rules, Millis(a.Until), a.Reverts, a.Round, a.Detail, a.Chain,
		}
	}
	if err := InsertRows(ctx, tx, `INSERT INTO acts (`+actColumns+`)`, 18, rows, ""); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE act_head SET chain = $1 WHERE id = 1`, head.Chain)
	return err
}

// actColumns are all columns of acts, in the order of ScanAct.
const actColumns = `seq, at, account, client_key, batch, subject_kind, subject, kind, basis, verdict, reason, seen, rules, until, reverts, round, detail, chain`

// SelectColumns begins a query that joins acts, as a, with other tables; SelectActs begins a query
// of acts alone. ScanAct reads the rows of both.
const (
	SelectColumns = `SELECT a.seq, a.at, a.account, a.client_key, a.batch, a.subject_kind, a.subject, a.kind, a.basis, a.verdict, a.reason, a.seen, a.rules,
  a.until, a.reverts, a.round, a.detail, a.chain`
	SelectActs = SelectColumns + ` FROM acts a`
)

// ScanAct reads a row of SelectColumns.
func ScanAct(r *sql.Rows) (a qianshao.Act, err error) {
	var at, until int64
	err = r.Scan(&a.Seq, &at, &a.By, &a.Key, &a.Batch, &a.Subject.Kind, &a.Subject.ID, &a.Kind, &a.Basis, &a.Verdict, &a.Reason, &a.Seen, &a.Rules,
		&until, &a.Reverts, &a.Round, &a.Detail, &a.Chain)
	a.At, a.Until = Moment(at), Moment(until)
	return a, err
}

// SinceDeletion leaves out the acts about a deleted finding, if another one was found at the same place
// later.
const SinceDeletion = `a.seq > coalesce((SELECT max(d.acts) FROM deletions d WHERE d.finding = a.subject AND a.subject_kind = 'finding'), 0)`

// ActsOf returns all acts of a subject, in their order.
func ActsOf(ctx context.Context, db Reader, subject qianshao.Subject) ([]qianshao.Act, error) {
	return database.Collect(ctx, db, ScanAct, SelectActs+` WHERE a.subject = $1 AND a.subject_kind = $2 AND `+SinceDeletion+` ORDER BY a.seq`,
		subject.ID, string(subject.Kind))
}

// Reader runs queries: the pool of readers, or a transaction.
type Reader interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// Standing is a row of standings.
type Standing struct {
	Subject  qianshao.Subject
	Standing desk.Standing
}

// StandingColumns are the columns that ScanStanding reads.
const StandingColumns = `subject_kind, subject, act, decided, decided_at, decided_by, batch, verdict, reason, seen, round, second, reviews, dissent,
  assignee, parked, parked_at, parked_until, parked_seen, parked_content, parked_relapse, parked_sites`

const updateStanding = `ON CONFLICT (subject, subject_kind) DO UPDATE SET act = excluded.act, decided = excluded.decided, decided_at = excluded.decided_at,
  decided_by = excluded.decided_by, batch = excluded.batch, verdict = excluded.verdict, reason = excluded.reason, seen = excluded.seen, round = excluded.round,
  second = excluded.second, reviews = excluded.reviews, dissent = excluded.dissent, assignee = excluded.assignee, parked = excluded.parked,
  parked_at = excluded.parked_at, parked_until = excluded.parked_until, parked_seen = excluded.parked_seen,
  parked_content = excluded.parked_content, parked_relapse = excluded.parked_relapse, parked_sites = excluded.parked_sites`

// PutStandings writes the standings of subjects. Only campaigns.PutStandings may call it, which also counts
// the findings.
func PutStandings(ctx context.Context, tx *database.Tx, list []Standing) error {
	rows := make([][]any, len(list))
	for i := range list {
		s := &list[i].Standing
		rows[i] = []any{
			string(list[i].Subject.Kind), list[i].Subject.ID, s.Act, s.Decided, Millis(s.At), s.By, s.Batch, string(s.Verdict), string(s.Reason), s.Seen,
			s.Round, string(s.Second), s.Reviews, s.Dissent, s.Assignee, s.Parked, Millis(s.ParkedAt), Millis(s.ParkedUntil), s.ParkedSeen,
			s.ParkedContent, s.ParkedRelapse, s.ParkedSites,
		}
	}
	return InsertRows(ctx, tx, `INSERT INTO standings (`+StandingColumns+`)`, 22, rows, updateStanding)
}

// ScanStanding reads a row of StandingColumns.
func ScanStanding(r *sql.Rows) (x Standing, err error) {
	s := &x.Standing
	var at, parkedAt, until int64
	err = r.Scan(&x.Subject.Kind, &x.Subject.ID, &s.Act, &s.Decided, &at, &s.By, &s.Batch, &s.Verdict, &s.Reason, &s.Seen, &s.Round, &s.Second,
		&s.Reviews, &s.Dissent, &s.Assignee, &s.Parked, &parkedAt, &until, &s.ParkedSeen, &s.ParkedContent, &s.ParkedRelapse, &s.ParkedSites)
	s.At, s.ParkedAt, s.ParkedUntil = Moment(at), Moment(parkedAt), Moment(until)
	return x, err
}

// Moment is the time in a column where 0 is the zero time.
func Moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return database.FromMillis(ms)
}

// Millis is the value of a time in such a column.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return database.Millis(t)
}

// rowsAtATime rows are inserted by one statement. Statements are prepared and kept, so there is one for
// this many rows and one for a single row.
const rowsAtATime = 100

// InsertRows runs "INSERT INTO … VALUES (…), (…)" for all rows, with tail after it. The parameters have no
// numbers: the driver would search all of them by name for each.
func InsertRows(ctx context.Context, tx *database.Tx, head string, columns int, rows [][]any, tail string) error {
	row := "(?" + strings.Repeat(", ?", columns-1) + ")"
	many := head + " VALUES " + row + strings.Repeat(", "+row, rowsAtATime-1) + " " + tail
	for len(rows) >= rowsAtATime {
		if _, err := tx.ExecContext(ctx, many, slices.Concat(rows[:rowsAtATime]...)...); err != nil {
			return err
		}
		rows = rows[rowsAtATime:]
	}
	for _, args := range rows {
		if _, err := tx.ExecContext(ctx, head+" VALUES "+row+" "+tail, args...); err != nil {
			return err
		}
	}
	return nil
}
