package queue

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Count returns how many campaigns a list has, up to limit, where counting stops. It considers the query's
// Category, Level, Kind and Assignee, not After and Limit. It reads counters of single authorisations, so
// the level must occur under one that meets the other conditions.
func (c *Reader) Count(ctx context.Context, q campaign.Query, limit int) (n int, err error) {
	scopes := scopesOf(&q)
	if len(scopes) == 0 {
		return 0, nil
	}
	at, err := parsePosition("", campaign.SortQueue, c.now())
	if err != nil {
		return 0, err
	}
	s := selectCount(&q, scopes, at, limit)
	err = c.db.Read.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&n)
	return n, c.db.Fail("count a list of", err)
}

// maxRead bounds the counters read for a tally. No index contains levels: finding the few high ones of a
// million would read them all.
const maxRead = 2 * campaign.MaxTally

// Tallies counts a list narrowed in several ways, by category and by level, in one statement; all queries
// share their other filters.
func (c *Reader) Tallies(ctx context.Context, queries []campaign.Query) ([]campaign.Tally, error) {
	tallies := make([]campaign.Tally, len(queries))
	if len(queries) == 0 || len(scopesOf(&queries[0])) == 0 {
		return tallies, nil
	}
	at, err := parsePosition("", campaign.SortQueue, c.now())
	if err != nil {
		return nil, err
	}
	s := &statement{at: at}
	s.tallies(queries)
	_, err = database.Collect(ctx, c.db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var i, found, read int
		if err = r.Scan(&i, &found, &read); err == nil {
			tallies[i] = campaign.Tally{N: min(found, campaign.MaxTally), More: found > campaign.MaxTally || read > maxRead}
		}
		return none, err
	}, s.text.String(), s.args...)
	return tallies, c.db.Fail("count a list of", err)
}

// tallies writes a query that counts the campaigns of each query, and the counters read. SQLite reads
// common table expressions only once if they are used several times.
func (s *statement) tallies(queries []campaign.Query) {
	first := &queries[0]
	s.add(`WITH claimed AS (%s), resting AS (%s), mine AS (%s), tasks AS (%s)`, s.claimed(first), s.resting(), s.assigned(first.By, "mine"), s.assigned(first.Assignee, "tasks"))
	s.shared = true
	for i, q := range queries {
		level, columns := q.Level, "q.campaign, 0 AS level" // the index contains it
		if level > qianshao.LevelInformational {
			columns, q.Level = "q.campaign, q.level", qianshao.LevelInformational
		}
		if i > 0 {
			s.add(` UNION ALL`)
		}
		s.add(` SELECT %d, count(DISTINCT campaign) FILTER (WHERE level >= %s), count(*) FROM (`, i, s.arg(int(level)))
		s.counters(&q, scopesOf(&q), columns, maxRead+1)
		s.add(`) x`)
	}
}

func selectCount(q *campaign.Query, scopes []string, at position, limit int) *statement {
	s := &statement{at: at}
	columns := "q.campaign"
	if len(scopes) > 1 {
		columns = "DISTINCT q.campaign"
	}
	s.add(`SELECT count(*) FROM (`)
	s.counters(q, scopes, columns, limit)
	s.add(`) x`)
	return s
}

// counters writes a query that reads a list's counters up to a limit, unordered.
func (s *statement) counters(q *campaign.Query, scopes []string, columns string, limit int) {
	s.at.few = true // it stops at its limit, however many there are
	s.add(`SELECT %s FROM campaign_counts q WHERE %s AND %s`, columns, s.in(unlessNamed(q)+"q.authorisation", scopes), s.of(unlessNamed(q)+"q.category", q.Category))
	s.restrict(q)
	if q.List == campaign.ListOpen && q.NewSince.IsZero() {
		s.add(` AND q.rank > 0`) // counters of rank 0 are skipped
	}
	s.add(` LIMIT %s`, s.arg(limit))
}

// Grown counts the visible members of campaigns that were first seen after a time: at most limit for each
// campaign. Campaigns without any are left out.
func (c *Reader) Grown(ctx context.Context, sight qianshao.Sight, ids []string, since time.Time, limit int) (map[string]int, error) {
	scopes := scopesOf(&campaign.Query{Sight: sight})
	grown := map[string]int{}
	if len(scopes) == 0 {
		return grown, nil
	}
	for _, id := range ids {
		s := &statement{}
		s.add(`SELECT count(*) FROM (SELECT 1 FROM campaign_members m WHERE m.campaign = (SELECT campaign FROM campaigns WHERE id = %s) AND m.first_seen > %s AND %s LIMIT %s) x`,
			s.arg(id), s.arg(database.Millis(since)), s.within("m.authorisation", scopes), s.arg(limit))
		var n int
		if err := c.db.Read.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&n); err != nil {
			return nil, c.db.Fail("count new members of a campaign in", err)
		}
		if n > 0 {
			grown[id] = n
		}
	}
	return grown, nil
}

// Waiting returns the member of a campaign to work on next in a list: the typical one if it is a reason for
// the campaign to be in the list, else another such member; of undecided ones the one overdue first.
// Without any, it is the typical one. Of the query only the account, its sight and the list matter.
func (c *Reader) Waiting(ctx context.Context, q campaign.Query, d *campaign.Details) (string, error) {
	why := map[campaign.List]string{
		campaign.ListRelapsed: `relapsed = 1`, campaign.ListReview: `reviewing = 1`, campaign.ListParked: `parked = 1`,
	}[q.List]
	order := ``
	if why == "" {
		why, order = `due IS NOT NULL`, `ORDER BY due`
	}
	for _, typical := range []bool{true, false} {
		s := &statement{}
		s.add(`SELECT f.finding FROM campaign_findings f WHERE %s AND campaign = (SELECT campaign FROM campaigns WHERE id = %s) AND %s`,
			why, s.arg(d.ID), s.within("authorisation", scopesOf(&campaign.Query{Sight: q.Sight})))
		if q.List == campaign.ListReview {
			s.add(` AND %s`, s.answerable(&q))
		}
		if typical {
			s.add(` AND finding = %s`, s.arg(d.Typical))
		} else {
			s.add(` %s`, order)
		}
		s.add(` LIMIT 1`)
		var finding string
		err := c.db.Read.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&finding)
		if !errors.Is(err, sql.ErrNoRows) {
			return finding, c.db.Fail("read what waits of a campaign in", err)
		}
	}
	return d.Typical, nil
}
