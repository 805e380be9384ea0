package queue

import (
	"context"

	"github.com/qianshao/qianshao/desk/campaign"
)

// Count returns how many campaigns a list has, but no more than limit: counting ends there.
// Category, Level, Kind and Assignee of the query count, After and Limit do not. It reads
// counters of single authorisations, so a level is that of one under which the rest holds.
func (c *Reader) Count(ctx context.Context, q campaign.Query, limit int) (n int, err error) {
	scopes := scopesOf(&q)
	if len(scopes) == 0 {
		return 0, nil
	}
	at, err := parsePosition("", c.now())
	if err != nil {
		return 0, err
	}
	s := &statement{at: at}
	category := Everything
	if q.Category != "" {
		category = string(q.Category)
	}
	distinct := ""
	if len(scopes) > 1 {
		distinct = "DISTINCT "
	}
	s.add(`SELECT count(*) FROM (SELECT %sq.campaign FROM campaign_counts q WHERE %s AND q.category = %s`, distinct, s.in("q.authorisation", scopes), s.arg(category))
	s.restrict(&q)
	s.add(` LIMIT %s)`, s.arg(limit))
	err = c.db.Read.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&n)
	return n, c.db.Fail("count a list of", err)
}
