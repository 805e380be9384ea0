package review

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// replayAtATime subjects are read and written in one transaction while standings are rebuilt.
const replayAtATime = 1000

// exists is the condition on acts whose subject exists and is reviewed; campaigns count as existing.
const exists = `(a.subject_kind = 'campaign' OR a.subject_kind = 'finding' AND EXISTS (SELECT 1 FROM findings f WHERE f.id = a.subject))`

// replays yields the standing that results from the acts of each subject, by subject ascending.
func replays(acts []qianshao.Act) iter.Seq[trail.Standing] {
	return func(yield func(trail.Standing) bool) {
		for start := 0; start < len(acts); {
			end := start + 1
			for end < len(acts) && acts[end].Subject == acts[start].Subject {
				end++
			}
			if !yield(trail.Standing{Subject: acts[start].Subject, Standing: desk.Replay(acts[start:end])}) {
				return
			}
			start = end
		}
	}
}

// RebuildStandings computes all standings anew from the acts, and returns their number. It may run beside a
// desk, and may be interrupted: the rest is then unchanged.
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

// rebuildSome rebuilds the standings of the next subjects, in one transaction.
func (s *Store) rebuildSome(ctx context.Context, after qianshao.Subject) (n int, last qianshao.Subject, err error) {
	err = s.db.Update(ctx, database.Ordered, "rebuild the standings of", func(tx *database.Tx) error {
		n, last = 0, after
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
		var list []trail.Standing
		for x := range replays(acts) {
			list = append(list, x)
		}
		n = len(list)
		return campaigns.PutStandings(ctx, tx, list, time.Now())
	})
	return n, last, err
}

// nextSubjects returns the subjects of the trail that follow one.
func nextSubjects(ctx context.Context, db trail.Reader, after qianshao.Subject) ([]qianshao.Subject, error) {
	return database.Collect(ctx, db, func(r *sql.Rows) (x qianshao.Subject, err error) {
		err = r.Scan(&x.ID, &x.Kind)
		return x, err
	}, `SELECT DISTINCT subject, subject_kind FROM acts WHERE (subject, subject_kind) > ($1, $2) ORDER BY subject, subject_kind LIMIT $3`,
		after.ID, string(after.Kind), replayAtATime)
}

// actsBetween returns the valid acts of the subjects after one and up to another: grouped by subject, in
// their order.
func actsBetween(ctx context.Context, db trail.Reader, after, last qianshao.Subject) ([]qianshao.Act, error) {
	return database.Collect(ctx, db, trail.ScanAct, trail.SelectActs+`
WHERE (a.subject, a.subject_kind) > ($1, $2) AND (a.subject, a.subject_kind) <= ($3, $4) AND `+exists+` AND `+trail.SinceDeletion+`
ORDER BY a.subject, a.subject_kind, a.seq`, after.ID, string(after.Kind), last.ID, string(last.Kind))
}

// dropStandings removes the standings of the subjects after one and up to another; the zero value is after
// all.
func dropStandings(ctx context.Context, tx *database.Tx, after, last qianshao.Subject) error {
	_, err := tx.ExecContext(ctx, `
DELETE FROM standings WHERE (subject, subject_kind) > ($1, $2) AND ($3 = '' OR (subject, subject_kind) <= ($3, $4))`,
		after.ID, string(after.Kind), last.ID, string(last.Kind))
	return err
}

// verifyAtATime acts are read at a time.
const verifyAtATime = 2000

// Verify checks the trail: that the numbers have no gap, that each act's chain follows from its
// content and the act before, that the trail passes through a head that was kept (the zero value
// checks nothing), that it ends where it should, that the standings follow from the acts, that acts
// and members of batches name each other, and that the batches have the members that were frozen.
// It calls told with each problem. Acts and standings are read in one state of the database.
func (s *Store) Verify(ctx context.Context, kept desk.Head, told func(locales.Speaker)) (v desk.Verified, err error) {
	problem := func(what locales.Message) {
		v.Problems++
		told(what)
	}
	if err := s.db.Fail("verify the trail of", s.verifyActs(ctx, kept, &v, problem)); err != nil {
		return v, err
	}
	err = s.verifyBatches(ctx, &v, problem)
	return v, err
}

func (s *Store) verifyActs(ctx context.Context, kept desk.Head, v *desk.Verified, problem func(locales.Message)) error {
	tx, err := s.db.Read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it only reads
	if err := verifyChain(ctx, tx, kept, v, problem); err != nil {
		return err
	}
	if err := verifyStandings(ctx, tx, v, problem); err != nil {
		return err
	}
	return verifyBatchActs(ctx, tx, problem)
}

func verifyChain(ctx context.Context, db trail.Reader, kept desk.Head, v *desk.Verified, problem func(locales.Message)) error {
	var last desk.Head
	for {
		acts, err := database.Collect(ctx, db, trail.ScanAct, trail.SelectActs+` WHERE a.seq > $1 ORDER BY a.seq LIMIT $2`, last.Seq, verifyAtATime)
		if err != nil {
			return err
		}
		for i := range acts {
			a := &acts[i]
			if a.Seq != last.Seq+1 {
				problem(locales.M("acts.problem.missing", last.Seq+1, a.Seq-1))
			}
			if desk.Link(last.Chain, a) != a.Chain {
				problem(locales.M("acts.problem.changed_before", a.Seq))
			}
			if a.Seq == kept.Seq && a.Chain != kept.Chain {
				problem(locales.M("acts.problem.other_chain", a.Seq))
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
		problem(locales.M("acts.problem.end", last.Seq, end.Seq))
	}
	if kept.Seq > last.Seq {
		problem(locales.M("acts.problem.short", kept.Seq, last.Seq))
	}
	return nil
}

func verifyStandings(ctx context.Context, db trail.Reader, v *desk.Verified, problem func(locales.Message)) error {
	for after := (qianshao.Subject{}); ; {
		ids, err := nextSubjects(ctx, db, after)
		if err != nil {
			return err
		}
		var last qianshao.Subject
		if len(ids) > 0 {
			last = ids[len(ids)-1]
		}
		rows, err := database.Collect(ctx, db, trail.ScanStanding, `SELECT `+trail.StandingColumns+` FROM standings
WHERE (subject, subject_kind) > ($1, $2) AND ($3 = '' OR (subject, subject_kind) <= ($3, $4)) ORDER BY subject, subject_kind`,
			after.ID, string(after.Kind), last.ID, string(last.Kind))
		if err != nil {
			return err
		}
		have := map[qianshao.Subject]desk.Standing{}
		for _, row := range rows {
			have[row.Subject] = row.Standing
		}
		if len(ids) > 0 {
			acts, err := actsBetween(ctx, db, after, last)
			if err != nil {
				return err
			}
			for want := range replays(acts) {
				v.Standings++
				if is, ok := have[want.Subject]; !ok || is != want.Standing {
					problem(locales.M("acts.problem.standing", want.Subject))
				}
				delete(have, want.Subject)
			}
		}
		for subject := range have {
			problem(locales.M("acts.problem.no_act", subject))
		}
		if len(ids) == 0 {
			return nil
		}
		after = last
	}
}
