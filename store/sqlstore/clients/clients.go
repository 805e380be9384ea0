// Package clients has the statements about the data of console and API users: their saved views, and the
// answers to requests with an Idempotency-Key.
package clients

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Clients stores that data in an open database. It is safe for concurrent use.
type Clients struct{ db *database.DB }

// New returns the Clients of a database.
func New(db *database.DB) *Clients { return &Clients{db: db} }

// SavedViews returns the views that an account has saved, and those that all share, by name.
func (c *Clients) SavedViews(ctx context.Context, account string) ([]store.SavedView, error) {
	list, err := database.Collect(ctx, c.db.Read, scanView, selectViews+`WHERE owner = $1 OR shared = 1 ORDER BY name, owner`, account)
	return list, c.db.Fail("read the saved views of", err)
}

// SavedView returns one view, or store.ErrNotFound.
func (c *Clients) SavedView(ctx context.Context, id string) (store.SavedView, error) {
	v, err := database.One(database.Collect(ctx, c.db.Read, scanView, selectViews+`WHERE id = $1`, id))
	return v, c.db.Fail(fmt.Sprintf("read saved view %q of", id), err)
}

// SaveView saves a view, replacing the owner's view of that name, whose id it keeps, and returns it. One
// too many is refused with store.ErrTooManyViews. Sharing a view, changing a shared one and ending the
// sharing each leave an act.
func (c *Clients) SaveView(ctx context.Context, v store.SavedView) (store.SavedView, error) {
	err := c.db.Update(ctx, database.Durable, "save a view in", func(tx *database.Tx) error {
		before, err := database.Collect(ctx, tx, scanView, selectViews+`WHERE owner = $1 AND name = $2`, v.Owner, v.Name)
		if err != nil {
			return err
		}
		var others int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM saved_views WHERE owner = $1 AND name <> $2`, v.Owner, v.Name).Scan(&others); err != nil {
			return err
		}
		if others >= store.MaxViews {
			return store.ErrTooManyViews
		}
		err = tx.QueryRowContext(ctx, `
INSERT INTO saved_views (id, owner, name, query, sort, shared, changed) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (owner, name) DO UPDATE SET query = excluded.query, sort = excluded.sort, shared = excluded.shared, changed = excluded.changed
RETURNING id`, v.ID, v.Owner, v.Name, v.Query, v.Sort, v.Shared, database.Millis(v.Changed)).Scan(&v.ID)
		if err != nil {
			return err
		}
		wasShared := len(before) > 0 && before[0].Shared
		switch {
		case v.Shared && !wasShared:
			return note(ctx, tx, store.Signed{By: v.Owner, At: v.Changed}, v, store.ViewShared)
		case v.Shared && (before[0].Query != v.Query || before[0].Sort != v.Sort):
			return note(ctx, tx, store.Signed{By: v.Owner, At: v.Changed}, v, store.ViewChanged)
		case wasShared && !v.Shared:
			return note(ctx, tx, store.Signed{By: v.Owner, At: v.Changed}, v, store.ViewUnshared)
		}
		return nil
	})
	return v, err
}

// DeleteView deletes a view, or returns store.ErrNotFound. Deleting a shared one leaves an act.
func (c *Clients) DeleteView(ctx context.Context, by store.Signed, id string) error {
	return c.db.Update(ctx, database.Durable, "delete a view of", func(tx *database.Tx) error {
		v, err := database.One(database.Collect(ctx, tx, scanView, `DELETE FROM saved_views WHERE id = $1 RETURNING `+viewColumns, id))
		if err != nil || !v.Shared {
			return err
		}
		return note(ctx, tx, by, v, store.ViewDeleted)
	})
}

// note adds an act on a shared view. It has the view's name, not its query: that may name a page, and the
// trail is kept longer than anything of a page.
func note(ctx context.Context, tx *database.Tx, by store.Signed, v store.SavedView, event string) error {
	act, err := desk.Recorded(by.By, by.At, qianshao.ActChange, qianshao.Subject{Kind: qianshao.SubjectView, ID: v.ID}, desk.Detail{Event: event, After: v.Name})
	if err != nil {
		return err
	}
	return trail.Append(ctx, tx, []qianshao.Act{act})
}

const (
	viewColumns = `id, owner, name, query, sort, shared, changed`
	selectViews = `SELECT ` + viewColumns + ` FROM saved_views `
)

func scanView(rows *sql.Rows) (v store.SavedView, err error) {
	var changed int64
	err = rows.Scan(&v.ID, &v.Owner, &v.Name, &v.Query, &v.Sort, &v.Shared, &changed)
	v.Changed = database.FromMillis(changed)
	return v, err
}

// BeginAnswer begins a request with an account's key. If there already was one, it returns what is stored
// of it, and begun is false. A request that the same holder began and did not answer is begun again.
func (c *Clients) BeginAnswer(ctx context.Context, r store.KeyedRequest, now time.Time) (kept store.KeptAnswer, begun bool, err error) {
	err = c.db.Update(ctx, database.Durable, "begin a request in", func(tx *database.Tx) error {
		kept, begun = store.KeptAnswer{}, false
		if err := makeRoom(ctx, tx, r.Account, now); err != nil {
			return err
		}
		list, err := database.Collect(ctx, tx, scanAnswer, `
SELECT request, holder, begun, status, type, location, body FROM kept_answers WHERE account = $1 AND key = $2`, r.Account, r.Key)
		if err != nil {
			return err
		}
		if len(list) > 0 && !list[0].abandoned(r, now) {
			kept = list[0].KeptAnswer
			return nil
		}
		begun = true
		_, err = tx.ExecContext(ctx, `
INSERT INTO kept_answers (account, key, request, holder, begun, status, type, location, body) VALUES ($1, $2, $3, $4, $5, 0, '', '', $6)
ON CONFLICT (account, key) DO UPDATE SET holder = excluded.holder, begun = excluded.begun`,
			r.Account, r.Key, r.Hash, r.Holder, database.Millis(now), []byte{})
		return err
	})
	return kept, begun, err
}

// makeRoom removes the answers that are too old, and the oldest of an account that has too many.
func makeRoom(ctx context.Context, tx *database.Tx, account string, now time.Time) error {
	if err := expire(ctx, tx, now); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
DELETE FROM kept_answers WHERE account = $1 AND status > 0 AND key IN (
  SELECT key FROM kept_answers WHERE account = $1 ORDER BY begun DESC, key LIMIT $3 OFFSET $2)`, account, store.MaxAnswers-1, store.MaxAnswers)
	return err
}

func expire(ctx context.Context, tx *database.Tx, now time.Time) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM kept_answers WHERE begun < $1`, database.Millis(now.Add(-store.AnswerTerm)))
	return err
}

type answer struct {
	store.KeptAnswer
	holder string
	begun  time.Time
}

// abandoned says that nobody is working on a repeated request any more.
func (a *answer) abandoned(again store.KeyedRequest, now time.Time) bool {
	return a.Status == 0 && a.Hash == again.Hash && (a.holder == again.Holder || now.Sub(a.begun) >= store.AnswerTime)
}

func scanAnswer(rows *sql.Rows) (a answer, err error) {
	var begun int64
	err = rows.Scan(&a.Hash, &a.holder, &begun, &a.Status, &a.Type, &a.Location, &a.Body)
	a.begun = database.FromMillis(begun)
	return a, err
}

// whereBegun selects a request that its holder works on: neither answered nor taken over by another.
const whereBegun = ` WHERE account = $1 AND key = $2 AND request = $3 AND holder = $4 AND status = 0`

// KeepAnswer stores the answer to a request that its holder has begun.
func (c *Clients) KeepAnswer(ctx context.Context, r store.KeyedRequest, a store.KeptAnswer) error {
	return c.db.Update(ctx, database.Durable, "keep an answer in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE kept_answers SET status = $5, type = $6, location = $7, body = $8`+whereBegun,
			r.Account, r.Key, r.Hash, r.Holder, a.Status, a.Type, a.Location, append([]byte{}, a.Body...))
		return err
	})
}

// DropAnswer forgets a request that its holder began and that had no effect, so that it can be repeated.
func (c *Clients) DropAnswer(ctx context.Context, r store.KeyedRequest) error {
	return c.db.Update(ctx, database.Durable, "drop an answer of", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM kept_answers`+whereBegun, r.Account, r.Key, r.Hash, r.Holder)
		return err
	})
}

// DropAnswersOf forgets the answers that name a thing, in the transaction that removes it.
func DropAnswersOf(ctx context.Context, tx *database.Tx, location string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM kept_answers WHERE location = $1`, location)
	return err
}

// ExpireAnswers forgets the answers that are older than store.AnswerTerm.
func (c *Clients) ExpireAnswers(ctx context.Context, now time.Time) error {
	return c.db.Update(ctx, database.Ordered, "forget old answers of", func(tx *database.Tx) error { return expire(ctx, tx, now) })
}
