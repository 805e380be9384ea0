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

// Do hands judge what a subject is, and writes what it returns, in one durable transaction.
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

// update runs f in one durable transaction. The desk's own errors come back as they are:
// they say nothing of the database.
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

// Look returns what a subject is now.
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

// Record adds an act on what is not reviewed.
func (s *Store) Record(ctx context.Context, act qianshao.Act) (qianshao.Act, error) {
	written := []qianshao.Act{act}
	err := s.db.Update(ctx, database.Durable, "record an act in", func(tx *database.Tx) error { return trail.Append(ctx, tx, written) })
	return written[0], err
}

// Acts returns acts that may be seen. Who is limited sees those about findings and campaigns
// that there are (of a campaign, those who see a member), about their authorisations, and
// their own exports.
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

// conditions are those that acts have to meet, with their parameters.
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

// seen keeps to what may be seen. The plus signs keep its conditions from choosing an index:
// they hold for most rows.
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

// seenOthers holds for what who is limited may see besides findings.
func seenOthers(q *desk.ActsQuery, authorisations string) (condition string, args []any) {
	condition, args = `+a.subject_kind = 'campaign' AND EXISTS (SELECT 1 FROM campaign_members m
  WHERE m.campaign = `+queue.CampaignOf("a.subject")+` AND m.authorisation IN (SELECT value FROM json_each(?)))`, []any{authorisations}
	if q.Records {
		condition += ` OR +a.subject_kind = 'authorisation' AND +a.subject IN (SELECT value FROM json_each(?)) OR +a.subject_kind = 'export' AND +a.account = ?`
		args = append(args, authorisations, q.Reader)
	}
	return condition, args
}

// filter keeps to what is asked for. Each of its conditions has an index in which the acts
// stand by time, but for the most frequent kind of act and of subject: these are soon found
// among all acts, and the indexes are without them.
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
		{"a.verdict = ? AND a.verdict <> ''", string(q.Verdict)}, // the index has only acts with a verdict
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

// Due returns who made the decision, by finding, for those of the findings whose decision
// waits for a second review.
func (s *Store) Due(ctx context.Context, findings []string) (map[string]string, error) {
	return s.Campaigns.Due(ctx, findings)
}

// PoliciesDue returns those of the campaigns in which a finding that was decided by a policy
// waits for a second review.
func (s *Store) PoliciesDue(ctx context.Context, campaigns []string) (map[string]bool, error) {
	return s.Campaigns.PoliciesDue(ctx, campaigns)
}

// Head returns the end of the trail, and when its last act was; zero for an empty trail.
func (s *Store) Head(ctx context.Context) (h desk.Head, at time.Time, err error) {
	var last sql.NullInt64
	err = s.db.Read.QueryRowContext(ctx, `SELECT h.seq, h.chain, (SELECT a.at FROM acts a WHERE a.seq = h.seq) FROM act_head h WHERE h.id = 1`).Scan(&h.Seq, &h.Chain, &last)
	return h, trail.Moment(last.Int64), s.db.Fail("read the trail of", err)
}
