package review

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Freeze records the members of a batch, some at a time, so that nobody waits long.
func (s *Store) Freeze(ctx context.Context, b desk.Batch, sight qianshao.Sight, findings []string) (desk.Batch, error) {
	findings = slices.Clone(findings)
	slices.Sort(findings)
	findings = slices.Compact(findings)
	b.State, b.Members = desk.BatchFreezing, 0
	err := s.db.Update(ctx, database.Durable, "begin a batch in", func(tx *database.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) + 1 FROM batches`).Scan(&b.ID); err != nil {
			return err
		}
		return putBatch(ctx, tx, &b)
	})
	if err != nil {
		return desk.Batch{}, err
	}
	digest := sha256.New()
	for chunk := range slices.Chunk(findings, desk.BatchStep) {
		n, err := s.freezeSome(ctx, &b, sight, chunk, digest)
		if err != nil {
			return desk.Batch{}, err // DropUnused removes what is left
		}
		b.Members += n
	}
	if b.Members == 0 {
		err := s.db.Update(context.WithoutCancel(ctx), database.Ordered, "drop an empty batch from", func(tx *database.Tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM batches WHERE id = $1`, b.ID)
			return err
		})
		return desk.Batch{}, cmp.Or(err, desk.ErrNotFound)
	}
	b, err = s.ChangeBatch(ctx, b.ID, func(is *desk.Batch) error {
		is.Members, is.Digest, is.State = b.Members, hex.EncodeToString(digest.Sum(nil)), desk.BatchFrozen
		return nil
	})
	if err != nil {
		return desk.Batch{}, err
	}
	if err := s.keepPreview(ctx, b.ID); err != nil {
		return desk.Batch{}, err
	}
	return b, s.drop(ctx, `state = 'frozen' AND account = $1 AND id NOT IN (SELECT id FROM batches WHERE account = $1 AND state = 'frozen' ORDER BY id DESC LIMIT $2)`, b.By, desk.MaxFrozen)
}

// keepPreview counts a batch once, for all viewers. Counting takes a second if there are many members, so
// it is done outside a transaction: if a finding is deleted meanwhile, the empty row is removed (see
// Forget), and nothing is stored.
func (s *Store) keepPreview(ctx context.Context, id int64) error {
	err := s.db.Update(ctx, database.Ordered, "count a batch in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO batch_previews (batch, preview) VALUES ($1, '')`, id)
		return err
	})
	if err != nil {
		return err
	}
	counted, err := s.Campaigns.CountBatch(ctx, id)
	if err != nil {
		return err
	}
	text, err := json.Marshal(counted)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, database.Ordered, "count a batch in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE batch_previews SET preview = $2 WHERE batch = $1`, id, string(text))
		return err
	})
}

// freezeSome records members in their present state, and adds them to the digest.
func (s *Store) freezeSome(ctx context.Context, b *desk.Batch, sight qianshao.Sight, findings []string, digest hash.Hash) (n int, err error) {
	list, err := json.Marshal(findings)
	if err != nil {
		return 0, err
	}
	query, args := selectFrozen, []any{string(list)}
	if b.Review {
		query, args = query+` WHERE `+queue.IsDue+` AND s.seen = f.seen AND `+queue.ByOthers("$2"), append(args, b.By)
	}
	var members []frozen
	err = s.db.Update(ctx, database.Ordered, "freeze a batch in", func(tx *database.Tx) (err error) {
		members, err = database.Collect(ctx, tx, scanFrozen, query, args...)
		if err != nil {
			return err
		}
		members = slices.DeleteFunc(members, func(m frozen) bool { return !sight.Sees(m.authorisation) })
		rows := make([][]any, len(members))
		for i := range members {
			m := &members[i]
			rows[i] = []any{b.ID, m.Finding, m.Seen, m.Basis, string(m.Verdict)}
		}
		return trail.InsertRows(ctx, tx, `INSERT INTO batch_members (batch, finding, seen, basis, verdict)`, 5, rows, "")
	})
	if err != nil {
		return 0, err
	}
	slices.SortFunc(members, func(x, y frozen) int { return strings.Compare(x.Finding, y.Finding) })
	for i := range members {
		addToDigest(digest, &members[i].Member)
	}
	return len(members), nil
}

// selectFrozen reads the frozen values of findings. Like the queries of members of batches, it reads an
// index: rows of findings contain their evidence, which would take twice as long.
const selectFrozen = `SELECT f.id, f.seen, f.authorisation, coalesce(s.act, 0), coalesce(s.verdict, ''), coalesce(s.seen, '')
FROM json_each($1) j CROSS JOIN findings f INDEXED BY findings_desk ON f.id = j.value LEFT JOIN standings s ON s.subject = f.id AND s.subject_kind = 'finding'`

// addToDigest adds a member to its batch's digest. Members are added in ascending order of their findings.
func addToDigest(digest hash.Hash, m *desk.Member) {
	fmt.Fprintf(digest, "%s %s\n", m.Finding, m.Seen)
}

// frozen is a member with its authorisation, for the check of sight.
type frozen struct {
	desk.Member
	authorisation string
}

// scanFrozen reads a member. A verdict on content that has changed since does not count.
func scanFrozen(r *sql.Rows) (m frozen, err error) {
	var judged string
	err = r.Scan(&m.Finding, &m.Seen, &m.authorisation, &m.Basis, &m.Verdict, &judged)
	if judged != m.Seen {
		m.Verdict = ""
	}
	return m, err
}

// DropUnused removes the batches without an order that were frozen before a given time, or that a process
// began to freeze before it and did not finish.
func (s *Store) DropUnused(ctx context.Context, before time.Time) error {
	return s.drop(ctx, `state IN ('frozen', 'freezing') AND at < $1`, trail.Millis(before))
}

// drop removes the batches that meet a condition, some members at a time. The last batch stays: the next ID
// must be above it, so that none is used twice.
func (s *Store) drop(ctx context.Context, condition string, args ...any) error {
	err := s.db.Update(ctx, database.Ordered, "drop unused batches from", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE batches SET state = 'dropped' WHERE id < (SELECT max(id) FROM batches) AND `+condition, args...)
		return err
	})
	if err != nil {
		return err
	}
	for more := true; more; {
		err := s.db.Update(ctx, database.Ordered, "drop unused batches from", func(tx *database.Tx) error {
			n, err := database.ChangedRows(tx.ExecContext(ctx, `
DELETE FROM batch_members WHERE (batch, finding) IN (SELECT m.batch, m.finding FROM batches b JOIN batch_members m ON m.batch = b.id
  WHERE b.state = 'dropped' LIMIT $1)`, desk.BatchStep))
			if more = n > 0; err != nil || more {
				return err
			}
			_, err = tx.ExecContext(ctx, `DELETE FROM batches WHERE state = 'dropped'`)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func putBatch(ctx context.Context, tx *database.Tx, b *desk.Batch) error {
	ordered := ""
	if b.Order != nil {
		text, err := json.Marshal(b.Order)
		if err != nil {
			return err
		}
		ordered = string(text)
	}
	_, err := tx.ExecContext(ctx, `
INSERT INTO batches (id, account, at, query, campaign, members, digest, state, ordered, progress, done_at, undone_by, undo_words, review)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (id) DO UPDATE SET members = excluded.members, digest = excluded.digest, state = excluded.state, ordered = excluded.ordered,
  progress = excluded.progress, done_at = excluded.done_at, undone_by = excluded.undone_by, undo_words = excluded.undo_words`,
		b.ID, b.By, trail.Millis(b.At), b.Query, b.Campaign, b.Members, b.Digest, string(b.State), ordered, b.Progress, trail.Millis(b.Done), b.UndoneBy, b.UndoWords, b.Review)
	return err
}

const selectBatches = `SELECT id, account, at, query, campaign, members, digest, state, ordered, progress, done_at, undone_by, undo_words, review FROM batches`

func scanBatch(r *sql.Rows) (b desk.Batch, err error) {
	var at, done int64
	var ordered string
	if err = r.Scan(&b.ID, &b.By, &at, &b.Query, &b.Campaign, &b.Members, &b.Digest, &b.State, &ordered, &b.Progress, &done, &b.UndoneBy, &b.UndoWords, &b.Review); err != nil {
		return b, err
	}
	b.At, b.Done = trail.Moment(at), trail.Moment(done)
	if ordered != "" {
		err = json.Unmarshal([]byte(ordered), &b.Order)
	}
	return b, err
}

func batch(ctx context.Context, db trail.Reader, id int64) (desk.Batch, error) {
	list, err := database.Collect(ctx, db, scanBatch, selectBatches+` WHERE id = $1`, id)
	if err != nil {
		return desk.Batch{}, err
	}
	if len(list) == 0 {
		return desk.Batch{}, desk.ErrNotFound
	}
	return list[0], nil
}

// Batch returns a batch.
func (s *Store) Batch(ctx context.Context, id int64) (desk.Batch, error) {
	b, err := batch(ctx, s.db.Read, id)
	if isDesks(err) {
		return b, err
	}
	return b, s.db.Fail("read a batch from", err)
}

// Batches returns the batches of an account, or all for "", with an ID below before, the latest first, at
// most limit; 0 starts with the latest.
func (s *Store) Batches(ctx context.Context, by string, before int64, limit int) ([]desk.Batch, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	where, args := ` WHERE id < $1`, []any{before, limit}
	if by != "" {
		where, args = where+` AND account = $3`, append(args, by)
	}
	list, err := database.Collect(ctx, s.db.Read, scanBatch, selectBatches+where+` AND state NOT IN ('freezing', 'dropped') ORDER BY id DESC LIMIT $2`, args...)
	return list, s.db.Fail("read batches from", err)
}

const selectBatchesOf = selectBatches + ` INDEXED BY batches_campaign WHERE campaign <> '' AND campaign IN (SELECT value FROM json_each($1)) AND ordered <> ''`

// BatchesOf returns the ordered batches of a campaign, by any of its ids, of an account or all for ""; the
// latest first, at most limit.
func (s *Store) BatchesOf(ctx context.Context, by string, campaigns []string, limit int) ([]desk.Batch, error) {
	ids, err := json.Marshal(campaigns)
	if err != nil {
		return nil, err
	}
	query, args := selectBatchesOf, []any{string(ids), limit}
	if by != "" {
		query, args = query+` AND account = $3`, append(args, by)
	}
	list, err := database.Collect(ctx, s.db.Read, scanBatch, query+` ORDER BY id DESC LIMIT $2`, args...)
	return list, s.db.Fail("read batches of a campaign from", err)
}

// Unfinished returns the batches that are being applied or undone.
func (s *Store) Unfinished(ctx context.Context) ([]int64, error) {
	list, err := database.Collect(ctx, s.db.Read, database.ScanValue[int64], `SELECT id FROM batches WHERE state IN ('applying', 'undoing') ORDER BY id`)
	return list, s.db.Fail("read batches from", err)
}

// ChangeBatch applies change to a batch in one transaction.
func (s *Store) ChangeBatch(ctx context.Context, id int64, change func(*desk.Batch) error) (b desk.Batch, err error) {
	err = s.update(ctx, "change a batch in", func(tx *database.Tx) error {
		var err error
		if b, err = batch(ctx, tx, id); err != nil {
			return err
		}
		if err := change(&b); err != nil {
			return err
		}
		return putBatch(ctx, tx, &b)
	})
	if err != nil {
		return desk.Batch{}, err
	}
	return b, nil
}

// Step processes the next members of a batch, in one transaction.
func (s *Store) Step(ctx context.Context, id int64, limit int, now time.Time, judge func(*desk.Batch, []desk.MemberState) ([]desk.Outcome, error)) (more bool, err error) {
	err = s.update(ctx, "work on a batch in", func(tx *database.Tx) error {
		more = false
		b, err := batch(ctx, tx, id)
		if err != nil {
			return err
		}
		if b.State != desk.BatchApplying && b.State != desk.BatchUndoing {
			return nil
		}
		members, err := nextMembers(ctx, tx, &b, limit)
		if err != nil {
			return err
		}
		outcomes, err := judge(&b, members)
		if err != nil {
			return err
		}
		if err := putOutcomes(ctx, tx, &b, members, outcomes); err != nil {
			return err
		}
		if more = len(members) == limit; more {
			b.Progress = members[limit-1].Finding
		} else {
			b.Progress = ""
			finish(&b, now)
		}
		return putBatch(ctx, tx, &b)
	})
	return more && err == nil, err
}

func finish(b *desk.Batch, now time.Time) {
	if b.State == desk.BatchUndoing {
		b.State = desk.BatchUndone
		return
	}
	b.State, b.Done = desk.BatchApplied, now
}

const selectNext = `SELECT m.finding, m.seen, m.basis, m.verdict, m.act, m.skipped, m.undone, m.kept, f.id IS NOT NULL,
  coalesce(f.seen, ''), coalesce(f.back_at, 0), coalesce(f.authorisation, ''), coalesce(f.level, 0)
FROM batch_members m LEFT JOIN findings f INDEXED BY findings_desk ON f.id = m.finding WHERE m.batch = $1 AND m.finding > $2 ORDER BY m.finding LIMIT $3`

// nextMembers reads the members after a batch's progress, with the states of their findings.
func nextMembers(ctx context.Context, tx *database.Tx, b *desk.Batch, limit int) ([]desk.MemberState, error) {
	members, err := database.Collect(ctx, tx, scanMemberState, selectNext, b.ID, b.Progress, limit)
	if err != nil || len(members) == 0 {
		return nil, err
	}
	acts, err := database.Collect(ctx, tx, trail.ScanAct, trail.SelectActs+` JOIN batch_members m ON a.subject = m.finding AND a.subject_kind = 'finding'
WHERE m.batch = $1 AND m.finding > $2 AND m.finding <= $3 AND `+trail.SinceDeletion+` ORDER BY a.subject, a.seq`, b.ID, b.Progress, members[len(members)-1].Finding)
	if err != nil {
		return nil, err
	}
	for i := range members {
		n := 0
		for n < len(acts) && acts[n].Subject.ID == members[i].Finding {
			n++
		}
		if members[i].State != nil {
			members[i].State.Acts = slices.Clip(acts[:n])
		}
		acts = acts[n:]
	}
	return members, nil
}

func scanMemberState(r *sql.Rows) (m desk.MemberState, err error) {
	var there bool
	var back int64
	var authorisation string
	var st desk.State
	err = r.Scan(&m.Finding, &m.Seen, &m.Basis, &m.Verdict, &m.Act, &m.Skipped, &m.Undone, &m.Kept, &there, &st.Seen, &back, &authorisation, &st.Level)
	if there {
		st.BackAt, st.Authorisations = trail.Moment(back), []string{authorisation}
		m.State = &st
	}
	return m, err
}

// putOutcomes adds the acts that the rules produced to the trail, and records the outcomes of the members.
func putOutcomes(ctx context.Context, tx *database.Tx, b *desk.Batch, members []desk.MemberState, outcomes []desk.Outcome) error {
	var acts []qianshao.Act
	for i := range outcomes {
		if outcomes[i].Act.Kind != "" {
			acts = append(acts, outcomes[i].Act)
		}
	}
	if err := trail.Append(ctx, tx, acts); err != nil {
		return err
	}
	var at time.Time
	if len(acts) > 0 {
		at = acts[0].At
	}
	var standings []trail.Standing
	rows := make([][]any, len(members))
	for i := range members {
		m, o := &members[i], &outcomes[i]
		var seq int64
		if o.Act.Kind != "" {
			seq = acts[0].Seq
			standings = append(standings, trail.Standing{Subject: acts[0].Subject, Standing: desk.Replay(append(m.State.Acts, acts[0]))})
			acts = acts[1:]
		}
		note(b, &m.Member, seq, o.Skipped)
		rows[i] = []any{b.ID, m.Finding, m.Seen, m.Basis, string(m.Verdict), m.Act, string(m.Skipped), m.Undone, string(m.Kept)}
	}
	if err := campaigns.PutStandings(ctx, tx, standings, at); err != nil {
		return err
	}
	return trail.InsertRows(ctx, tx, `INSERT INTO batch_members (batch, finding, seen, basis, verdict, act, skipped, undone, kept)`, 9, rows,
		`ON CONFLICT (batch, finding) DO UPDATE SET act = excluded.act, skipped = excluded.skipped, undone = excluded.undone, kept = excluded.kept`)
}

// note records an outcome with its member.
func note(b *desk.Batch, m *desk.Member, seq int64, skipped desk.Skipped) {
	switch {
	case b.State == desk.BatchApplying:
		m.Act, m.Skipped = seq, skipped
	case m.Act != 0:
		m.Undone, m.Kept = seq, skipped
	case m.Skipped == "":
		m.Skipped = desk.SkippedUndone
	}
}

// inSight leaves out the members that an account no longer sees: its sight may have shrunk since it froze
// the batch. $2 says that it sees all, $3 are its authorisations. Deleted members stay: they were in its
// sight.
const inSight = `($2 = 1 OR NOT EXISTS (SELECT 1 FROM findings f INDEXED BY findings_desk WHERE f.id = m.finding AND f.authorisation NOT IN (SELECT value FROM json_each($3))))`

// Members returns members of a batch that the sight shows.
func (s *Store) Members(ctx context.Context, id int64, sight qianshao.Sight, passed bool, after string, limit int) ([]desk.Member, error) {
	authorisations, err := json.Marshal(append([]string{}, sight.Authorisations...))
	if err != nil {
		return nil, err
	}
	list, err := database.Collect(ctx, s.db.Read, func(r *sql.Rows) (m desk.Member, err error) {
		err = r.Scan(&m.Finding, &m.Seen, &m.Basis, &m.Verdict, &m.Act, &m.Skipped, &m.Undone, &m.Kept)
		return m, err
	}, `SELECT m.finding, m.seen, m.basis, m.verdict, m.act, m.skipped, m.undone, m.kept FROM batch_members m
WHERE m.batch = $1 AND `+inSight+` AND m.finding > $4 AND ($5 = 0 OR m.skipped <> '' OR m.kept <> '') ORDER BY m.finding LIMIT $6`,
		id, sight.All, string(authorisations), after, passed, limit)
	return list, s.db.Fail("read a batch from", err)
}

// BatchDue says whether a decision of the batch waits for a second review.
func (s *Store) BatchDue(ctx context.Context, id int64) (bool, error) {
	return s.Campaigns.BatchDue(ctx, id)
}

// Preview returns the composition of a batch.
func (s *Store) Preview(ctx context.Context, id int64, sight qianshao.Sight) (desk.Preview, error) {
	return s.Campaigns.Preview(ctx, id, sight)
}

// Tally counts the outcomes of the members of a batch that the sight shows.
func (s *Store) Tally(ctx context.Context, id int64, sight qianshao.Sight) (desk.Tally, error) {
	authorisations, err := json.Marshal(append([]string{}, sight.Authorisations...))
	if err != nil {
		return desk.Tally{}, err
	}
	t := desk.Tally{Skipped: map[desk.Skipped]int{}, Kept: map[desk.Skipped]int{}}
	_, err = database.Collect(ctx, s.db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var done, undone bool
		var skipped, kept desk.Skipped
		var n int
		if err = r.Scan(&done, &skipped, &undone, &kept, &n); err != nil {
			return none, err
		}
		switch {
		case skipped != "":
			t.Skipped[skipped] += n
		case !done:
			t.Pending += n
		case undone:
			t.Undone += n
		default:
			t.Done += n
		}
		if kept != "" {
			t.Kept[kept] += n
		}
		return none, nil
	}, `SELECT m.act <> 0, m.skipped, m.undone <> 0, m.kept, count(*) FROM batch_members m WHERE m.batch = $1 AND `+inSight+` GROUP BY 1, 2, 3, 4`,
		id, sight.All, string(authorisations))
	return t, s.db.Fail("count a batch in", err)
}

// verifyBatchActs checks that the acts of batches and the members that they are on name each
// other, and that the acts are by who made the batch, or has undone it.
func verifyBatchActs(ctx context.Context, db trail.Reader, problem func(locales.Message)) error {
	_, err := database.Collect(ctx, db, func(r *sql.Rows) (none struct{}, err error) {
		var seq, batch int64
		if err = r.Scan(&seq, &batch); err == nil {
			problem(locales.M("acts.problem.batch_act", seq, batch))
		}
		return none, err
	}, `
SELECT a.seq, a.batch FROM acts a WHERE a.batch <> 0 AND NOT EXISTS (
  SELECT 1 FROM batches b JOIN batch_members m ON m.batch = b.id
  WHERE b.id = a.batch AND a.subject_kind = 'finding' AND m.finding = a.subject AND (
    a.kind <> 'undo' AND m.act = a.seq AND b.account = a.account OR
    a.kind = 'undo' AND m.undone = a.seq AND m.act = a.reverts AND b.undone_by = a.account)) ORDER BY a.seq`)
	if err != nil {
		return err
	}
	_, err = database.Collect(ctx, db, func(r *sql.Rows) (none struct{}, err error) {
		var seq, batch int64
		var finding string
		if err = r.Scan(&batch, &finding, &seq); err == nil {
			problem(locales.M("acts.problem.batch_member", batch, seq, finding))
		}
		return none, err
	}, `
SELECT m.batch, m.finding, m.act FROM batch_members m LEFT JOIN acts a ON a.seq = m.act
WHERE m.act <> 0 AND (a.batch = m.batch AND a.subject = m.finding AND a.kind <> 'undo') IS NOT TRUE
UNION ALL SELECT m.batch, m.finding, m.undone FROM batch_members m LEFT JOIN acts a ON a.seq = m.undone
WHERE m.undone <> 0 AND (a.batch = m.batch AND a.subject = m.finding AND a.kind = 'undo') IS NOT TRUE`)
	return err
}

// verifyBatches checks that the members of each batch are those that were frozen.
func (s *Store) verifyBatches(ctx context.Context, v *desk.Verified, problem func(locales.Message)) error {
	for before := int64(0); ; {
		list, err := s.Batches(ctx, "", before, 100)
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			digest, members, err := s.digestOf(ctx, list[i].ID)
			if err != nil {
				return err
			}
			now, err := s.Batch(ctx, list[i].ID)
			dropped := errors.Is(err, desk.ErrNotFound) || now.State == desk.BatchDropped // meanwhile
			if err != nil && !dropped {
				return err
			}
			if !dropped && (digest != list[i].Digest || members != list[i].Members) {
				problem(locales.M("acts.problem.members", list[i].ID))
			}
			v.Batches++
			before = list[i].ID
		}
	}
}

func (s *Store) digestOf(ctx context.Context, id int64) (digest string, members int, err error) {
	h := sha256.New()
	for after := ""; ; {
		list, err := s.Members(ctx, id, qianshao.SeeAll(), false, after, desk.BatchStep)
		if err != nil {
			return "", 0, err
		}
		for i := range list {
			addToDigest(h, &list[i])
			after = list[i].Finding
		}
		members += len(list)
		if len(list) < desk.BatchStep {
			return hex.EncodeToString(h.Sum(nil)), members, nil
		}
	}
}
