package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strconv"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// failed selects the URLs that brought no page, or one that could not be saved. Invalid URLs have no due
// time.
const failed = `due IS NOT NULL AND (skip <> '' OR attempts > 0)`

// updateFrontier is an update that excludes concurrent writers of the frontier: a change of many hosts
// would lock them in another order. All of them begin with rows of hosts.
func (s *Store) updateFrontier(ctx context.Context, d database.Durability, op string, f func(tx *database.Tx) error) error {
	return s.db.Update(ctx, d, op, func(tx *database.Tx) error {
		if tx.Dialect == database.Postgres {
			if _, err := tx.ExecContext(ctx, `LOCK TABLE hosts IN EXCLUSIVE MODE`); err != nil {
				return err
			}
		}
		return f(tx)
	})
}

// Retry makes every URL whose last visit brought no page due at once, clears its failures, and returns how
// many there are.
func (s *Store) Retry(ctx context.Context) (urls int, err error) {
	err = s.updateFrontier(ctx, database.Durable, "make due what has failed in", func(tx *database.Tx) error {
		asked := lastAsked{}
		if urls, err = asked.makeDue(ctx, tx, failed); err != nil {
			return err
		}
		return asked.wake(ctx, tx)
	})
	return urls, err
}

// lastAsked are the hosts of URLs that were made due, each with the time in milliseconds of its last
// request for one of them.
type lastAsked map[string]int64

// makeDue makes the URLs selected by where due at once, clears their failures, and returns how many there
// are.
func (l lastAsked) makeDue(ctx context.Context, tx *database.Tx, where string, args ...any) (int, error) {
	_, err := database.Collect(ctx, tx, func(rows *sql.Rows) (host string, err error) {
		var at int64
		err = rows.Scan(&host, &at)
		l[host] = max(l[host], at)
		return host, err
	}, `SELECT host, max(planned) FROM frontier WHERE `+where+` GROUP BY host`, args...)
	if err != nil {
		return 0, err
	}
	return database.ChangedRows(tx.ExecContext(ctx, `UPDATE frontier SET due = 0, attempts = 0 WHERE `+where, args...))
}

// Recheck makes URLs of a host due at once, at a person's request, and returns how many: the items, known
// to the frontier or not, and all of the host's known URLs under the authorisations in under. If there are
// any, it adds an act with their number; page is the key of the page if it is about one.
func (s *Store) Recheck(ctx context.Context, by store.Signed, host, page string, under []string, items []ingest.Item) (urls int, err error) {
	ids, err := json.Marshal(append([]string{}, under...))
	if err != nil {
		return 0, err
	}
	err = s.updateFrontier(ctx, database.Durable, "recheck "+host+" in", func(tx *database.Tx) error {
		asked := lastAsked{}
		for i := range items {
			if err := askFor(ctx, tx, &items[i]); err != nil {
				return err
			}
		}
		if urls, err = asked.makeDue(ctx, tx, `host = $1 AND due IS NOT NULL AND (due = 0 AND priority > 0 OR authorisation IN (SELECT value FROM json_each($2)))`, host, string(ids)); err != nil || urls == 0 {
			return err
		}
		if err := asked.wake(ctx, tx); err != nil {
			return err
		}
		detail := desk.Detail{Event: desk.EventRecheck, After: strconv.Itoa(urls), Words: by.Words}
		if page != "" {
			detail.After = page
		}
		act, err := recorded(by, qianshao.Subject{Kind: qianshao.SubjectSite, ID: host}, detail)
		if err != nil {
			return err
		}
		return trail.Append(ctx, tx, []qianshao.Act{act})
	})
	return urls, err
}

// askFor adds an item to the frontier, or moves it before all other due ones of its host.
func askFor(ctx context.Context, tx *database.Tx, it *ingest.Item) error {
	if err := addHost(ctx, tx, it.Host); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO frontier (url, host, authorisation, depth, priority, due) VALUES ($1, $2, $3, $4, $5, 0)`+
		onKnownURL(tx)+`DO UPDATE SET due = 0, attempts = 0, priority = excluded.priority, authorisation = excluded.authorisation`,
		it.URL, it.Host, it.Authorisation, it.Depth, int(ingest.Urgent))
	return err
}

// slowest is the time between two requests at the slowest rate, in milliseconds.
const slowest = int64(1000 / ingest.MinRate)

// wake shortens the hosts' rest to the interval of the slowest rate, and clears their failures.
func (l lastAsked) wake(ctx context.Context, tx *database.Tx) error {
	for host, at := range l {
		if _, err := tx.ExecContext(ctx, refreshHead, host); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE hosts SET next_at = min(next_at, $1), failures = 0 WHERE host = $2 AND (next_at > $1 OR failures > 0)`, at+slowest, host); err != nil {
			return err
		}
	}
	return nil
}

// Recall makes due at once what the changes from one register to another may affect, as PutAuthorisations
// does: a server may have refused a URL after the register was changed and before it was reloaded.
func (s *Store) Recall(ctx context.Context, before, after []qianshao.Authorisation) error {
	was := map[string]*qianshao.Authorisation{}
	for i := range before {
		was[before[i].ID] = &before[i]
	}
	var changes []change
	for _, a := range after {
		if old := was[a.ID]; old == nil || !reflect.DeepEqual(*old, a) {
			changes = append(changes, change{old, a})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	return s.updateFrontier(ctx, database.Durable, "make due what has changed in", func(tx *database.Tx) error { return recall(ctx, tx, changes) })
}

// change is an authorisation before (nil: it is new) and after a change.
type change struct {
	before *qianshao.Authorisation
	after  qianshao.Authorisation
}

// recall makes due at once what the changes may affect: skipped and waiting URLs covered by a changed
// authorisation. If one permits more than before, all its URLs are due and fetched in full, because their
// pages may have links that were not followed. If one no longer permits queries, the URLs with a query are
// due, so that they are removed.
func recall(ctx context.Context, tx *database.Tx, changes []change) error {
	if len(changes) == 0 {
		return nil
	}
	list, err := database.Collect(ctx, tx, func(rows *sql.Rows) (f failure, err error) {
		err = rows.Scan(&f.url, &f.skip, &f.isTemporary)
		return f, err
	}, `SELECT url, skip, attempts > 0 FROM frontier WHERE due IS NOT NULL AND skip <> ''`)
	if err != nil {
		return err
	}
	asked := lastAsked{}
	for _, f := range list {
		if !f.mayEnd(changes) {
			continue
		}
		if _, err := asked.makeDue(ctx, tx, `url = $1`, f.url); err != nil {
			return err
		}
	}
	for i := range changes {
		c := &changes[i]
		if c.before != nil && !c.before.NoQueries && c.after.NoQueries {
			if _, err := asked.makeDue(ctx, tx, `due IS NOT NULL AND authorisation = $1 AND instr(url, '?') > 0`, c.after.ID); err != nil {
				return err
			}
		}
		if c.before == nil || !permitsMore(c.before, &c.after) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE frontier SET rules = '' WHERE authorisation = $1`, c.after.ID); err != nil {
			return err
		}
		if _, err := asked.makeDue(ctx, tx, `due IS NOT NULL AND authorisation = $1`, c.after.ID); err != nil {
			return err
		}
	}
	return asked.wake(ctx, tx)
}

// failure is a URL that brought no page.
type failure struct {
	url         string
	skip        qianshao.Skip
	isTemporary bool
}

// mayEnd says whether changed authorisations may end the failure.
func (f failure) mayEnd(changes []change) bool {
	switch f.skip {
	case qianshao.SkipNotAuthorised, qianshao.SkipNotInForce, qianshao.SkipPathExcluded, qianshao.SkipView:
		return true // of any authorisation: the URL may have led to another host
	case qianshao.SkipAddress, qianshao.SkipRobots:
	default:
		if !f.isTemporary {
			return false
		}
	}
	u, err := url.Parse(f.url)
	return err == nil && slices.ContainsFunc(changes, func(c change) bool { return c.after.Covers(u, c.after.ValidFrom) == "" })
}

// permitsMore says whether after has hosts, paths or queries that before does not have.
func permitsMore(before, after *qianshao.Authorisation) bool {
	return before.NoQueries && !after.NoQueries || !holds(before.Hosts, after.Hosts) || !holds(after.Exclude, before.Exclude) ||
		len(before.Include) > 0 && (len(after.Include) == 0 || !holds(before.Include, after.Include))
}

// holds says whether list contains all the values.
func holds(list, values []string) bool {
	return !slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(list, v) })
}

// WaitingHosts returns the hosts with URLs that fail at present and are retried, the longest failing first.
func (s *Store) WaitingHosts(ctx context.Context) ([]store.WaitingHost, error) {
	list, err := database.Collect(ctx, s.db.Read, func(rows *sql.Rows) (w store.WaitingHost, err error) {
		var since, next int64
		err = rows.Scan(&w.Host, &w.URLs, &since, &w.Skip, &next)
		w.Since, w.Next = database.FromMillis(since), database.FromMillis(next)
		return w, err
	}, `
SELECT f.host, f.urls, f.since,
  (SELECT l.skip FROM frontier l WHERE l.host = f.host AND l.skip <> '' AND l.failing > 0 ORDER BY l.planned DESC, l.url LIMIT 1),
  CASE WHEN h.next_at > f.next THEN h.next_at ELSE f.next END
FROM (SELECT host, count(*) AS urls, min(failing) AS since, min(due) AS next
      FROM frontier WHERE skip <> '' AND failing > 0 AND due IS NOT NULL GROUP BY host) f
JOIN hosts h ON h.host = f.host ORDER BY f.since, f.host`)
	return list, s.db.Fail("read the waiting hosts from", err)
}

// SkippedHosts returns the hosts with URLs whose last visit was skipped for good, with the reasons, by
// reason and host.
func (s *Store) SkippedHosts(ctx context.Context) ([]store.SkippedHost, error) {
	list, err := database.Collect(ctx, s.db.Read, func(rows *sql.Rows) (k store.SkippedHost, err error) {
		err = rows.Scan(&k.Skip, &k.Host, &k.URLs)
		return k, err
	}, `SELECT skip, host, count(*) FROM frontier WHERE skip <> '' AND failing = 0 GROUP BY skip, host ORDER BY skip, host`)
	return list, s.db.Fail("read the skipped hosts from", err)
}
