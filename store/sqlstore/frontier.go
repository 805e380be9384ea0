package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

const (
	// headOf selects when the first URL of host $1 is due, and how deep it lies.
	headOf = `SELECT due, depth FROM frontier WHERE host = $1 AND due IS NOT NULL ORDER BY due, depth LIMIT 1`
	// refreshHead stores it in the host's row after its frontier has changed.
	refreshHead = `UPDATE hosts SET (head_due, head_depth) = (` + headOf + `) WHERE host = $1`
	// refreshHeads does the same for a list of hosts.
	refreshHeads = `
UPDATE hosts SET (head_due, head_depth) =
  (SELECT f.due, f.depth FROM frontier f WHERE f.host = hosts.host AND f.due IS NOT NULL ORDER BY f.due, f.depth LIMIT 1)
WHERE host IN (SELECT value FROM json_each($1))`
)

// Add adds URLs, due at once: their due time is 0, so that new URLs come before revisits. A known URL is
// left as it is.
func (s *Store) Add(ctx context.Context, items []ingest.Item) error {
	if len(items) == 0 {
		return nil
	}
	return s.db.UpdateRows(ctx, database.Ordered, "add to the frontier in", func(tx *database.Tx) error {
		if _, err := lockHosts(ctx, tx, hostsOf(items)); err != nil {
			return err
		}
		changed, err := addItems(ctx, tx, items)
		if err != nil {
			return err
		}
		return refreshHosts(ctx, tx, changed)
	})
}

// hostsOf returns the hosts of items.
func hostsOf(items []ingest.Item) map[string]bool {
	hosts := map[string]bool{}
	for i := range items {
		hosts[items[i].Host] = true
	}
	return hosts
}

// addItems adds URLs and returns the hosts whose head may have changed.
func addItems(ctx context.Context, tx *database.Tx, items []ingest.Item) (changed map[string]bool, err error) {
	for i := range items {
		if items[i].URL == "" || items[i].Host == "" {
			return nil, errors.New("an item without URL or host")
		}
	}
	if len(items) > 0 && tx.Dialect == database.Postgres {
		return addBatch(ctx, tx, items)
	}
	changed = map[string]bool{}
	for i := range items {
		it := &items[i]
		n, err := database.ChangedRows(tx.ExecContext(ctx, `
INSERT INTO frontier (url, host, authorisation, depth, priority, due) VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (url) DO NOTHING`,
			it.URL, it.Host, it.Authorisation, it.Depth, int(it.Priority)))
		if err != nil {
			return nil, err
		}
		if n > 0 {
			changed[it.Host] = true
		}
	}
	return changed, nil
}

// onKnownURL begins the conflict clause of an INSERT for URLs already in the frontier. PostgreSQL compares
// URLs by their digests.
func onKnownURL(tx *database.Tx) string {
	if tx.Dialect == database.Postgres {
		return ` ON CONFLICT (url_key(url)) `
	}
	return ` ON CONFLICT (url) `
}

// addBatch is addItems in one statement: each statement is a round trip to PostgreSQL.
func addBatch(ctx context.Context, tx *database.Tx, items []ingest.Item) (changed map[string]bool, err error) {
	type row struct {
		URL           string `json:"url"`
		Host          string `json:"host"`
		Authorisation string `json:"authorisation"`
		Depth         int    `json:"depth"`
		Priority      int    `json:"priority"`
	}
	rows := make([]row, len(items))
	for i := range items {
		it := &items[i]
		rows[i] = row{it.URL, it.Host, it.Authorisation, it.Depth, int(it.Priority)}
	}
	list, err := json.Marshal(rows) // the database, too, would refuse invalid UTF-8
	if err != nil {
		return nil, err
	}
	hosts, err := database.Collect(ctx, tx, database.ScanValue[string], `
INSERT INTO frontier (url, host, authorisation, depth, priority, due)
SELECT url, host, authorisation, depth, priority, 0
FROM json_to_recordset(CAST($1 AS JSON)) AS i (url TEXT, host TEXT, authorisation TEXT, depth BIGINT, priority BIGINT)
ON CONFLICT (url_key(url)) DO NOTHING RETURNING host`, string(list))
	changed = map[string]bool{}
	for _, host := range hosts {
		changed[host] = true
	}
	return changed, err
}

// lockHosts locks the rows of hosts, by name, as all concurrent writers do, and returns who has leased
// them. SQLite has no concurrent writers.
func lockHosts(ctx context.Context, tx *database.Tx, hosts map[string]bool) (map[string]leasedHost, error) {
	list, err := json.Marshal(slices.Sorted(maps.Keys(hosts)))
	if err != nil {
		return nil, err
	}
	leases := map[string]leasedHost{}
	_, err = database.Collect(ctx, tx, func(r *sql.Rows) (host string, err error) {
		var l leasedHost
		err = r.Scan(&host, &l.page, &l.holder)
		leases[host] = l
		return host, err
	}, `SELECT host, leased, holder FROM hosts WHERE host IN (SELECT value FROM json_each($1)) ORDER BY host`+forUpdate(tx), string(list))
	return leases, err
}

// leasedHost says which page of a host is leased, by its key, and to whom.
type leasedHost struct{ page, holder string }

// refreshHosts adds missing hosts, and updates the heads of all.
func refreshHosts(ctx context.Context, tx *database.Tx, hosts map[string]bool) error {
	if len(hosts) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(hosts))
	if err := addHosts(ctx, tx, names); err != nil {
		return err
	}
	list, err := json.Marshal(names)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, refreshHeads, string(list))
	return err
}

// Lease records visits and hands out due items, the longest due and least deep first: at most one a host,
// and none of a host that must still rest or has a live lease. It goes through the hosts in the order of
// their first URLs, so its cost does not grow with the number of URLs.
func (s *Store) Lease(ctx context.Context, l ingest.Lease) (items []ingest.Item, err error) {
	if l.Limit <= 0 && len(l.Visits) == 0 {
		return nil, nil
	}
	op, durability := "lease from the frontier in", s.booking()
	if l.Limit <= 0 {
		op, durability = "record the outcome of "+l.Visits[0].Item.URL+" in", database.Ordered
	}
	var r written
	err = s.db.UpdateRows(ctx, durability, op, func(tx *database.Tx) (err error) {
		items = nil
		if r, err = s.recordVisits(ctx, tx, l.Visits); err == nil && l.Limit > 0 {
			items, err = handOut(ctx, tx, &l)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.removed {
		s.emptyLog(ctx)
	}
	if l.Passed != nil {
		for _, it := range r.passed {
			l.Passed(it)
		}
	}
	return items, nil
}

// selectDue finds hosts that may be visited, and the first item of each: an urgent one, or the longest due.
// If a LIMIT is a bare parameter, SQLite looks at its value, and parses the statement again for each new
// one.
const (
	selectFree = `SELECT host, head_due, head_depth, failures FROM hosts
  WHERE head_due IS NOT NULL AND head_due <= $1 AND next_at <= $1 AND lease_until <= $1 AND asked_until <= $1
  ORDER BY head_due, head_depth, host LIMIT $2 + 0`
	selectItem = `
SELECT h.host, h.failures, f.url, f.authorisation, f.depth, f.attempts, f.priority, f.page, f.etag, f.last_modified, f.sha256, f.rules, f.revisit, f.missed_since
FROM `
	selectDue = selectItem + `(` + selectFree + `) h
LEFT JOIN frontier f ON f.rowid = coalesce(
  (SELECT rowid FROM frontier WHERE host = h.host AND priority > 0 AND due IS NOT NULL AND due <= $1 ORDER BY priority DESC, due, depth LIMIT 1),
  (SELECT rowid FROM frontier WHERE host = h.host AND due IS NOT NULL AND due <= $1 ORDER BY due, depth LIMIT 1))`
)

// PostgreSQL's version: the hosts are locked first, without those that another crawler has locked, and
// their items are read afterwards: a statement sees the URLs as they were when it began, perhaps before
// another crawler recorded its visit.
const (
	lockFree        = selectFree + ` FOR UPDATE SKIP LOCKED`
	selectDueLocked = selectItem + `(
  SELECT CAST(key AS BIGINT) AS place, value AS host, (SELECT failures FROM hosts WHERE host = value) AS failures FROM json_each($2)) h LEFT JOIN LATERAL (
  (SELECT * FROM frontier WHERE host = h.host AND priority > 0 AND due IS NOT NULL AND due <= $1 ORDER BY priority DESC, due, depth, added LIMIT 1)
  UNION ALL
  (SELECT * FROM frontier WHERE host = h.host AND due IS NOT NULL AND due <= $1 ORDER BY due, depth, added LIMIT 1)
  LIMIT 1) f ON true
ORDER BY h.place`
)

func handOut(ctx context.Context, tx *database.Tx, l *ingest.Lease) ([]ingest.Item, error) {
	if tx.Dialect == database.Postgres {
		return handOutLocked(ctx, tx, l)
	}
	items, err := database.Collect(ctx, tx, scanItem, selectDue, database.Millis(l.Now), l.Limit)
	if err != nil {
		return nil, err
	}
	for i := range items {
		items[i].Holder = l.Holder
		lease := leaseOf(l, &items[i])
		if _, err := tx.ExecContext(ctx, `UPDATE hosts SET leased = $1, holder = $2, lease_until = $3, next_at = $4 + $5, pace = $5 WHERE host = $6`,
			lease.Page, l.Holder, database.Millis(l.Now.Add(l.For)), database.Millis(l.Now), lease.Pace, lease.Host); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// hostLease is the change that a lease makes to its host.
type hostLease struct {
	Host string `json:"host"`
	Page string `json:"page"`
	Pace int64  `json:"pace"`
}

func leaseOf(l *ingest.Lease, it *ingest.Item) hostLease {
	lease := hostLease{Host: it.Host, Page: qianshao.PageKey(it.URL)}
	if l.Interval != nil {
		lease.Pace = l.Interval(*it).Milliseconds()
	}
	return lease
}

// handOutLocked is handOut for concurrent crawlers, in three round trips.
func handOutLocked(ctx context.Context, tx *database.Tx, l *ingest.Lease) ([]ingest.Item, error) {
	hosts, err := database.Collect(ctx, tx, func(r *sql.Rows) (host string, err error) {
		var due, depth, failures int64
		err = r.Scan(&host, &due, &depth, &failures)
		return host, err
	}, lockFree, database.Millis(l.Now), l.Limit)
	if err != nil || len(hosts) == 0 {
		return nil, err
	}
	list, err := json.Marshal(hosts)
	if err != nil {
		return nil, err
	}
	items, err := database.Collect(ctx, tx, scanItem, selectDueLocked, database.Millis(l.Now), string(list))
	if err != nil {
		return nil, err
	}
	leases := make([]hostLease, len(items))
	for i := range items {
		items[i].Holder = l.Holder
		leases[i] = leaseOf(l, &items[i])
	}
	if list, err = json.Marshal(leases); err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `
UPDATE hosts SET leased = l.page, holder = $2, lease_until = $3, next_at = $4 + l.pace, pace = l.pace
FROM json_to_recordset(CAST($1 AS JSON)) AS l (host TEXT, page TEXT, pace BIGINT) WHERE hosts.host = l.host`,
		string(list), l.Holder, database.Millis(l.Now.Add(l.For)), database.Millis(l.Now))
	return items, err
}

func scanItem(r *sql.Rows) (it ingest.Item, err error) {
	var revisit, missed int64
	err = r.Scan(&it.Host, &it.HostFailures, &it.URL, &it.Authorisation, &it.Depth, &it.Attempts, &it.Priority, &it.Page, &it.ETag, &it.LastModified,
		&it.Memory.Hash, &it.Rules, &revisit, &missed)
	it.Interval = time.Duration(revisit) * time.Millisecond
	if missed > 0 {
		it.MissedSince = database.FromMillis(missed)
	}
	if err != nil { // NULL, if the host's head is wrong and nothing is due
		err = fmt.Errorf("the first URL of host %s: %w", it.Host, err)
	}
	return it, err
}

// HostCount returns the number of the host's URLs, including visited ones.
func (s *Store) HostCount(ctx context.Context, host string) (n int, err error) {
	err = s.db.Read.QueryRowContext(ctx, `SELECT count(*) FROM frontier WHERE host = $1`, host).Scan(&n)
	return n, s.db.Fail("count the URLs of host "+host+" in", err)
}

// QueryCount returns the number of URLs that consist of page and a query, including visited ones.
func (s *Store) QueryCount(ctx context.Context, page string) (n int, err error) {
	// '@' is the character after '?', so this is a range of the primary key, and of PostgreSQL's index of
	// URL beginnings.
	query := `SELECT count(*) FROM frontier WHERE url >= $1 AND url < $2`
	if s.db.Dialect() == database.Postgres {
		query += ` AND left(url, 600) >= left($1, 600) AND left(url, 600) <= left($2, 600)`
	}
	err = s.db.Read.QueryRowContext(ctx, query, page+"?", page+"@").Scan(&n)
	return n, s.db.Fail("count the queries of "+page+" in", err)
}

// Done records the outcome and ends the lease.
func (s *Store) Done(ctx context.Context, item ingest.Item, outcome ingest.Outcome) error {
	passed := false
	_, err := s.Lease(ctx, ingest.Lease{Visits: []ingest.Visit{{Item: item, Outcome: outcome}}, Passed: func(ingest.Item) { passed = true }})
	if err == nil && passed {
		err = fmt.Errorf("store: record the outcome of %s: %w", item.URL, ingest.ErrLeasePassed)
	}
	return err
}

// Extend implements ingest.Frontier.
func (s *Store) Extend(ctx context.Context, holder string, hosts []string, now time.Time, d time.Duration) error {
	list, err := json.Marshal(hosts)
	if err != nil {
		return err
	}
	locked := map[string]bool{}
	for _, host := range hosts {
		locked[host] = true
	}
	return s.db.UpdateRows(ctx, database.Ordered, "extend the leases in", func(tx *database.Tx) error {
		if _, err := lockHosts(ctx, tx, locked); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
UPDATE hosts SET lease_until = $3 WHERE host IN (SELECT value FROM json_each($2)) AND holder = $1 AND leased <> ''`,
			holder, string(list), database.Millis(now.Add(d)))
		return err
	})
}

// rested is when a host whose last request is unknown has rested, as of $2.
const rested = `CASE WHEN pace > 0 THEN max(next_at, $2 + pace) ELSE next_at END`

// Release implements ingest.Frontier. It reads all hosts: an index by holder would have to be updated by
// each lease.
func (s *Store) Release(ctx context.Context, holder string, now time.Time) error {
	return s.db.UpdateRows(ctx, database.Ordered, "release the leases in", func(tx *database.Tx) error {
		for _, statement := range []string{
			`UPDATE hosts SET leased = '', holder = '', lease_until = 0, next_at = ` + rested + ` WHERE holder = $1 AND lease_until <> 0`,
			`UPDATE hosts SET asked_by = '', asked_until = 0, next_at = ` + rested + ` WHERE asked_by = $1 AND asked_until <> 0`,
		} {
			if _, err := tx.ExecContext(ctx, statement, holder, database.Millis(now)); err != nil {
				return err
			}
		}
		return nil
	})
}

// ahead selects the URLs that were planned by a clock that was ahead: $1 is now, $2 the latest credible
// time of planning, $3 the latest credible due time.
const ahead = ` WHERE due > $1 AND (planned > $2 OR due > $3)`

// Replan implements ingest.Frontier. It reads the whole frontier: half a second for a million URLs.
func (s *Store) Replan(ctx context.Context, h ingest.Horizon) (done ingest.Replanned, err error) {
	err = s.updateFrontier(ctx, database.Ordered, "plan anew in", func(tx *database.Tx) error {
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

// selectTimes selects when hosts have something due, earliest first, and from when they may be visited.
const selectTimes = `
SELECT head_due, max(next_at, max(lease_until, asked_until)) FROM hosts WHERE head_due IS NOT NULL ORDER BY head_due`

// firstTimes is how many hosts are read from PostgreSQL at first, which sends all rows of a result.
const firstTimes = 128

// Next returns the earliest time at which an item may be leased; ok is false if there is none. It reads
// only the hosts that have something due before that time: a crawler with free workers calls it after each
// visit, and may have 100,000 hosts.
func (s *Store) Next(ctx context.Context) (due time.Time, ok bool, err error) {
	var at int64
	settled := false
	if s.db.Dialect() == database.Postgres {
		at, ok, settled, err = s.next(ctx, selectTimes+` LIMIT $1`, firstTimes)
	}
	if err == nil && !settled {
		at, ok, _, err = s.next(ctx, selectTimes)
	}
	if err != nil || !ok {
		return time.Time{}, false, s.db.Fail("read the frontier's next time from", err)
	}
	return database.FromMillis(at), true, nil
}

// next returns the earliest time of some hosts; settled says that no other has an earlier one.
func (s *Store) next(ctx context.Context, query string, args ...any) (earliest int64, ok, settled bool, err error) {
	rows, err := s.db.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, false, false, err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var due, free int64
		if err := rows.Scan(&due, &free); err != nil {
			return 0, false, false, err
		}
		if ok && due >= earliest {
			return earliest, true, true, nil
		}
		if at := max(due, free); !ok || at < earliest {
			earliest, ok = at, true
		}
	}
	return earliest, ok, n < firstTimes, rows.Err()
}
