package queue

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/qianshao/qianshao/store/sqlite/database"
)

// isDue holds for the standings of findings, s, whose decision waits for a second review:
// desk.Standing.DueForReview.
const isDue = `s.subject_kind = 'finding' AND s.verdict <> '' AND s.second <> '' AND s.reviews = 0`

// Due returns who made the decision, by finding, for those of the findings whose decision
// waits for a second review.
func (c *Reader) Due(ctx context.Context, findings []string) (map[string]string, error) {
	ids, err := json.Marshal(findings)
	if err != nil {
		return nil, err
	}
	due := map[string]string{}
	_, err = database.Collect(ctx, c.db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var finding, by string
		err = r.Scan(&finding, &by)
		due[finding] = by
		return none, err
	}, `SELECT s.subject, s.decided_by FROM (SELECT DISTINCT value FROM json_each($1)) j CROSS JOIN standings s ON s.subject = j.value WHERE `+isDue, string(ids))
	return due, c.db.Fail("read what waits for a review in", err)
}

// BatchDue says whether a decision of a batch waits for a second review.
func (c *Reader) BatchDue(ctx context.Context, id int64) (due bool, err error) {
	err = c.db.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM batch_members m JOIN standings s ON s.subject = m.finding AND s.batch = m.batch
WHERE m.batch = $1 AND `+isDue+`)`, id).Scan(&due)
	return due, c.db.Fail("read a batch from", err)
}

// PoliciesDue returns those of the campaigns, by any of their ids, in which a finding that was
// decided by a policy waits for a second review.
func (c *Reader) PoliciesDue(ctx context.Context, campaigns []string) (map[string]bool, error) {
	ids, err := json.Marshal(campaigns)
	if err != nil {
		return nil, err
	}
	due := map[string]bool{}
	_, err = database.Collect(ctx, c.db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var id string
		err = r.Scan(&id)
		due[id] = true
		return none, err
	}, `SELECT j.value FROM (SELECT DISTINCT value FROM json_each($1)) j WHERE EXISTS (
  SELECT 1 FROM campaign_findings f CROSS JOIN standings s ON s.subject = f.finding CROSS JOIN acts a ON a.seq = s.decided
  WHERE f.campaign = `+CampaignOf("j.value")+` AND f.reviewing = 1 AND `+isDue+` AND a.detail ->> '$.policy' > 0)`, string(ids))
	return due, c.db.Fail("read what waits for a review in", err)
}
