// Package gauges counts everything in a database for the metrics, without regard to what single accounts
// may see, and without reading the rows of findings, whose evidence is large.
package gauges

import (
	"context"
	"database/sql"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Counter counts in an open database. It is safe for concurrent use.
type Counter struct{ db *database.DB }

// New returns a counter.
func New(db *database.DB) *Counter { return &Counter{db: db} }

// Gauges returns the counts as of now. It reads some rows for each finding, URL and host:
// docs/performance.md has the times. The counts are not from one transaction.
func (c *Counter) Gauges(ctx context.Context, now time.Time) (g store.Gauges, err error) {
	for _, count := range []func(context.Context, *store.Gauges, time.Time) error{c.findings, c.answers, c.queue, c.frontier, c.authorisations, c.checks} {
		if err := count(ctx, &g, now); err != nil {
			return store.Gauges{}, c.db.Fail("count for the metrics in", err)
		}
	}
	return g, nil
}

const (
	countFindings = `SELECT category, level, authorisation, count(*) - count(gone_at), count(gone_at) FROM findings GROUP BY category, level, authorisation`
	// countAnswers counts the grouped findings that have a verdict. A decision that waits for a second
	// review (desk.Standing.DueForReview) is shown to nobody.
	countAnswers = `
SELECT f.category, CASE WHEN s.second <> '' AND s.reviews = 0 THEN $1 ELSE s.verdict END, count(*)
FROM standings s CROSS JOIN campaign_findings f ON f.finding = s.subject WHERE s.subject_kind = 'finding' AND s.verdict <> '' GROUP BY 1, 2`
	countSites = `SELECT count(*) FROM hosts h WHERE EXISTS (SELECT 1 FROM findings f WHERE f.host = h.host AND f.gone_at IS NULL)`
	countQueue = `
SELECT coalesce(sum(undecided), 0), count(*) FILTER (WHERE due <= $1), coalesce(sum(parked), 0), coalesce(sum(reviewing), 0), coalesce(sum(relapsed), 0),
  coalesce(min(CASE WHEN undecided = 1 THEN first_seen END), 0) FROM campaign_findings`
	// countRows are the rows of the queue: '*' is for all authorisations and categories, and a rank of
	// 2 has something undecided.
	countRows = `SELECT count(*) FROM campaign_counts WHERE authorisation = '*' AND category = '*' AND rank >= 2`
	countURLs = `
SELECT (SELECT count(*) FROM frontier), (SELECT count(*) FROM frontier WHERE due IS NOT NULL), (SELECT count(*) FROM frontier WHERE due IS NOT NULL AND due <= $1)`
	// countHosts counts hosts by the authorisation under which they were last visited, or will be.
	countHosts = `
SELECT authorisation, count(since), coalesce(min(since), 0), max(fetched_at) FROM (
  SELECT CASE WHEN h.authorisation <> '' THEN h.authorisation ELSE coalesce(
      (SELECT q.authorisation FROM frontier q WHERE q.host = h.host AND q.due IS NOT NULL ORDER BY q.due, q.depth LIMIT 1), '') END AS authorisation,
    CASE WHEN h.head_due > $1 OR h.next_at > $1 OR h.lease_until > $1 THEN NULL WHEN h.head_due < h.next_at THEN h.next_at ELSE h.head_due END AS since,
    h.fetched_at FROM hosts h WHERE h.aside = 0) n
GROUP BY authorisation`
)

func (c *Counter) findings(ctx context.Context, g *store.Gauges, _ time.Time) (err error) {
	g.Findings, err = database.Collect(ctx, c.db.Read, func(r *sql.Rows) (f store.FindingCount, err error) {
		err = r.Scan(&f.Category, &f.Level, &f.Authorisation, &f.Open, &f.Gone)
		return f, err
	}, countFindings)
	if err != nil {
		return err
	}
	return c.db.Read.QueryRowContext(ctx, countSites).Scan(&g.FlaggedSites)
}

// answers runs after findings: those without a verdict are the rest.
func (c *Counter) answers(ctx context.Context, g *store.Gauges, _ time.Time) error {
	g.Answers = map[qianshao.Category]map[qianshao.Answer]int{}
	for i := range g.Findings {
		f := &g.Findings[i]
		if g.Answers[f.Category] == nil {
			g.Answers[f.Category] = map[qianshao.Answer]int{}
		}
		g.Answers[f.Category][qianshao.AnswerNone] += f.Open + f.Gone
	}
	_, err := database.Collect(ctx, c.db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var category qianshao.Category
		var answer qianshao.Answer
		var n int
		if err = r.Scan(&category, &answer, &n); err != nil {
			return none, err
		}
		if of := g.Answers[category]; of != nil { // otherwise the finding is newer than the count
			of[answer] += n
			of[qianshao.AnswerNone] = max(0, of[qianshao.AnswerNone]-n)
		}
		return none, nil
	}, countAnswers, string(qianshao.AnswerReview))
	return err
}

func (c *Counter) queue(ctx context.Context, g *store.Gauges, now time.Time) error {
	q, oldest := &g.Queue, int64(0)
	if err := c.db.Read.QueryRowContext(ctx, countQueue, database.Millis(now)).Scan(&q.Undecided, &q.Overdue, &q.Parked, &q.Reviewing, &q.Relapsed, &oldest); err != nil {
		return err
	}
	q.Oldest = trail.Moment(oldest)
	return c.db.Read.QueryRowContext(ctx, countRows).Scan(&q.Campaigns)
}

func (c *Counter) frontier(ctx context.Context, g *store.Gauges, now time.Time) error {
	f, urls := &g.Frontier, 0
	if err := c.db.Read.QueryRowContext(ctx, countURLs, database.Millis(now)).Scan(&urls, &f.Waiting, &f.Due); err != nil {
		return err
	}
	f.Finished = urls - f.Waiting
	return nil
}

// authorisations counts by the authorisations of the register; anything under other authorisations
// is only in the totals.
func (c *Counter) authorisations(ctx context.Context, g *store.Gauges, now time.Time) (err error) {
	g.Authorisations, err = database.Collect(ctx, c.db.Read, func(r *sql.Rows) (a store.AuthorisationCount, err error) {
		err = r.Scan(&a.ID, &a.InForce)
		return a, err
	}, `SELECT id, valid_from <= $1 AND valid_until > $1 FROM authorisations ORDER BY id`, database.Millis(now))
	if err != nil {
		return err
	}
	byID := map[string]*store.AuthorisationCount{}
	for i := range g.Authorisations {
		byID[g.Authorisations[i].ID] = &g.Authorisations[i]
	}
	for i := range g.Findings {
		if a := byID[g.Findings[i].Authorisation]; a != nil {
			a.Open += g.Findings[i].Open
		}
	}
	_, err = database.Collect(ctx, c.db.Read, func(r *sql.Rows) (none struct{}, err error) {
		var authorisation string
		var due int
		var since, fetched int64
		if err = r.Scan(&authorisation, &due, &since, &fetched); err != nil {
			return none, err
		}
		f := &g.Frontier
		if due > 0 && (f.DueHosts == 0 || f.DueSince.After(database.FromMillis(since))) {
			f.DueSince = database.FromMillis(since)
		}
		f.DueHosts += due
		if a := byID[authorisation]; a != nil {
			a.DueHosts, a.LastPage = due, trail.Moment(fetched)
		}
		return none, nil
	}, countHosts, database.Millis(now))
	return err
}

func (c *Counter) checks(ctx context.Context, g *store.Gauges, _ time.Time) error {
	for table, check := range map[string]*store.Check{"evidence_checks": &g.Evidence, "act_checks": &g.Trail} {
		list, err := database.Collect(ctx, c.db.Read, func(r *sql.Rows) (k store.Check, err error) {
			var at int64
			err = r.Scan(&at, &k.Seq, &k.Problems)
			k.At = trail.Moment(at)
			return k, err
		}, `SELECT at, seq, problems FROM `+table+` WHERE id = 1`)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			*check = list[0]
		}
	}
	return nil
}

// KeepEvidenceCheck stores the result of a verification of the evidence archive as the last one.
func (c *Counter) KeepEvidenceCheck(ctx context.Context, k store.Check) error {
	return c.db.Update(ctx, database.Durable, "keep the check of the archive in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `
INSERT INTO evidence_checks (id, at, seq, problems) VALUES (1, $1, $2, $3)
ON CONFLICT (id) DO UPDATE SET at = excluded.at, seq = excluded.seq, problems = excluded.problems`, database.Millis(k.At), k.Seq, k.Problems)
		return err
	})
}
