package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/database"
)

// refreshHead recomputes the host's first URL after its frontier has changed.
const refreshHead = `
UPDATE hosts SET (head_due, head_depth) = (
  SELECT due, depth FROM frontier WHERE host = $1 AND due IS NOT NULL ORDER BY due, depth LIMIT 1)
WHERE host = $1`

// Add puts URLs in, due at once: their due time is 0, so that new URLs come
// before revisits. A URL that is known already is left as it is.
func (s *Store) Add(ctx context.Context, items []ingest.Item) error {
	if len(items) == 0 {
		return nil
	}
	return s.db.Update(ctx, database.Ordered, "add to the frontier in", func(tx *database.Tx) error {
		changed := map[string]bool{}
		if err := addItems(ctx, tx, items, changed); err != nil {
			return err
		}
		return refreshHosts(ctx, tx, changed)
	})
}

// addItems puts URLs in and notes the hosts whose head may have changed by it.
func addItems(ctx context.Context, tx *database.Tx, items []ingest.Item, changed map[string]bool) error {
	for _, it := range items {
		if it.URL == "" || it.Host == "" {
			return errors.New("an item without URL or host")
		}
		res, err := tx.ExecContext(ctx, `
INSERT INTO frontier (url, host, authorisation, depth, priority, due) VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (url) DO NOTHING`,
			it.URL, it.Host, it.Authorisation, it.Depth, int(it.Priority))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n > 0 {
			changed[it.Host] = true
		}
	}
	return nil
}

func refreshHosts(ctx context.Context, tx *database.Tx, hosts map[string]bool) error {
	for host := range hosts {
		if err := addHost(ctx, tx, host); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, refreshHead, host); err != nil {
			return err
		}
	}
	return nil
}

// Lease records visits and hands out items that are due, the longest due and least
// deep first, at most one a host, and none of a host whose next time has not come or
// that has a live lease. It walks the hosts in the order of their first URL, so that its
// cost does not grow with the number of URLs.
func (s *Store) Lease(ctx context.Context, l ingest.Lease) (items []ingest.Item, err error) {
	if l.Limit <= 0 && len(l.Visits) == 0 {
		return nil, nil
	}
	op, dropped := "lease from the frontier in", false
	if l.Limit <= 0 {
		op = "record the outcome of " + l.Visits[0].Item.URL + " in"
	}
	err = s.db.Update(ctx, database.Ordered, op, func(tx *database.Tx) (err error) {
		for i := range l.Visits {
			v := &l.Visits[i]
			dropped = dropped || v.Outcome.Drop
			if err := recordVisit(ctx, tx, &v.Item, &v.Outcome); err != nil {
				return fmt.Errorf("the outcome of %s: %w", v.Item.URL, err)
			}
		}
		if l.Limit > 0 {
			items, err = handOut(ctx, tx, &l)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if dropped {
		s.emptyLog(ctx)
	}
	return items, nil
}

func handOut(ctx context.Context, tx *database.Tx, l *ingest.Lease) (items []ingest.Item, err error) {
	hosts, err := database.Collect(ctx, tx, database.ScanValue[string], `
SELECT host FROM hosts
WHERE head_due IS NOT NULL AND head_due <= $1 AND next_at <= $1 AND lease_until <= $1
ORDER BY head_due, head_depth, host LIMIT $2`, database.Millis(l.Now), l.Limit)
	if err != nil {
		return nil, err
	}
	for _, host := range hosts {
		it, err := firstOf(ctx, tx, host, l.Now)
		if err != nil {
			return nil, err
		}
		next := l.Now
		if l.Interval != nil {
			next = l.Now.Add(l.Interval(it))
		}
		if _, err := tx.ExecContext(ctx, `UPDATE hosts SET leased = $1, lease_until = $2, next_at = $3 WHERE host = $4`,
			qianshao.PageKey(it.URL), database.Millis(l.Now.Add(l.For)), database.Millis(next), host); err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return items, nil
}

const (
	selectItem = `
SELECT url, authorisation, depth, attempts, priority, page, etag, last_modified, sha256, rules, revisit, missed_since FROM frontier WHERE host = $1 AND `
	urgentFirst = selectItem + `priority > 0 AND due IS NOT NULL AND due <= $2 ORDER BY priority DESC, due, depth LIMIT 1`
	dueFirst    = selectItem + `due IS NOT NULL AND due <= $2 ORDER BY due, depth LIMIT 1`
)

// firstOf returns the host's item that comes first: an urgent one, or the longest due.
func firstOf(ctx context.Context, tx *database.Tx, host string, now time.Time) (ingest.Item, error) {
	for _, query := range []string{urgentFirst, dueFirst} {
		it := ingest.Item{Host: host}
		var revisit, missed int64
		err := tx.QueryRowContext(ctx, query, host, database.Millis(now)).Scan(&it.URL, &it.Authorisation, &it.Depth, &it.Attempts,
			&it.Priority, &it.Page, &it.ETag, &it.LastModified, &it.Memory.Hash, &it.Rules, &revisit, &missed)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		it.Interval = time.Duration(revisit) * time.Millisecond
		if missed > 0 {
			it.MissedSince = database.FromMillis(missed)
		}
		return it, err
	}
	return ingest.Item{}, fmt.Errorf("host %s has nothing that is due, although it says so", host)
}

// HostCount returns the number of the host's URLs, visited ones included.
func (s *Store) HostCount(ctx context.Context, host string) (n int, err error) {
	err = s.db.Read.QueryRowContext(ctx, `SELECT count(*) FROM frontier WHERE host = $1`, host).Scan(&n)
	return n, s.db.Fail("count the URLs of host "+host+" in", err)
}

// QueryCount returns the number of URLs that are page followed by a query,
// visited ones included.
func (s *Store) QueryCount(ctx context.Context, page string) (n int, err error) {
	// '@' is the character after '?', so this is a range of the primary key.
	err = s.db.Read.QueryRowContext(ctx, `SELECT count(*) FROM frontier WHERE url >= $1 AND url < $2`, page+"?", page+"@").Scan(&n)
	return n, s.db.Fail("count the queries of "+page+" in", err)
}

// Done records the outcome and ends the lease. A caller that comes after its
// lease has passed to another URL of the host does not end that one's.
func (s *Store) Done(ctx context.Context, item ingest.Item, outcome ingest.Outcome) error {
	_, err := s.Lease(ctx, ingest.Lease{Visits: []ingest.Visit{{Item: item, Outcome: outcome}}})
	return err
}

func recordVisit(ctx context.Context, tx *database.Tx, item *ingest.Item, outcome *ingest.Outcome) error {
	put := putOutcome
	if outcome.Drop {
		put = drop
	}
	if err := put(ctx, tx, item.URL, outcome); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE submissions SET visited = 1 WHERE id = $1 AND visited = 0 AND waits_for = ''`,
		qianshao.SubmissionID(item.URL)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE hosts SET leased = '', lease_until = 0 WHERE host = $1 AND leased = $2`,
		item.Host, qianshao.PageKey(item.URL)); err != nil {
		return err
	}
	changed := map[string]bool{item.Host: true}
	if len(outcome.Links) > 0 {
		if err := addItems(ctx, tx, outcome.Links, changed); err != nil {
			return err
		}
	}
	if err := refreshHosts(ctx, tx, changed); err != nil {
		return err
	}
	if err := noteVisit(ctx, tx, item, outcome); err != nil {
		return err
	}
	for host, next := range outcome.HostNext {
		if err := addHost(ctx, tx, host); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE hosts SET next_at = $2 WHERE host = $1`, host, database.Millis(next)); err != nil {
			return err
		}
	}
	return nil
}

// drop takes a URL out, and its query with it. A report of the page keeps the reason.
func drop(ctx context.Context, tx *database.Tx, url string, o *ingest.Outcome) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM frontier WHERE url = $1`, url)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 { // dropped before
		return err
	}
	if err := database.MarkForgotten(ctx, tx); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE submissions SET dropped = $1 WHERE id = $2`, string(o.Skip), qianshao.SubmissionID(url))
	return err
}

func putOutcome(ctx context.Context, tx *database.Tx, url string, o *ingest.Outcome) error {
	var due sql.NullInt64
	if !o.Again.IsZero() {
		due = sql.NullInt64{Int64: database.Millis(o.Again), Valid: true}
	}
	var at, missed int64
	if !o.At.IsZero() {
		at = database.Millis(o.At)
	}
	m := &o.Memory
	if !m.MissedSince.IsZero() {
		missed = database.Millis(m.MissedSince)
	}
	res, err := tx.ExecContext(ctx, `
UPDATE frontier SET due = $1, skip = $2, visits = visits + 1, attempts = CASE WHEN $3 = 1 THEN attempts + 1 ELSE 0 END,
  priority = $4, page = $5, etag = $6, last_modified = $7, sha256 = $8, rules = $9, revisit = $10, planned = $11,
  failing = CASE WHEN $3 = 0 THEN 0 WHEN failing > 0 THEN failing ELSE $11 END, missed_since = $12
WHERE url = $13`, due, string(o.Skip), bit(o.Failed), int(o.Priority), m.Page, m.ETag, m.LastModified, m.Hash, m.Rules,
		m.Interval.Milliseconds(), at, missed, url)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return store.ErrNotFound
	}
	return nil
}

// Release ends all leases, for a start after a crash. Only the process that
// crawls may call it.
func (s *Store) Release(ctx context.Context) error {
	return s.db.Update(ctx, database.Ordered, "release the leases in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE hosts SET leased = '', lease_until = 0 WHERE lease_until <> 0`)
		return err
	})
}

// ahead selects the URLs that a clock which was ahead has planned: $1 is now, $2
// the latest time to have decided something, $3 the latest to be due.
const ahead = ` WHERE due > $1 AND (planned > $2 OR due > $3)`

// Replan implements ingest.Frontier. It reads the whole frontier: half a second
// over a million URLs.
func (s *Store) Replan(ctx context.Context, h ingest.Horizon) (done ingest.Replanned, err error) {
	err = s.db.Update(ctx, database.Ordered, "plan anew in", func(tx *database.Tx) error {
		now, decided, due := database.Millis(h.Now), database.Millis(h.Decided), database.Millis(h.Due)
		hosts, err := database.Collect(ctx, tx, database.ScanValue[string], `SELECT DISTINCT host FROM frontier`+ahead, now, decided, due)
		if err != nil {
			return err
		}
		if done.URLs, err = database.ChangedRows(tx.ExecContext(ctx, `
UPDATE frontier SET planned = $1, failing = CASE WHEN failing > $1 THEN $1 ELSE failing END,
  due = CASE WHEN planned <= $2 OR due < planned OR due - planned > $3 - $1 THEN $1 ELSE $1 + due - planned END`+ahead,
			now, decided, due)); err != nil {
			return err
		}
		for _, host := range hosts {
			if _, err := tx.ExecContext(ctx, refreshHead, host); err != nil {
				return err
			}
		}
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM findings WHERE last_seen > $1`, decided).Scan(&done.Findings); err != nil {
			return err
		}
		done.Hosts, err = database.ChangedRows(tx.ExecContext(ctx, `UPDATE hosts SET next_at = $1 WHERE next_at > $2`, now, database.Millis(h.Rest)))
		return err
	})
	return done, err
}

// Next returns the earliest time at which an item may be leased; ok is false
// when nothing is left.
func (s *Store) Next(ctx context.Context) (due time.Time, ok bool, err error) {
	var at sql.NullInt64
	err = s.db.Read.QueryRowContext(ctx, `
SELECT min(CASE WHEN head_due >= next_at AND head_due >= lease_until THEN head_due
                WHEN next_at >= lease_until THEN next_at ELSE lease_until END)
FROM hosts WHERE head_due IS NOT NULL`).Scan(&at)
	if err != nil || !at.Valid {
		return time.Time{}, false, s.db.Fail("read the frontier's next time from", err)
	}
	return database.FromMillis(at.Int64), true, nil
}
