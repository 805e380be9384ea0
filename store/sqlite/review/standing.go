package review

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlite/database"
)

// subjectStanding is a row of standings.
type subjectStanding struct {
	subject  qianshao.Subject
	standing desk.Standing
}

const standingColumns = `subject_kind, subject, act, decided, decided_at, decided_by, batch, verdict, reason, seen, round, second, reviews, dissent,
  assignee, parked, parked_at, parked_until, parked_seen, parked_content, parked_relapse, parked_sites`

const updateStanding = `ON CONFLICT (subject, subject_kind) DO UPDATE SET act = excluded.act, decided = excluded.decided, decided_at = excluded.decided_at,
  decided_by = excluded.decided_by, batch = excluded.batch, verdict = excluded.verdict, reason = excluded.reason, seen = excluded.seen, round = excluded.round,
  second = excluded.second, reviews = excluded.reviews, dissent = excluded.dissent, assignee = excluded.assignee, parked = excluded.parked,
  parked_at = excluded.parked_at, parked_until = excluded.parked_until, parked_seen = excluded.parked_seen,
  parked_content = excluded.parked_content, parked_relapse = excluded.parked_relapse, parked_sites = excluded.parked_sites`

// putStandings writes what the acts of subjects come to.
func putStandings(ctx context.Context, tx *database.Tx, list []subjectStanding) error {
	rows := make([][]any, len(list))
	for i := range list {
		s := &list[i].standing
		rows[i] = []any{
			string(list[i].subject.Kind), list[i].subject.ID, s.Act, s.Decided, millis(s.At), s.By, s.Batch, string(s.Verdict), string(s.Reason), s.Seen,
			s.Round, string(s.Second), s.Reviews, s.Dissent, s.Assignee, s.Parked, millis(s.ParkedAt), millis(s.ParkedUntil), s.ParkedSeen,
			s.ParkedContent, s.ParkedRelapse, s.ParkedSites,
		}
	}
	if err := insertRows(ctx, tx, `INSERT INTO standings (`+standingColumns+`)`, 22, rows, updateStanding); err != nil {
		return err
	}
	return recountStandings(ctx, tx, list)
}

func scanStanding(r *sql.Rows) (x subjectStanding, err error) {
	s := &x.standing
	var at, parkedAt, until int64
	err = r.Scan(&x.subject.Kind, &x.subject.ID, &s.Act, &s.Decided, &at, &s.By, &s.Batch, &s.Verdict, &s.Reason, &s.Seen, &s.Round, &s.Second,
		&s.Reviews, &s.Dissent, &s.Assignee, &s.Parked, &parkedAt, &until, &s.ParkedSeen, &s.ParkedContent, &s.ParkedRelapse, &s.ParkedSites)
	s.At, s.ParkedAt, s.ParkedUntil = moment(at), moment(parkedAt), moment(until)
	return x, err
}

// replayAtATime subjects are read and written in one transaction while standings are rebuilt.
const replayAtATime = 1000

// exists holds for acts whose subject there is.
const exists = `(a.subject_kind <> 'finding' OR EXISTS (SELECT 1 FROM findings f WHERE f.id = a.subject))`

// replays yields what the acts of each subject come to, by subject ascending.
func replays(acts []qianshao.Act) iter.Seq[subjectStanding] {
	return func(yield func(subjectStanding) bool) {
		for start := 0; start < len(acts); {
			end := start + 1
			for end < len(acts) && acts[end].Subject == acts[start].Subject {
				end++
			}
			if !yield(subjectStanding{acts[start].Subject, desk.Replay(acts[start:end])}) {
				return
			}
			start = end
		}
	}
}

// RebuildStandings makes all standings anew from the acts, and returns their number. It may
// run beside a desk, and may be interrupted: what it has not come to is as it was.
func (s *Store) RebuildStandings(ctx context.Context) (count int, err error) {
	for after := (qianshao.Subject{}); ; {
		n, last, err := s.rebuildSome(ctx, after)
		if err != nil || last == after {
			return count, err
		}
		count += n
		after = last
	}
}

// rebuildSome makes the standings of the next subjects anew, in one transaction.
func (s *Store) rebuildSome(ctx context.Context, after qianshao.Subject) (n int, last qianshao.Subject, err error) {
	last = after
	err = s.db.Update(ctx, database.Ordered, "rebuild the standings of", func(tx *database.Tx) error {
		ids, err := nextSubjects(ctx, tx, after)
		if err != nil || len(ids) == 0 {
			return errors.Join(err, dropStandings(ctx, tx, after, qianshao.Subject{}))
		}
		last = ids[len(ids)-1]
		if err := dropStandings(ctx, tx, after, last); err != nil {
			return err
		}
		acts, err := actsBetween(ctx, tx, after, last)
		if err != nil {
			return err
		}
		var list []subjectStanding
		for x := range replays(acts) {
			list = append(list, x)
		}
		n = len(list)
		return putStandings(ctx, tx, list)
	})
	return n, last, err
}

// nextSubjects returns the next subjects of the trail after one.
func nextSubjects(ctx context.Context, db reader, after qianshao.Subject) ([]qianshao.Subject, error) {
	return database.Collect(ctx, db, func(r *sql.Rows) (x qianshao.Subject, err error) {
		err = r.Scan(&x.ID, &x.Kind)
		return x, err
	}, `SELECT DISTINCT subject, subject_kind FROM acts WHERE (subject, subject_kind) > ($1, $2) ORDER BY subject, subject_kind LIMIT $3`,
		after.ID, string(after.Kind), replayAtATime)
}

// actsBetween returns the acts of the subjects above one and up to another that count:
// those of a subject together, in their order.
func actsBetween(ctx context.Context, db reader, after, last qianshao.Subject) ([]qianshao.Act, error) {
	return database.Collect(ctx, db, scanAct, selectActs+`
WHERE (a.subject, a.subject_kind) > ($1, $2) AND (a.subject, a.subject_kind) <= ($3, $4) AND `+exists+` AND `+sinceDeletion+`
ORDER BY a.subject, a.subject_kind, a.seq`, after.ID, string(after.Kind), last.ID, string(last.Kind))
}

// dropStandings removes the standings of the subjects above one and up to another; the zero
// value is above all.
func dropStandings(ctx context.Context, tx *database.Tx, after, last qianshao.Subject) error {
	_, err := tx.ExecContext(ctx, `
DELETE FROM standings WHERE (subject, subject_kind) > ($1, $2) AND ($3 = '' OR (subject, subject_kind) <= ($3, $4))`,
		after.ID, string(after.Kind), last.ID, string(last.Kind))
	return err
}

// verifyAtATime acts are read at a time.
const verifyAtATime = 2000

// Verify checks the trail: that the numbers have no gap, that each act has the chain of
// what it says and of the one before, that the trail passes through a head that was kept
// (the zero value checks nothing), that it ends where it should, that the standings are
// what the acts come to, and that the batches have the members that were frozen. told is
// told of each problem. Acts and standings are read in one state of the database.
func (s *Store) Verify(ctx context.Context, kept desk.Head, told func(problem string)) (v desk.Verified, err error) {
	problem := func(format string, args ...any) {
		v.Problems++
		told(fmt.Sprintf(format, args...))
	}
	if err := s.db.Fail("verify the trail of", s.verifyActs(ctx, kept, &v, problem)); err != nil {
		return v, err
	}
	err = s.verifyBatches(ctx, &v, problem)
	return v, err
}

func (s *Store) verifyActs(ctx context.Context, kept desk.Head, v *desk.Verified, problem func(string, ...any)) error {
	tx, err := s.db.Read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it has changed nothing
	if err := verifyChain(ctx, tx, kept, v, problem); err != nil {
		return err
	}
	return verifyStandings(ctx, tx, v, problem)
}

func verifyChain(ctx context.Context, db reader, kept desk.Head, v *desk.Verified, problem func(string, ...any)) error {
	var last desk.Head
	for {
		acts, err := database.Collect(ctx, db, scanAct, selectActs+` WHERE a.seq > $1 ORDER BY a.seq LIMIT $2`, last.Seq, verifyAtATime)
		if err != nil {
			return err
		}
		for i := range acts {
			a := &acts[i]
			if a.Seq != last.Seq+1 {
				problem("acts %d to %d are missing", last.Seq+1, a.Seq-1)
			}
			if desk.Link(last.Chain, a) != a.Chain {
				problem("act %d is not as it was written, or one before it", a.Seq)
			}
			if a.Seq == kept.Seq && a.Chain != kept.Chain {
				problem("act %d has another chain than the head that was kept", a.Seq)
			}
			last = desk.Head{Seq: a.Seq, Chain: a.Chain}
			v.HeadAt = a.At
		}
		v.Acts += len(acts)
		if len(acts) < verifyAtATime {
			break
		}
	}
	v.Head = last
	var end desk.Head
	if err := db.QueryRowContext(ctx, `SELECT seq, chain FROM act_head WHERE id = 1`).Scan(&end.Seq, &end.Chain); err != nil {
		return err
	}
	if end != last {
		problem("the trail ends at act %d, and the database says at %d", last.Seq, end.Seq)
	}
	if kept.Seq > last.Seq {
		problem("the head that was kept is act %d, and the trail ends at %d", kept.Seq, last.Seq)
	}
	return nil
}

func verifyStandings(ctx context.Context, db reader, v *desk.Verified, problem func(string, ...any)) error {
	for after := (qianshao.Subject{}); ; {
		ids, err := nextSubjects(ctx, db, after)
		if err != nil {
			return err
		}
		var last qianshao.Subject
		if len(ids) > 0 {
			last = ids[len(ids)-1]
		}
		rows, err := database.Collect(ctx, db, scanStanding, `SELECT `+standingColumns+` FROM standings
WHERE (subject, subject_kind) > ($1, $2) AND ($3 = '' OR (subject, subject_kind) <= ($3, $4)) ORDER BY subject, subject_kind`,
			after.ID, string(after.Kind), last.ID, string(last.Kind))
		if err != nil {
			return err
		}
		have := map[qianshao.Subject]desk.Standing{}
		for _, row := range rows {
			have[row.subject] = row.standing
		}
		if len(ids) > 0 {
			acts, err := actsBetween(ctx, db, after, last)
			if err != nil {
				return err
			}
			for want := range replays(acts) {
				v.Standings++
				if is, ok := have[want.subject]; !ok || is != want.standing {
					problem("the standing of %s is not what its acts come to; run \"qianshao reindex\"", want.subject)
				}
				delete(have, want.subject)
			}
		}
		for subject := range have {
			problem("%s has a standing, and no act that counts; run \"qianshao reindex\"", subject)
		}
		if len(ids) == 0 {
			return nil
		}
		after = last
	}
}
