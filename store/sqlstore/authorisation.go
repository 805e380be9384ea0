package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// PutAuthorisations adds the authorisations, or replaces those with the same ids. None is ever removed,
// because findings refer to them; end one by its ValidUntil. What a changed one affects is due at once; see
// recall. Each change leaves an act.
func (s *Store) PutAuthorisations(ctx context.Context, by store.Signed, list []qianshao.Authorisation) error {
	return s.putAuthorisations(ctx, by, list, "")
}

// ReplaceAuthorisations does the same if the entries have not changed since their store.RegisterDigest was
// taken; otherwise it changes nothing and returns store.ErrChanged.
func (s *Store) ReplaceAuthorisations(ctx context.Context, by store.Signed, list []qianshao.Authorisation, seen string) error {
	return s.putAuthorisations(ctx, by, list, seen)
}

func (s *Store) putAuthorisations(ctx context.Context, by store.Signed, list []qianshao.Authorisation, seen string) error {
	return s.updateFrontier(ctx, database.Durable, "put authorisations into", func(tx *database.Tx) error {
		if seen != "" {
			if err := isAsSeen(ctx, tx, list, seen); err != nil {
				return err
			}
		}
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
		return changed(ctx, tx, by, changes, "")
	})
}

// isAsSeen returns store.ErrChanged if the entries have changed since.
func isAsSeen(ctx context.Context, tx *database.Tx, list []qianshao.Authorisation, seen string) error {
	before := make([]*qianshao.Authorisation, len(list))
	for i := range list {
		var err error
		if before[i], err = authorisationIn(ctx, tx, list[i].ID); err != nil {
			return err
		}
	}
	if store.RegisterDigest(before) != seen {
		return store.ErrChanged
	}
	return nil
}

// EndAuthorisation ends an authorisation at by.At, or returns store.ErrNotFound. One that has not begun
// never will; one that has ended stays as it is.
func (s *Store) EndAuthorisation(ctx context.Context, by store.Signed, id string) error {
	return s.updateFrontier(ctx, database.Durable, fmt.Sprintf("end authorisation %q in", id), func(tx *database.Tx) error {
		a, err := authorisationIn(ctx, tx, id)
		if err != nil {
			return err
		}
		if a == nil {
			return store.ErrNotFound
		}
		end := by.At.UTC().Truncate(time.Millisecond)
		if end.Before(a.ValidFrom) {
			end = a.ValidFrom
		}
		if !end.Before(a.ValidUntil) {
			return nil
		}
		a.ValidUntil = end
		c, _, err := changeAuthorisation(ctx, tx, a)
		if err != nil {
			return err
		}
		return changed(ctx, tx, by, []change{c}, "ended")
	})
}

// changed does what changes of the register entail: it adds acts, and makes the affected URLs due. event is
// the change's name for an authorisation that existed before; "" is "changed".
func changed(ctx context.Context, tx *database.Tx, by store.Signed, changes []change, event string) error {
	acts := make([]qianshao.Act, len(changes))
	for i := range changes {
		c := &changes[i]
		detail := desk.Detail{Event: cmp.Or(event, "changed"), Words: by.Words}
		if c.before == nil {
			detail.Event = "added"
		}
		detail.Before, detail.After = inWords(c)
		var err error
		if acts[i], err = recorded(by, qianshao.Subject{Kind: qianshao.SubjectAuthorisation, ID: c.after.ID}, detail); err != nil {
			return err
		}
	}
	if err := trail.Append(ctx, tx, acts); err != nil {
		return err
	}
	return recall(ctx, tx, changes)
}

// recorded is the act of a change. Every change must have an author.
func recorded(by store.Signed, subject qianshao.Subject, detail desk.Detail) (qianshao.Act, error) {
	if by.By == "" {
		return qianshao.Act{}, errors.New("it is not said who changes it")
	}
	return desk.Recorded(by.By, by.At, qianshao.ActChange, subject, detail)
}

// maxInWords bounds the text of one field in an act, in characters: a long list of hosts belongs in the
// register, not in the trail.
const maxInWords = 300

// inWords writes the changed fields, before and after.
func inWords(c *change) (before, after string) {
	var was, is []string
	for _, f := range c.after.ChangedFrom(c.before) {
		was = append(was, f.Key+" "+short(f.Before))
		is = append(is, f.Key+" "+short(f.After))
	}
	if c.before == nil {
		return "", strings.Join(is, "; ")
	}
	return strings.Join(was, "; "), strings.Join(is, "; ")
}

// short cuts a text; an empty one gets a name.
func short(text string) string {
	if text == "" {
		return "–"
	}
	if runes := []rune(text); len(runes) > maxInWords {
		return string(runes[:maxInWords]) + "…"
	}
	return text
}

// authorisationIn returns an authorisation as the transaction sees it, or nil.
func authorisationIn(ctx context.Context, tx *database.Tx, id string) (*qianshao.Authorisation, error) {
	list, err := database.Collect(ctx, tx, scanAuthorisation, selectAuthorisations+` WHERE id = $1`, id)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// changeAuthorisation stores an authorisation, and says whether it has changed.
func changeAuthorisation(ctx context.Context, tx *database.Tx, a *qianshao.Authorisation) (c change, changed bool, err error) {
	if c.before, err = authorisationIn(ctx, tx, a.ID); err != nil {
		return c, false, err
	}
	if err := putAuthorisation(ctx, tx, a); err != nil {
		return c, false, err
	}
	after, err := authorisationIn(ctx, tx, a.ID)
	if err != nil {
		return c, false, err
	}
	c.after = *after
	return c, c.before == nil || !reflect.DeepEqual(c.before, after), nil
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

// RegisterMark returns a mark of the register as it is now, and whether it has changed since an earlier
// mark. Every change leaves an act, and acts become visible in the order of their numbers.
func (s *Store) RegisterMark(ctx context.Context, since int64) (mark int64, changed bool, err error) {
	// By number: this reads the few acts added since, not all about authorisations.
	err = s.db.Read.QueryRowContext(ctx, `
SELECT seq, CASE WHEN EXISTS (SELECT 1 FROM acts WHERE acts.seq > $1 AND +subject_kind = 'authorisation') THEN 1 ELSE 0 END
FROM act_head WHERE id = 1`, since).Scan(&mark, &changed)
	return mark, changed, s.db.Fail("read the trail of acts in", err)
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
