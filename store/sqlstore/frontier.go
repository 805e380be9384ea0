package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

const (
	// headOf selects when the first URL of host $1 is due, and how deep it lies.
	headOf = `SELECT due, depth FROM frontier WHERE host = $1 AND due IS NOT NULL ORDER BY due, depth LIMIT 1`
	// refreshHead notes it with the host after its frontier has changed.
	refreshHead = `UPDATE hosts SET (head_due, head_depth) = (` + headOf + `) WHERE host = $1`
)

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
	op, removed := "lease from the frontier in", false
	if l.Limit <= 0 {
		op = "record the outcome of " + l.Visits[0].Item.URL + " in"
	}
	err = s.db.Update(ctx, database.Ordered, op, func(tx *database.Tx) (err error) {
		for i := range l.Visits {
			v := &l.Visits[i]
			cleared, err := s.recordVisit(ctx, tx, &v.Item, &v.Outcome)
			removed = removed || cleared || v.Outcome.Drop
			if err != nil {
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
	if removed {
		s.emptyLog(ctx)
	}
	return items, nil
}

// selectDue finds hosts that may be asked, and of each the item that comes first: an urgent one,
// or the longest due. Of a LIMIT that is a bare parameter SQLite looks at the value, and parses
// the statement again for each other one.
const selectDue = `
SELECT h.host, f.url, f.authorisation, f.depth, f.attempts, f.priority, f.page, f.etag, f.last_modified, f.sha256, f.rules, f.revisit, f.missed_since
FROM (SELECT host, head_due, head_depth FROM hosts
  WHERE head_due IS NOT NULL AND head_due <= $1 AND next_at <= $1 AND lease_until <= $1
  ORDER BY head_due, head_depth, host LIMIT $2 + 0) h
LEFT JOIN frontier f ON f.rowid = coalesce(
  (SELECT rowid FROM frontier WHERE host = h.host AND priority > 0 AND due IS NOT NULL AND due <= $1 ORDER BY priority DESC, due, depth LIMIT 1),
  (SELECT rowid FROM frontier WHERE host = h.host AND due IS NOT NULL AND due <= $1 ORDER BY due, depth LIMIT 1))`

func handOut(ctx context.Context, tx *database.Tx, l *ingest.Lease) ([]ingest.Item, error) {
	items, err := database.Collect(ctx, tx, scanItem, selectDue, database.Millis(l.Now), l.Limit)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		next := l.Now
		if l.Interval != nil {
			next = l.Now.Add(l.Interval(it))
		}
		if _, err := tx.ExecContext(ctx, `UPDATE hosts SET leased = $1, lease_until = $2, next_at = $3 WHERE host = $4`,
			qianshao.PageKey(it.URL), database.Millis(l.Now.Add(l.For)), database.Millis(next), it.Host); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func scanItem(r *sql.Rows) (it ingest.Item, err error) {
	var revisit, missed int64
	err = r.Scan(&it.Host, &it.URL, &it.Authorisation, &it.Depth, &it.Attempts, &it.Priority, &it.Page, &it.ETag, &it.LastModified,
		&it.Memory.Hash, &it.Rules, &revisit, &missed)
	it.Interval = time.Duration(revisit) * time.Millisecond
	if missed > 0 {
		it.MissedSince = database.FromMillis(missed)
	}
	if err != nil { // NULL, where a host says that it has something due and has nothing
		err = fmt.Errorf("the first URL of host %s: %w", it.Host, err)
	}
	return it, err
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

// recordVisit saves the page that a visit brings, if it is not saved yet, and after it the outcome.
// cleared says that text was removed.
func (s *Store) recordVisit(ctx context.Context, tx *database.Tx, item *ingest.Item, outcome *ingest.Outcome) (cleared bool, err error) {
	if outcome.Page != nil {
		if cleared, err = s.saveUnflagged(ctx, tx, outcome.Page); err != nil {
			return false, err
		}
	}
	return cleared, recordOutcome(ctx, tx, item, outcome)
}

func recordOutcome(ctx context.Context, tx *database.Tx, item *ingest.Item, outcome *ingest.Outcome) error {
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
	changed := map[string]bool{}
	if err := addItems(ctx, tx, outcome.Links, changed); err != nil {
		return err
	}
	if err := endVisit(ctx, tx, item, outcome); err != nil {
		return err
	}
	delete(changed, item.Host)
	if err := refreshHosts(ctx, tx, changed); err != nil {
		return err
	}
	for host, next := range outcome.HostNext {
		if host == item.Host {
			continue
		}
		if err := addHost(ctx, tx, host); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE hosts SET next_at = $2 WHERE host = $1`, host, database.Millis(next)); err != nil {
			return err
		}
	}
	return noteVisit(ctx, tx, item, outcome)
}

// endVisit ends the lease of the item's host, unless it has passed to another URL, sets its next
// time and finds its first URL anew. The host is there, since its URL is.
func endVisit(ctx context.Context, tx *database.Tx, item *ingest.Item, o *ingest.Outcome) error {
	var next sql.NullInt64
	if at, ok := o.HostNext[item.Host]; ok {
		next = sql.NullInt64{Int64: database.Millis(at), Valid: true}
	}
	_, err := tx.ExecContext(ctx, `
UPDATE hosts SET lease_until = CASE WHEN leased = $2 THEN 0 ELSE lease_until END, leased = CASE WHEN leased = $2 THEN '' ELSE leased END,
  next_at = coalesce($3, next_at), (head_due, head_depth) = (`+headOf+`)
WHERE host = $1`, item.Host, qianshao.PageKey(item.URL), next)
	return err
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

// selectTimes selects when the hosts have something due, the first of them first, and from when on
// they may be asked.
const selectTimes = `
SELECT head_due, CASE WHEN next_at >= lease_until THEN next_at ELSE lease_until END FROM hosts WHERE head_due IS NOT NULL ORDER BY head_due`

// Next returns the earliest time at which an item may be leased; ok is false
// when nothing is left. It reads the hosts that have something due before that time and
// no others: a crawler with free workers asks after each visit, and may have 100,000 hosts.
func (s *Store) Next(ctx context.Context) (due time.Time, ok bool, err error) {
	at, ok, err := s.next(ctx)
	if err != nil || !ok {
		return time.Time{}, false, s.db.Fail("read the frontier's next time from", err)
	}
	return database.FromMillis(at), true, nil
}

func (s *Store) next(ctx context.Context) (earliest int64, ok bool, err error) {
	rows, err := s.db.Read.QueryContext(ctx, selectTimes)
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var due, free int64
		if err := rows.Scan(&due, &free); err != nil {
			return 0, false, err
		}
		if ok && due >= earliest {
			break
		}
		if at := max(due, free); !ok || at < earliest {
			earliest, ok = at, true
		}
	}
	return earliest, ok, rows.Err()
}
