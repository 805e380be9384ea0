package queue

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Standings returns the standings of the findings with acts. They include decisions that wait for a second
// review: ask DueForReview before showing them to people.
func (c *Reader) Standings(ctx context.Context, findings []string) (map[string]desk.Standing, error) {
	ids, err := json.Marshal(findings)
	if err != nil {
		return nil, err
	}
	list, err := database.Collect(ctx, c.db.Read, trail.ScanStanding, `SELECT `+trail.StandingColumns+`
FROM (SELECT DISTINCT value FROM json_each($1)) j CROSS JOIN standings ON subject = j.value AND subject_kind = 'finding'`, string(ids))
	standings := make(map[string]desk.Standing, len(list))
	for i := range list {
		standings[list[i].Subject.ID] = list[i].Standing
	}
	return standings, c.db.Fail("read what stands in", err)
}

// CampaignsOf returns for each finding the ids of its campaigns, the primary one first. Findings that wait
// to be grouped have none.
func (c *Reader) CampaignsOf(ctx context.Context, findings []string) (map[string][]string, error) {
	ids, err := json.Marshal(findings)
	if err != nil {
		return nil, err
	}
	of := map[string][]string{}
	_, err = database.Collect(ctx, c.db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var finding, id string
		err = r.Scan(&finding, &id)
		of[finding] = append(of[finding], id)
		return none, err
	}, `SELECT m.finding, c.id FROM (SELECT DISTINCT value FROM json_each($1)) j CROSS JOIN campaign_members m ON m.finding = j.value
JOIN campaign_findings f ON f.finding = m.finding JOIN campaigns c ON c.campaign = m.campaign
GROUP BY m.finding, c.campaign, f.campaign ORDER BY m.finding, c.campaign = f.campaign DESC, min(m.place)`, string(ids))
	return of, c.db.Fail("read the campaigns of findings from", err)
}
