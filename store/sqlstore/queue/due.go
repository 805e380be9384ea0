package queue

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// IsDue is the condition on standings of findings, s, whose decision waits for a second review:
// desk.Standing.DueForReview.
const IsDue = `s.subject_kind = 'finding' AND s.verdict <> '' AND s.second <> '' AND s.reviews = 0`

// Due returns, by finding, who made the decision, for those whose decision waits for a second review.
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
	}, `SELECT s.subject, s.decided_by FROM (SELECT DISTINCT value FROM json_each($1)) j CROSS JOIN standings s ON s.subject = j.value WHERE `+IsDue, string(ids))
	return due, c.db.Fail("read what waits for a review in", err)
}

// BatchDue says whether a decision of a batch waits for a second review, or one that the batch had reviewed
// waits again because the review was undone.
func (c *Reader) BatchDue(ctx context.Context, id int64) (due bool, err error) {
	err = c.db.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM batch_members m JOIN batches b ON b.id = m.batch
JOIN standings s ON s.subject = m.finding AND (s.batch = m.batch OR b.review = 1 AND m.act <> 0) WHERE m.batch = $1 AND `+IsDue+`)`, id).Scan(&due)
	return due, c.db.Fail("read a batch from", err)
}

// Reviews says whether an account with that sight may review a member of a campaign: another account's
// decision waits for it, and this account has not reviewed it.
func (c *Reader) Reviews(ctx context.Context, sight qianshao.Sight, by, id string) (may bool, err error) {
	authorisations, err := json.Marshal(append([]string{}, sight.Authorisations...))
	if err != nil {
		return false, err
	}
	err = c.db.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM campaign_findings f CROSS JOIN standings s ON s.subject = f.finding
WHERE f.campaign = `+CampaignOf("$1")+` AND f.reviewing = 1 AND `+IsDue+` AND `+ByOthers("$2")+`
  AND ($3 = 1 OR f.authorisation IN (SELECT value FROM json_each($4))))`, id, by, sight.All, string(authorisations)).Scan(&may)
	return may, c.db.Fail("read what waits for a review in", err)
}

// ByOthers is the condition on standings of findings, s, decided by another account and not reviewed by
// this one. A review that was undone counts: by then the account had been shown the first verdict.
func ByOthers(account string) string {
	return `s.decided_by <> ` + account + ` AND NOT EXISTS (
  SELECT 1 FROM acts a WHERE a.subject = s.subject AND a.subject_kind = 'finding' AND a.kind = 'review' AND a.round = s.round AND a.account = ` + account + `)`
}

// PoliciesDue returns those of the campaigns, by any of their ids, with a finding decided by a policy that
// waits for a second review.
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
  WHERE f.campaign = `+CampaignOf("j.value")+` AND f.reviewing = 1 AND `+IsDue+` AND CAST(a.detail ->> '$.policy' AS BIGINT) > 0)`, string(ids))
	return due, c.db.Fail("read what waits for a review in", err)
}
