package queue

import (
	"context"
	"fmt"

	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Fault is a stored value that is wrong.
type Fault struct {
	// What is the counter, or the table.
	What string
	// Where is the campaign's number, or the finding's id.
	Where string
}

func (f Fault) String() string { return f.What + " of " + f.Where }

// MaxFaults bounds what Check returns.
const MaxFaults = 100

// checks compare stored data with its sources; each returns the differences.
var checks = []struct{ what, query string }{
	{"members and sites", `
SELECT c.campaign FROM campaigns c WHERE c.members <> (SELECT count(*) FROM campaign_members m WHERE m.campaign = c.campaign) OR c.members = 0
  OR c.owners <> (SELECT count(DISTINCT o.owner) FROM campaign_owners o WHERE o.campaign = c.campaign)
  OR c.shared <> CASE WHEN c.cap > 0 AND c.owners > c.cap THEN 1 ELSE 0 END
  OR c.oldest <> (SELECT m.finding FROM campaign_members m WHERE m.campaign = c.campaign ORDER BY m.first_seen, m.finding LIMIT 1)`},
	{"a member without its campaign", `
SELECT m.finding FROM campaign_members m WHERE NOT EXISTS (SELECT 1 FROM campaigns c WHERE c.campaign = m.campaign)
UNION ALL SELECT f.finding FROM campaign_findings f WHERE NOT EXISTS (SELECT 1 FROM campaign_members m WHERE m.finding = f.finding AND m.campaign = f.campaign)
UNION ALL SELECT f.finding FROM campaign_findings f WHERE NOT EXISTS (SELECT 1 FROM campaign_members m WHERE m.finding = f.finding AND m.campaign = f.block AND m.place = 0)`},
	{"a finding that is not there", `SELECT f.finding FROM campaign_findings f WHERE NOT EXISTS (SELECT 1 FROM findings e WHERE e.id = f.finding)`},
	{"sites", `
SELECT campaign FROM (
  SELECT m.campaign, f.owner, f.authorisation, count(*) FROM campaign_members m JOIN campaign_findings f ON f.finding = m.finding GROUP BY m.campaign, f.owner, f.authorisation
  EXCEPT SELECT campaign, owner, authorisation, members FROM campaign_owners) x
UNION ALL SELECT campaign FROM (
  SELECT campaign, owner, authorisation, members FROM campaign_owners
  EXCEPT SELECT m.campaign, f.owner, f.authorisation, count(*) FROM campaign_members m JOIN campaign_findings f ON f.finding = m.finding GROUP BY m.campaign, f.owner, f.authorisation) y`},
	{"blocks", `
SELECT campaign FROM (
  SELECT block AS campaign, shape, split, count(*) FROM campaign_findings GROUP BY block, shape, split
  EXCEPT SELECT campaign, shape, split, members FROM campaign_shapes) x
UNION ALL SELECT campaign FROM (
  SELECT campaign, shape, split, members FROM campaign_shapes WHERE members > 0
  EXCEPT SELECT block, shape, split, count(*) FROM campaign_findings GROUP BY block, shape, split) y`},
	{"counters", `
SELECT campaign FROM (` + Recounted + ` EXCEPT ` + stored + `) x UNION ALL SELECT campaign FROM (` + stored + ` EXCEPT ` + Recounted + `) y`},
}

const (
	stored = `SELECT campaign, authorisation, category, members, undecided, relapsed, parked, reviewing, level, score, first_seen, last_seen, due, rank FROM campaign_counts`
	sums   = `count(*), sum(undecided), sum(relapsed), sum(parked), sum(reviewing), max(level), max(score), min(first_seen), max(last_seen), min(due),
  CASE WHEN sum(undecided) > 0 THEN 2 ELSE 0 END + CASE WHEN sum(relapsed) > 0 THEN 1 ELSE 0 END FROM campaign_findings GROUP BY campaign`
	// Recounted is what campaign_counts should contain.
	Recounted = `SELECT * FROM (
  SELECT campaign, '*', '*', ` + sums + ` UNION ALL SELECT campaign, authorisation, '*', ` + sums + `, authorisation
  UNION ALL SELECT campaign, '*', category, ` + sums + `, category UNION ALL SELECT campaign, authorisation, category, ` + sums + `, authorisation, category) r`
)

// Check recounts the members of all campaigns and returns the differences from what is stored: about
// MaxFaults at most, none if all is well.
func (c *Reader) Check(ctx context.Context) (faults []Fault, err error) {
	for _, check := range checks {
		wrong, err := database.Collect(ctx, c.db.Read, database.ScanValue[string], check.query+fmt.Sprintf(" LIMIT %d", MaxFaults))
		if err != nil {
			return nil, c.db.Fail("verify the campaigns of", fmt.Errorf("%s: %w", check.what, err))
		}
		for _, where := range wrong {
			faults = append(faults, Fault{check.what, where})
		}
	}
	return faults, nil
}
