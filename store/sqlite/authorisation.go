package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/database"
)

// PutAuthorisations adds the authorisations, or replaces those of the same
// id. None is ever removed, because findings name them; let one end by its
// ValidUntil. What one that is not as before may change is due at once; see recall.
func (s *Store) PutAuthorisations(ctx context.Context, list []qianshao.Authorisation) error {
	return s.db.Update(ctx, database.Durable, "put authorisations into", func(tx *database.Tx) error {
		var changes []change
		for i := range list {
			c, changed, err := changeAuthorisation(ctx, tx, &list[i])
			if err != nil {
				return fmt.Errorf("authorisation %q: %w", list[i].ID, err)
			}
			if changed {
				changes = append(changes, c)
			}
		}
		return recall(ctx, tx, changes)
	})
}

// changeAuthorisation puts an authorisation, and says whether it is another than before.
func changeAuthorisation(ctx context.Context, tx *database.Tx, a *qianshao.Authorisation) (c change, changed bool, err error) {
	const byID = selectAuthorisations + ` WHERE id = $1`
	before, err := database.Collect(ctx, tx, scanAuthorisation, byID, a.ID)
	if err != nil {
		return c, false, err
	}
	if err := putAuthorisation(ctx, tx, a); err != nil {
		return c, false, err
	}
	after, err := database.Collect(ctx, tx, scanAuthorisation, byID, a.ID)
	if err != nil {
		return c, false, err
	}
	c.after = after[0]
	if len(before) > 0 {
		c.before = &before[0]
	}
	return c, len(before) == 0 || !reflect.DeepEqual(before, after), nil
}

func putAuthorisation(ctx context.Context, tx *database.Tx, a *qianshao.Authorisation) error {
	if a.ID == "" {
		return errors.New("no id")
	}
	if err := nameHosts(ctx, tx, a); err != nil {
		return err
	}
	lists := make([]string, 0, 5)
	for _, l := range []any{a.Hosts, a.Include, a.Exclude, a.Seeds, a.Views} {
		b, err := json.Marshal(l)
		if err != nil {
			return err
		}
		lists = append(lists, string(b))
	}
	_, err := tx.ExecContext(ctx, `
INSERT INTO authorisations (id, owner, basis, contact, valid_from, valid_until, hosts, include_paths, exclude_paths, seeds, views, rate, allow_private,
  revisit_min, revisit_max, robots_waiver, crawler_basis, no_queries)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, basis = excluded.basis, contact = excluded.contact,
  valid_from = excluded.valid_from, valid_until = excluded.valid_until, hosts = excluded.hosts,
  include_paths = excluded.include_paths, exclude_paths = excluded.exclude_paths, seeds = excluded.seeds,
  views = excluded.views, rate = excluded.rate, allow_private = excluded.allow_private,
  revisit_min = excluded.revisit_min, revisit_max = excluded.revisit_max,
  robots_waiver = excluded.robots_waiver, crawler_basis = excluded.crawler_basis, no_queries = excluded.no_queries`,
		a.ID, a.Owner, a.Basis, a.Contact, database.Millis(a.ValidFrom), database.Millis(a.ValidUntil),
		lists[0], lists[1], lists[2], lists[3], lists[4], a.Rate, bit(a.AllowPrivate),
		a.RevisitMin.Milliseconds(), a.RevisitMax.Milliseconds(), a.RobotsWaiver, a.CrawlerBasis, bit(a.NoQueries))
	return err
}

const selectAuthorisations = `
SELECT id, owner, basis, contact, valid_from, valid_until, hosts, include_paths, exclude_paths, seeds, views,
  rate, allow_private, revisit_min, revisit_max, robots_waiver, crawler_basis, no_queries FROM authorisations`

// Authorisations returns the register, by id.
func (s *Store) Authorisations(ctx context.Context) ([]qianshao.Authorisation, error) {
	list, err := database.Collect(ctx, s.db.Read, scanAuthorisation, selectAuthorisations+` ORDER BY id`)
	return list, s.db.Fail("read authorisations from", err)
}

// Authorisation returns one authorisation, or store.ErrNotFound.
func (s *Store) Authorisation(ctx context.Context, id string) (qianshao.Authorisation, error) {
	a, err := database.One(database.Collect(ctx, s.db.Read, scanAuthorisation, selectAuthorisations+` WHERE id = $1`, id))
	return a, s.db.Fail(fmt.Sprintf("read authorisation %q from", id), err)
}

func scanAuthorisation(rows *sql.Rows) (a qianshao.Authorisation, err error) {
	var from, until, revisitMin, revisitMax int64
	var private, noQueries int
	var lists [5]string
	if err := rows.Scan(&a.ID, &a.Owner, &a.Basis, &a.Contact, &from, &until,
		&lists[0], &lists[1], &lists[2], &lists[3], &lists[4], &a.Rate, &private,
		&revisitMin, &revisitMax, &a.RobotsWaiver, &a.CrawlerBasis, &noQueries); err != nil {
		return a, err
	}
	a.RevisitMin, a.RevisitMax = time.Duration(revisitMin)*time.Millisecond, time.Duration(revisitMax)*time.Millisecond
	a.ValidFrom, a.ValidUntil, a.AllowPrivate, a.NoQueries = database.FromMillis(from), database.FromMillis(until), private != 0, noQueries != 0
	for i, l := range []any{&a.Hosts, &a.Include, &a.Exclude, &a.Seeds, &a.Views} {
		if err := json.Unmarshal([]byte(lists[i]), l); err != nil {
			return a, fmt.Errorf("%w: authorisation %q: %w", store.ErrCorrupt, a.ID, err)
		}
	}
	return a, nil
}

// bit writes a boolean as both databases can compare it.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
