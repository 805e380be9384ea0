package review

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

const (
	// lookedThrough is how many acts are searched for those that a sight shows: 30 ms. Usually a page of
	// the trail is full by then.
	lookedThrough = 20_000
	// fewFindings is the greatest number of findings whose acts are all read: 0.1 s. An account that sees
	// more quickly finds its acts among all.
	fewFindings = 20_000
)

// latestOfSight returns the latest acts that meet the conditions and that a limited sight shows. It
// searches the latest acts of all; further back, where a million acts may contain nothing visible, it reads
// the acts of the sight's findings, if these are few.
func (s *Store) latestOfSight(ctx context.Context, q *desk.ActsQuery, c *conditions) ([]qianshao.Act, error) {
	list, err := s.latest(ctx, q, c, lookedThrough, fewFindings)
	return list, s.db.Fail("read the trail of", err)
}

func (s *Store) latest(ctx context.Context, q *desk.ActsQuery, c *conditions, looked, few int) ([]qianshao.Act, error) {
	all := conditions{slices.Clone(c.list), slices.Clone(c.args)}
	if err := all.seen(q); err != nil {
		return nil, err
	}
	through := func(c conditions, limit int) ([]qianshao.Act, error) {
		return database.Collect(ctx, s.db.Read, trail.ScanAct, c.query()+latestFirst, append(c.args, limit)...)
	}
	var at, seq int64
	err := s.db.Read.QueryRowContext(ctx, `SELECT a.at, a.seq FROM acts a WHERE `+c.all()+latestFirst+` OFFSET ?`, append(slices.Clip(c.args), 1, looked)...).Scan(&at, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return through(all, q.Limit)
	}
	if err != nil {
		return nil, err
	}
	list, err := through(all.with("(a.at, a.seq) > (?, ?)", at, seq), q.Limit)
	if err != nil || len(list) == q.Limit {
		return list, err
	}
	authorisations, err := json.Marshal(q.Sight.Authorisations)
	if err != nil {
		return nil, err
	}
	sees, err := s.seesAtMost(ctx, string(authorisations), few)
	if err != nil {
		return nil, err
	}
	back := func(c *conditions) conditions { return c.with("(a.at, a.seq) <= (?, ?)", at, seq) }
	var rest []qianshao.Act
	if sees {
		further := back(c)
		query, args := byFindings(q, &further, string(authorisations))
		rest, err = database.Collect(ctx, s.db.Read, trail.ScanAct, query, append(args, q.Limit-len(list))...)
	} else {
		rest, err = through(back(&all), q.Limit-len(list))
	}
	return append(list, rest...), err
}

// seesAtMost says whether there are at most that many findings under the authorisations.
func (s *Store) seesAtMost(ctx context.Context, authorisations string, most int) (few bool, err error) {
	err = s.db.Read.QueryRowContext(ctx, `SELECT count(*) <= $2 FROM (
  SELECT 1 FROM findings INDEXED BY findings_authorisation WHERE authorisation IN (SELECT value FROM json_each($1)) LIMIT $2 + 1) f`, authorisations, most).Scan(&few)
	return few, err
}

// byFindings selects the acts that meet the conditions, on findings under the authorisations and on
// anything else that is visible; the latest first.
func byFindings(q *desk.ActsQuery, c *conditions, authorisations string) (query string, args []any) {
	others, seen := seenOthers(q, authorisations)
	query = trail.SelectColumns + ` FROM findings f INDEXED BY findings_authorisation CROSS JOIN acts a INDEXED BY acts_subject
  ON a.subject = f.id AND a.subject_kind = 'finding' WHERE f.authorisation IN (SELECT value FROM json_each(?)) AND ` + trail.SinceDeletion + ` AND ` + c.all() + `
UNION ALL ` + trail.SelectColumns + ` FROM acts a INDEXED BY acts_subject_kind WHERE a.subject_kind <> 'finding' AND (` + others + `) AND ` + c.all() + ` ORDER BY 2 DESC, 1 DESC LIMIT ?`
	return query, slices.Concat([]any{authorisations}, c.args, seen, c.args)
}

// with returns the conditions with one more.
func (c *conditions) with(condition string, args ...any) conditions {
	n := conditions{slices.Clone(c.list), slices.Clone(c.args)}
	n.add(condition, args...)
	return n
}
