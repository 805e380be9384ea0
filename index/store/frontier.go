package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/qianshao/qianshao/ingest"
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
	return s.update(ctx, ordered, "add to the frontier in", func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, `
INSERT INTO frontier (url, host, authorisation, depth, due) VALUES ($1, $2, $3, $4, 0) ON CONFLICT (url) DO NOTHING`)
		if err != nil {
			return err
		}
		defer insert.Close()
		changed := map[string]bool{}
		for _, it := range items {
			if it.URL == "" || it.Host == "" {
				return errors.New("an item without URL or host")
			}
			res, err := insert.ExecContext(ctx, it.URL, it.Host, it.Authorisation, it.Depth)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n > 0 {
				changed[it.Host] = true
			}
		}
		return refreshHosts(ctx, tx, changed)
	})
}

func refreshHosts(ctx context.Context, tx *sql.Tx, hosts map[string]bool) error {
	for host := range hosts {
		if _, err := tx.ExecContext(ctx, `INSERT INTO hosts (host) VALUES ($1) ON CONFLICT (host) DO NOTHING`, host); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, refreshHead, host); err != nil {
			return err
		}
	}
	return nil
}

// Lease hands out up to limit items that are due at now, the longest due and
// least deep first, at most one a host, and none of a host whose next time has
// not come or that has a live lease. It walks the hosts in the order of their
// first URL, so that its cost does not grow with the number of URLs.
func (s *Store) Lease(ctx context.Context, now time.Time, limit int, ttl time.Duration) ([]ingest.Item, error) {
	if limit <= 0 {
		return nil, nil
	}
	var items []ingest.Item
	err := s.update(ctx, ordered, "lease from the frontier in", func(tx *sql.Tx) error {
		hosts, err := collect(ctx, tx, scanString, `
SELECT host FROM hosts
WHERE head_due IS NOT NULL AND head_due <= $1 AND next_at <= $1 AND lease_until <= $1
ORDER BY head_due, head_depth, host LIMIT $2`, millis(now), limit)
		if err != nil {
			return err
		}
		for _, host := range hosts {
			it := ingest.Item{Host: host}
			err := tx.QueryRowContext(ctx, `
SELECT url, authorisation, depth, attempts FROM frontier
WHERE host = $1 AND due IS NOT NULL ORDER BY due, depth LIMIT 1`, host).Scan(&it.URL, &it.Authorisation, &it.Depth, &it.Attempts)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE hosts SET leased = $1, lease_until = $2 WHERE host = $3`,
				it.URL, millis(now.Add(ttl)), host); err != nil {
				return err
			}
			items = append(items, it)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// HostCount returns the number of the host's URLs, visited ones included.
func (s *Store) HostCount(ctx context.Context, host string) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*) FROM frontier WHERE host = $1`, host).Scan(&n)
	return n, s.fail("count the URLs of host "+host+" in", err)
}

// QueryCount returns the number of URLs that are page followed by a query,
// visited ones included.
func (s *Store) QueryCount(ctx context.Context, page string) (n int, err error) {
	// '@' is the character after '?', so this is a range of the primary key.
	err = s.read.QueryRowContext(ctx, `SELECT count(*) FROM frontier WHERE url >= $1 AND url < $2`, page+"?", page+"@").Scan(&n)
	return n, s.fail("count the queries of "+page+" in", err)
}

// HostNext sets the time before which host gets no request.
func (s *Store) HostNext(ctx context.Context, host string, next time.Time) error {
	return s.update(ctx, ordered, "set the next time of host "+host+" in", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
INSERT INTO hosts (host, next_at) VALUES ($1, $2) ON CONFLICT (host) DO UPDATE SET next_at = excluded.next_at`, host, millis(next))
		return err
	})
}

// Done records the outcome and ends the lease. A caller that comes after its
// lease has passed to another URL of the host does not end that one's.
func (s *Store) Done(ctx context.Context, item ingest.Item, outcome ingest.Outcome) error {
	var due sql.NullInt64
	if !outcome.Again.IsZero() {
		due = sql.NullInt64{Int64: millis(outcome.Again), Valid: true}
	}
	return s.update(ctx, ordered, "record the outcome of "+item.URL+" in", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `
UPDATE frontier SET due = $1, skip = $2, visits = visits + 1, attempts = CASE WHEN $3 = 1 THEN attempts + 1 ELSE 0 END
WHERE url = $4`, due, string(outcome.Skip), bit(outcome.Failed), item.URL)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return ErrNotFound
		}
		if _, err := tx.ExecContext(ctx, `UPDATE hosts SET leased = '', lease_until = 0 WHERE host = $1 AND leased = $2`,
			item.Host, item.URL); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, refreshHead, item.Host)
		return err
	})
}

// Release ends all leases, for a start after a crash. Only the process that
// crawls may call it.
func (s *Store) Release(ctx context.Context) error {
	return s.update(ctx, ordered, "release the leases in", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE hosts SET leased = '', lease_until = 0 WHERE lease_until <> 0`)
		return err
	})
}

// Next returns the earliest time at which an item may be leased; ok is false
// when nothing is left.
func (s *Store) Next(ctx context.Context) (due time.Time, ok bool, err error) {
	var at sql.NullInt64
	err = s.read.QueryRowContext(ctx, `
SELECT min(CASE WHEN head_due >= next_at AND head_due >= lease_until THEN head_due
                WHEN next_at >= lease_until THEN next_at ELSE lease_until END)
FROM hosts WHERE head_due IS NOT NULL`).Scan(&at)
	if err != nil || !at.Valid {
		return time.Time{}, false, s.fail("read the frontier's next time from", err)
	}
	return fromMillis(at.Int64), true, nil
}
