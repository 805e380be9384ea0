package review

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Do passes a subject's state to judge, and writes what it returns, in one durable transaction.
func (s *Store) Do(ctx context.Context, q desk.Question, judge func(*desk.State) (desk.Change, error)) (act qianshao.Act, err error) {
	err = s.update(ctx, "act on "+q.Subject.String()+" in", func(tx *database.Tx) error {
		st, err := state(ctx, tx, q)
		if err != nil {
			return err
		}
		change, err := judge(&st)
		if err != nil {
			return err
		}
		if !q.ClaimsAt.IsZero() {
			if err := forgetClaims(ctx, tx, q.ClaimsAt); err != nil {
				return err
			}
		}
		if change.Claim != nil {
			if err := putClaim(ctx, tx, q.Subject, *change.Claim); err != nil {
				return err
			}
		}
		act = change.Act
		if act.Seq != 0 || act.Kind == "" {
			return nil
		}
		written := []qianshao.Act{act}
		if err := trail.Append(ctx, tx, written); err != nil {
			return err
		}
		act = written[0]
		if err := s.Campaigns.Apply(ctx, tx, &act); err != nil {
			return err
		}
		standing := desk.Replay(append(st.Acts, act))
		return campaigns.PutStandings(ctx, tx, []trail.Standing{{Subject: q.Subject, Standing: standing}}, act.At)
	})
	if err != nil {
		return qianshao.Act{}, err
	}
	return act, nil
}

// update runs f in one durable transaction. The desk's own errors are returned unchanged: they do not
// concern the database.
func (s *Store) update(ctx context.Context, op string, f func(*database.Tx) error) error {
	var judged error
	err := s.db.Update(ctx, database.Durable, op, func(tx *database.Tx) error {
		judged = f(tx)
		return judged
	})
	if err != nil && isDesks(judged) {
		return judged
	}
	return err
}

func isDesks(err error) bool {
	var refusal *desk.Refusal
	return errors.Is(err, desk.ErrNotFound) || errors.Is(err, desk.ErrForbidden) || errors.Is(err, desk.ErrConflict) || errors.As(err, &refusal)
}

func actByKey(ctx context.Context, db trail.Reader, by, key string) (*qianshao.Act, error) {
	acts, err := database.Collect(ctx, db, trail.ScanAct, trail.SelectActs+` WHERE a.account = $1 AND a.client_key = $2 AND a.client_key <> ''`, by, key)
	if err != nil || len(acts) == 0 {
		return nil, err
	}
	return &acts[0], nil
}

// Look returns the present state of a subject.
func (s *Store) Look(ctx context.Context, q desk.Question) (desk.State, error) {
	st, err := state(ctx, s.db.Read, q)
	if err == nil && q.Subject.Kind == qianshao.SubjectCampaign {
		st.Former, err = database.Collect(ctx, s.db.Read, trail.ScanAct, trail.SelectActs+` WHERE a.subject_kind = 'campaign' AND a.subject <> $1
AND a.subject IN (SELECT id FROM campaign_names WHERE campaign = (`+queue.SelectCampaign+`)) ORDER BY a.seq`, q.Subject.ID)
	}
	if isDesks(err) {
		return st, err
	}
	return st, s.db.Fail("read "+q.Subject.String()+" from", err)
}

// Act returns an act of the trail.
func (s *Store) Act(ctx context.Context, seq int64) (qianshao.Act, error) {
	acts, err := database.Collect(ctx, s.db.Read, trail.ScanAct, trail.SelectActs+` WHERE a.seq = $1`, seq)
	if err != nil {
		return qianshao.Act{}, s.db.Fail("read the trail of", err)
	}
	if len(acts) == 0 {
		return qianshao.Act{}, desk.ErrNotFound
	}
	return acts[0], nil
}

// Record adds an act on a subject that is not reviewed.
func (s *Store) Record(ctx context.Context, act qianshao.Act) (qianshao.Act, error) {
	written := []qianshao.Act{act}
	err := s.db.Update(ctx, database.Durable, "record an act in", func(tx *database.Tx) error { return trail.Append(ctx, tx, written) })
	return written[0], err
}

// Acts returns visible acts. A limited account sees those on existing findings and campaigns in its sight
// (one member of a campaign is enough), on its authorisations, and its own exports.
func (s *Store) Acts(ctx context.Context, q desk.ActsQuery) ([]qianshao.Act, error) {
	if !q.Sight.All && len(q.Sight.Authorisations) == 0 {
		return nil, nil
	}
	var c conditions
	if err := c.filter(&q); err != nil {
		return nil, err
	}
	order := inOrder
	if q.Latest {
		order = latestFirst
		if q.Before != 0 {
			last, err := s.Act(ctx, q.Before)
			if err != nil {
				return nil, err
			}
			c.add("(a.at, a.seq) < (?, ?)", trail.Millis(last.At), last.Seq)
		}
		if !q.Sight.All {
			return s.latestOfSight(ctx, &q, &c)
		}
	}
	if err := c.seen(&q); err != nil {
		return nil, err
	}
	list, err := database.Collect(ctx, s.db.Read, trail.ScanAct, c.query()+order, append(c.args, q.Limit)...)
	return list, s.db.Fail("read the trail of", err)
}

const (
	inOrder     = ` ORDER BY a.seq LIMIT ?`
	latestFirst = ` ORDER BY a.at DESC, a.seq DESC LIMIT ?`
)

// conditions are the conditions on acts, with their parameters.
type conditions struct {
	list []string
	args []any
}

func (c *conditions) add(condition string, args ...any) {
	c.list = append(c.list, condition)
	c.args = append(c.args, args...)
}

func (c *conditions) query() string {
	return trail.SelectActs + ` WHERE ` + c.all()
}

func (c *conditions) all() string { return strings.Join(c.list, " AND ") }

// seen adds the conditions of visibility. The plus signs keep them from choosing an index, since most rows
// meet them.
func (c *conditions) seen(q *desk.ActsQuery) error {
	if q.Sight.All {
		if !q.Records {
			c.add("+a.subject_kind IN ('finding', 'campaign')")
		}
		return nil
	}
	authorisations, err := json.Marshal(q.Sight.Authorisations)
	if err != nil {
		return err
	}
	others, args := seenOthers(q, string(authorisations))
	c.add(`(+a.subject_kind = 'finding' AND EXISTS (SELECT 1 FROM findings f INDEXED BY findings_desk WHERE f.id = a.subject
  AND f.authorisation IN (SELECT value FROM json_each(?))) OR `+others+`) AND `+trail.SinceDeletion, append([]any{string(authorisations)}, args...)...)
	return nil
}

// seenOthers is the condition on acts that a limited account may see, apart from those on findings.
func seenOthers(q *desk.ActsQuery, authorisations string) (condition string, args []any) {
	condition, args = `+a.subject_kind = 'campaign' AND EXISTS (SELECT 1 FROM campaign_members m
  WHERE m.campaign = `+queue.CampaignOf("a.subject")+` AND m.authorisation IN (SELECT value FROM json_each(?)))`, []any{authorisations}
	if q.Records {
		condition += ` OR +a.subject_kind = 'authorisation' AND +a.subject IN (SELECT value FROM json_each(?)) OR +a.subject_kind = 'export' AND +a.account = ?`
		args = append(args, authorisations, q.Reader)
	}
	return condition, args
}

// filter adds the conditions that were asked for. Each has an index with the acts by time, except for the
// most frequent kinds of act and subject: these are quickly found among all acts, and the indexes leave
// them out.
func (c *conditions) filter(q *desk.ActsQuery) error {
	c.add("a.seq > ?", q.Since)
	kind, subject := "a.kind = ? AND a.kind <> 'decide'", "a.subject_kind = ? AND a.subject_kind <> 'finding'"
	if q.Kind == qianshao.ActDecide {
		kind = "a.kind = ?"
	}
	if q.SubjectKind == qianshao.SubjectFinding {
		subject = "a.subject_kind = ?"
	}
	for _, f := range []struct {
		condition, value string
	}{
		{"a.account = ?", q.By}, {kind, string(q.Kind)}, {subject, string(q.SubjectKind)},
		{"a.verdict = ? AND a.verdict <> ''", string(q.Verdict)}, // the index only contains acts with a verdict
	} {
		if f.value != "" {
			c.add(f.condition, f.value)
		}
	}
	if len(q.Subjects) > 0 {
		ids, err := json.Marshal(q.Subjects)
		if err != nil {
			return err
		}
		c.add("a.subject IN (SELECT value FROM json_each(?))", string(ids))
	}
	if !q.From.IsZero() {
		c.add("a.at >= ?", trail.Millis(q.From))
	}
	if !q.To.IsZero() {
		c.add("a.at < ?", trail.Millis(q.To))
	}
	return nil
}

// Due returns, by finding, who made the decision, for those whose decision waits for a second review.
func (s *Store) Due(ctx context.Context, findings []string) (map[string]string, error) {
	return s.Campaigns.Due(ctx, findings)
}

// PoliciesDue returns those of the campaigns with a finding decided by a policy that waits for a second
// review.
func (s *Store) PoliciesDue(ctx context.Context, campaigns []string) (map[string]bool, error) {
	return s.Campaigns.PoliciesDue(ctx, campaigns)
}

// Head returns the end of the trail, and the time of its last act; the zero time for an empty trail.
func (s *Store) Head(ctx context.Context) (h desk.Head, at time.Time, err error) {
	var last sql.NullInt64
	err = s.db.Read.QueryRowContext(ctx, `SELECT h.seq, h.chain, (SELECT a.at FROM acts a WHERE a.seq = h.seq) FROM act_head h WHERE h.id = 1`).Scan(&h.Seq, &h.Chain, &last)
	return h, trail.Moment(last.Int64), s.db.Fail("read the trail of", err)
}
