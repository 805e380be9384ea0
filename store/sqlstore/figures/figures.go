// Package figures computes the figures of reports: findings, standings, sites, campaigns and rules, within
// a Sight. It reads each finding once, with its acts, and keeps nothing but counters; it does not even read
// who has acted.
package figures

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/queue"
)

// Reader counts in an open database. It is safe for concurrent use.
type Reader struct {
	db    *database.DB
	queue *queue.Reader
	now   func() time.Time
}

// New returns a reader; now is the clock, nil for time.Now.
func New(db *database.DB, now func() time.Time) *Reader {
	if now == nil {
		now = time.Now
	}
	return &Reader{db: db, queue: queue.New(db, now), now: now}
}

// Report counts a period, except what the store does not know: the unmonitored sites, and the changes of
// rules. An authorisation that the sight does not show, or that never existed, is store.ErrNotFound.
func (r *Reader) Report(ctx context.Context, q report.Query) (*report.Report, error) {
	if err := q.Period.Check(); err != nil {
		return nil, err
	}
	out := &report.Report{Query: q, Made: r.now().UTC().Truncate(time.Millisecond)}
	if err := r.report(ctx, out); err != nil {
		return nil, r.db.Fail("count the figures of a report in", err)
	}
	return out, nil
}

func (r *Reader) report(ctx context.Context, out *report.Report) error {
	s, err := scopeOf(&out.Query)
	if err != nil {
		return err
	}
	resting, err := r.queue.Resting(ctx)
	if err != nil {
		return err
	}
	tx, err := r.db.Read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it only reads
	if err := known(ctx, tx, out.Query.Authorisation); err != nil {
		return err
	}
	c := newCount(out, resting)
	if err := stream(ctx, tx, &s, window{c.before.from, c.now.to}, c.add); err != nil {
		return err
	}
	if c.pages, err = pages(ctx, tx, &s, c.now); err != nil {
		return err
	}
	if c.relapses, err = relapses(ctx, tx, &s, c.now); err != nil {
		return err
	}
	if c.relapsesBefore, err = relapses(ctx, tx, &s, c.before); err != nil {
		return err
	}
	c.fill(out)
	if err := titles(ctx, tx, c, out.Rules); err != nil {
		return err
	}
	return r.labels(ctx, s.sight, c, out.Campaigns)
}

// known says whether there is, or was, an authorisation; "" is accepted.
func known(ctx context.Context, tx *sql.Tx, id string) error {
	var there bool
	err := tx.QueryRowContext(ctx, `SELECT $1 = '' OR EXISTS (SELECT 1 FROM authorisations WHERE id = $1) OR EXISTS (SELECT 1 FROM findings WHERE authorisation = $1)`, id).Scan(&there)
	if err == nil && !there {
		err = fmt.Errorf("authorisation %s: %w", id, store.ErrNotFound)
	}
	return err
}

// scope says which findings count.
type scope struct {
	sight qianshao.Sight
	ids   string // of authorisations, in JSON; unused if the sight shows all
}

func scopeOf(q *report.Query) (s scope, err error) {
	s.sight = q.Sight
	if id := q.Authorisation; id != "" {
		if !q.Sight.Sees(id) {
			return s, fmt.Errorf("authorisation %s: %w", id, store.ErrNotFound)
		}
		s.sight = qianshao.Sight{Authorisations: []string{id}}
	}
	seen := slices.DeleteFunc(slices.Clone(s.sight.Authorisations), func(id string) bool { return id == "" })
	ids, err := json.Marshal(append([]string{}, seen...))
	s.ids = string(ids)
	return s, err
}

// sees is the condition on findings f; $1 are the ids.
func (s *scope) sees() string {
	if s.sight.All {
		return `$1 <> ''`
	}
	return `f.authorisation IN (SELECT value FROM json_each($1))`
}

// window is a time range in milliseconds: from the first to before the second.
type window struct{ from, to int64 }

func (w window) has(ms int64) bool { return w.from <= ms && ms < w.to }

// pages counts the pages of the findings that were first seen in a window.
func pages(ctx context.Context, tx *sql.Tx, s *scope, w window) (n int, err error) {
	err = tx.QueryRowContext(ctx, `SELECT count(DISTINCT f.page) FROM findings f INDEXED BY findings_figures
WHERE f.first_seen >= $2 AND f.first_seen < $3 AND `+s.sees(), s.ids, w.from, w.to).Scan(&n)
	return n, err
}

// relapses counts the findings that were gone and came back in a window, by site. A finding whose category
// has changed was not gone.
func relapses(ctx context.Context, tx *sql.Tx, s *scope, w window) (map[string]int, error) {
	sites := map[string]int{}
	_, err := database.Collect(ctx, tx, func(r *sql.Rows) (none struct{}, err error) {
		var site string
		var n int
		err = r.Scan(&site, &n)
		sites[site] = n
		return none, err
	}, `
SELECT coalesce(c.owner, f.host), count(DISTINCT h.id)
FROM finding_changes h CROSS JOIN findings f INDEXED BY findings_desk ON f.id = h.id LEFT JOIN campaign_findings c ON c.finding = f.id
WHERE h.at >= $2 AND h.at < $3 AND h.state = 'open' AND h.cause <> 'category' AND `+s.sees()+` GROUP BY 1`, s.ids, w.from, w.to)
	return sites, err
}

// titles gives rules the titles in their latest findings.
func titles(ctx context.Context, tx *sql.Tx, c *count, rules []report.Rule) error {
	for i := range rules {
		err := tx.QueryRowContext(ctx, `SELECT coalesce(CASE WHEN json_valid(finding) THEN finding ->> '$.title' END, '') FROM findings WHERE id = $1`,
			c.rules[rules[i].ID].last).Scan(&rules[i].Title)
		if err != nil {
			return err
		}
	}
	return nil
}

// labels gives campaigns their ids and labels; c.top has their numbers.
func (r *Reader) labels(ctx context.Context, sight qianshao.Sight, c *count, list []report.Campaign) (err error) {
	for i := range list {
		if list[i].ID, list[i].Label, err = r.queue.Named(ctx, sight, c.top[i]); err != nil {
			return err
		}
	}
	return nil
}
