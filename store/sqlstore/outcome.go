package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// written is the result of recording visits.
type written struct {
	removed bool // text or a query was removed
	passed  []ingest.Item
}

// recordVisits records the outcomes of visits whose leases have not passed to other crawlers.
func (s *Store) recordVisits(ctx context.Context, tx *database.Tx, visits []ingest.Visit) (r written, err error) {
	if len(visits) == 0 {
		return r, nil
	}
	leases, err := lockHosts(ctx, tx, touched(tx.Dialect, visits))
	if err != nil {
		return r, err
	}
	var kept []*ingest.Visit
	for i := range visits {
		it := &visits[i].Item
		if it.Holder != "" && leases[it.Host] != (leasedHost{qianshao.PageKey(it.URL), it.Holder}) {
			r.passed = append(r.passed, *it)
			continue
		}
		kept = append(kept, &visits[i])
	}
	for _, v := range kept {
		if err := s.recordPage(ctx, tx, v, &r); err != nil {
			return r, fmt.Errorf("the outcome of %s: %w", v.Item.URL, err)
		}
	}
	return r, recordHosts(ctx, tx, kept)
}

// touched returns the hosts whose rows are read or changed when visits are recorded. In SQLite it is enough
// to read their own.
func touched(d database.Dialect, visits []ingest.Visit) map[string]bool {
	hosts := map[string]bool{}
	for i := range visits {
		v := &visits[i]
		hosts[v.Item.Host] = true
		if d == database.SQLite {
			continue
		}
		for j := range v.Outcome.Links {
			hosts[v.Outcome.Links[j].Host] = true
		}
		for host := range v.Outcome.HostNext {
			hosts[host] = true
		}
	}
	return hosts
}

// recordPage saves the page of a visit, if it is not saved yet, and the state of its URL.
func (s *Store) recordPage(ctx context.Context, tx *database.Tx, v *ingest.Visit, r *written) error {
	o := &v.Outcome
	if o.Page != nil {
		cleared, err := s.saveUnflagged(ctx, tx, o.Page)
		if err != nil {
			return err
		}
		r.removed = r.removed || cleared
	}
	put := putOutcome
	if o.Drop {
		put, r.removed = drop, true
	}
	return put(ctx, tx, v.Item.URL, o)
}

// recordHosts adds the links of visits, ends their leases, and updates their hosts.
func recordHosts(ctx context.Context, tx *database.Tx, visits []*ingest.Visit) error {
	var ids []string
	var links []ingest.Item
	for _, v := range visits {
		ids, links = append(ids, qianshao.SubmissionID(v.Item.URL)), append(links, v.Outcome.Links...)
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
UPDATE submissions SET visited = 1 WHERE id IN (SELECT value FROM json_each($1)) AND visited = 0 AND waits_for = ''`, string(list)); err != nil {
		return err
	}
	changed, err := addItems(ctx, tx, links)
	if err != nil {
		return err
	}
	for _, v := range visits {
		if err := endVisit(ctx, tx, &v.Item, &v.Outcome); err != nil {
			return err
		}
		delete(changed, v.Item.Host)
		if err := restHosts(ctx, tx, &v.Item, &v.Outcome); err != nil {
			return err
		}
	}
	return refreshHosts(ctx, tx, changed)
}

// restHosts sets the next times of hosts other than the item's.
func restHosts(ctx context.Context, tx *database.Tx, item *ingest.Item, o *ingest.Outcome) error {
	for host, next := range o.HostNext {
		if host == item.Host {
			continue
		}
		if _, err := tx.ExecContext(ctx, `
INSERT INTO hosts (host, place, next_at, aside) VALUES ($1, $2, $3, 1)
ON CONFLICT (host) DO UPDATE SET next_at = excluded.next_at WHERE hosts.next_at < excluded.next_at`,
			host, qianshao.Place(host), database.Millis(next)); err != nil {
			return err
		}
	}
	return nil
}

// endVisit ends the lease of the item's host, unless it has passed to another URL, sets its next time,
// looks up its first URL again and stores the visit's result. The host has a row, since its URL has one.
func endVisit(ctx context.Context, tx *database.Tx, item *ingest.Item, o *ingest.Outcome) error {
	var next sql.NullInt64
	if at, ok := o.HostNext[item.Host]; ok {
		next = sql.NullInt64{Int64: database.Millis(at), Valid: true}
	}
	columns, args := told(item, o)
	_, err := tx.ExecContext(ctx, `
UPDATE hosts SET lease_until = CASE WHEN leased = $2 THEN 0 ELSE lease_until END, holder = CASE WHEN leased = $2 THEN '' ELSE holder END,
  leased = CASE WHEN leased = $2 THEN '' ELSE leased END,
  next_at = coalesce($3, next_at), failures = $4, (head_due, head_depth) = (`+headOf+`)`+columns+`
WHERE host = $1`, append([]any{item.Host, qianshao.PageKey(item.URL), next, o.HostFailures}, args...)...)
	return err
}

// drop removes a URL, and its query with it. A report of the page keeps the reason.
func drop(ctx context.Context, tx *database.Tx, url string, o *ingest.Outcome) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM frontier WHERE url = $1`, url)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 { // dropped already
		return err
	}
	if err := database.MarkForgotten(ctx, tx, "frontier"); err != nil {
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
