package gauges

import (
	"context"
	"database/sql"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// TrailEnd returns the number of the last act.
func (c *Counter) TrailEnd(ctx context.Context) (seq int64, err error) {
	err = c.db.Read.QueryRowContext(ctx, `SELECT seq FROM act_head WHERE id = 1`).Scan(&seq)
	return seq, c.db.Fail("read the end of the trail of", err)
}

// counted is an act with its finding.
type counted struct {
	seq     int64
	finding string
	verdict qianshao.Verdict
	store.Decision
}

// Findings deleted since have no row, and are not counted. Decisions by a campaign's policy are nobody's
// work.
const selectDecisions = `
SELECT a.seq, a.subject, a.kind, a.verdict, f.level, a.at - f.first_seen FROM acts a CROSS JOIN campaign_findings f ON f.finding = a.subject
WHERE a.seq > $1 AND a.seq <= $2 AND a.subject_kind = 'finding' AND (a.kind = 'review' OR a.kind = 'decide' AND a.basis = 0)
  AND coalesce(CAST(nullif(a.detail, '') ->> '$.policy' AS BIGINT), 0) = 0
ORDER BY a.seq`

// Decisions returns the first decisions on findings, and the second reviews, among the acts with
// a number above after and up to last.
func (c *Counter) Decisions(ctx context.Context, after, last int64) ([]store.Decision, error) {
	list, err := database.Collect(ctx, c.db.Read, func(r *sql.Rows) (d counted, err error) {
		var waited int64
		err = r.Scan(&d.seq, &d.finding, &d.Kind, &d.verdict, &d.Level, &waited)
		d.Waited = time.Duration(max(0, waited)) * time.Millisecond // the clock may have been changed
		return d, err
	}, selectDecisions, after, last)
	if err != nil {
		return nil, c.db.Fail("read the decisions of", err)
	}
	decisions := make([]store.Decision, len(list))
	for i := range list {
		d := &list[i]
		if d.Kind == qianshao.ActReview {
			stood, err := c.verdictBefore(ctx, d)
			if err != nil {
				return nil, c.db.Fail("read what was reviewed in", err)
			}
			d.Agreed = stood == d.verdict
		}
		decisions[i] = d.Decision
	}
	return decisions, nil
}

// verdictBefore returns the verdict that an act was a review of.
func (c *Counter) verdictBefore(ctx context.Context, d *counted) (qianshao.Verdict, error) {
	acts, err := trail.ActsOf(ctx, c.db.Read, qianshao.Subject{Kind: qianshao.SubjectFinding, ID: d.finding})
	if err != nil {
		return "", err
	}
	before := 0
	for before < len(acts) && acts[before].Seq < d.seq {
		before++
	}
	standing := desk.Replay(acts[:before])
	return standing.Verdict, nil
}
