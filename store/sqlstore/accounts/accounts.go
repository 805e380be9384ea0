// Package accounts has the statements about accounts: who may sign in, their sessions, tokens and one-time
// links, and the administrator's settings. Each change adds an act to the trail in the same transaction.
package accounts

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// Store keeps accounts in an open database. It is safe for concurrent use.
type Store struct{ db *database.DB }

// New returns the accounts of a database.
func New(db *database.DB) *Store { return &Store{db: db} }

const selectAccounts = `
SELECT name, role, sees_all, authorisations, disabled, created, password, subject,
  factor_secret, factor_confirmed, factor_step, factor_recovery, epoch FROM accounts `

func scanAccount(rows *sql.Rows) (r store.AccountRecord, err error) {
	var authorisations, recovery string
	var created int64
	if err := rows.Scan(&r.Name, &r.Role, &r.Sight.All, &authorisations, &r.Disabled, &created, &r.Password, &r.Subject,
		&r.Factor.Secret, &r.Factor.Confirmed, &r.Factor.Step, &recovery, &r.Epoch); err != nil {
		return r, err
	}
	r.Created = database.FromMillis(created)
	return r, errors.Join(json.Unmarshal([]byte(authorisations), &r.Sight.Authorisations), json.Unmarshal([]byte(recovery), &r.Factor.Recovery))
}

// Accounts returns all accounts, by name.
func (s *Store) Accounts(ctx context.Context) ([]store.AccountRecord, error) {
	list, err := database.Collect(ctx, s.db.Read, scanAccount, selectAccounts+`ORDER BY name`)
	return list, s.db.Fail("read the accounts of", err)
}

// Account returns one account, or store.ErrNotFound.
func (s *Store) Account(ctx context.Context, name string) (store.AccountRecord, error) {
	r, err := database.One(database.Collect(ctx, s.db.Read, scanAccount, selectAccounts+`WHERE name = $1`, name))
	return r, s.db.Fail(fmt.Sprintf("read account %q of", name), err)
}

// AccountOfSubject returns the account of somebody at the OIDC provider, or store.ErrNotFound.
func (s *Store) AccountOfSubject(ctx context.Context, subject string) (store.AccountRecord, error) {
	r, err := database.One(database.Collect(ctx, s.db.Read, scanAccount, selectAccounts+`WHERE subject = $1 AND subject <> ''`, subject))
	return r, s.db.Fail("read an account of", err)
}

// AddAccount adds an account, or returns store.ErrExists. With first it is added only
// if there is none yet.
func (s *Store) AddAccount(ctx context.Context, by string, r store.AccountRecord, first bool) error {
	return s.db.Update(ctx, database.Durable, fmt.Sprintf("add account %q to", r.Name), func(tx *database.Tx) error {
		list, err := database.Collect(ctx, tx, scanAccount, selectAccounts)
		if err != nil {
			return err
		}
		for _, other := range list {
			if first || other.Name == r.Name || r.Subject != "" && other.Subject == r.Subject {
				return store.ErrExists
			}
		}
		r.Epoch = 1
		if err := put(ctx, tx, r); err != nil {
			return err
		}
		return note(ctx, tx, by, r.Name, r.Created, change{what: store.AccountAdded, after: string(r.Role) + ", " + describe(r.Sight)})
	})
}

// ChangeAccount applies do to an account, in one transaction, and returns the changed account. The
// name and the time of creation do not change. A change that must end the account's sessions begins
// a new epoch. If do fails, nothing changes.
func (s *Store) ChangeAccount(ctx context.Context, by, name string, at time.Time, do func(*store.AccountRecord) error) (store.AccountRecord, error) {
	var r store.AccountRecord
	err := s.db.Update(ctx, database.Durable, fmt.Sprintf("change account %q in", name), func(tx *database.Tx) error {
		before, err := database.One(database.Collect(ctx, tx, scanAccount, selectAccounts+`WHERE name = $1`, name))
		if err != nil {
			return err
		}
		r = before
		r.Sight.Authorisations, r.Factor.Recovery = slices.Clone(before.Sight.Authorisations), slices.Clone(before.Factor.Recovery)
		if err := do(&r); err != nil {
			return err
		}
		r.Name, r.Created, r.Epoch = before.Name, before.Created, before.Epoch
		changes := differences(before, r)
		if len(changes) > 0 {
			r.Epoch++
		}
		if err := keepAdministrator(ctx, tx, before, r); err != nil {
			return err
		}
		if err := put(ctx, tx, r); err != nil {
			return err
		}
		return note(ctx, tx, by, name, at, changes...)
	})
	return r, err
}

// change is a changed property of an account. before and after never contain a secret.
type change struct {
	what          store.AccountEvent
	before, after string
}

// differences are the changes that must end the account's sessions.
func differences(before, after store.AccountRecord) (list []change) {
	add := func(changed bool, what store.AccountEvent, was, is string) {
		if changed {
			list = append(list, change{what, was, is})
		}
	}
	add(after.Role != before.Role, store.AccountRole, string(before.Role), string(after.Role))
	was, is := describe(before.Sight), describe(after.Sight)
	add(is != was, store.AccountSight, was, is)
	add(after.Disabled && !before.Disabled, store.AccountDisabled, "", "")
	add(!after.Disabled && before.Disabled, store.AccountEnabled, "", "")
	add(after.Password != before.Password, store.AccountPassword, "", "")
	add(after.Factor.Confirmed && (!before.Factor.Confirmed || after.Factor.Secret != before.Factor.Secret), store.AccountFactorOn, "", "")
	add(!after.Factor.Confirmed && before.Factor.Confirmed, store.AccountFactorOff, "", "")
	return list
}

func describe(s qianshao.Sight) string {
	switch {
	case s.All:
		return "sees all"
	case len(s.Authorisations) == 0:
		return "sees nothing"
	}
	return "sees " + strings.Join(s.Authorisations, " ")
}

// isKeeper says whether the account may change accounts.
func isKeeper(r store.AccountRecord) bool { return r.Role == qianshao.RoleAdministrator && !r.Disabled }

// keepAdministrator refuses a change after which nobody could change accounts.
func keepAdministrator(ctx context.Context, tx *database.Tx, before, after store.AccountRecord) error {
	if !isKeeper(before) || isKeeper(after) {
		return nil
	}
	var others int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM accounts WHERE role = $1 AND disabled = 0 AND name <> $2`,
		string(qianshao.RoleAdministrator), before.Name).Scan(&others)
	if err == nil && others == 0 {
		err = store.ErrLastAdministrator
	}
	return err
}

func put(ctx context.Context, tx *database.Tx, r store.AccountRecord) error {
	authorisations, err := list(r.Sight.Authorisations)
	if err != nil {
		return err
	}
	recovery, err := list(r.Factor.Recovery)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
INSERT INTO accounts (name, role, sees_all, authorisations, disabled, created, password, subject,
  factor_secret, factor_confirmed, factor_step, factor_recovery, epoch)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (name) DO UPDATE SET role = excluded.role, sees_all = excluded.sees_all, authorisations = excluded.authorisations,
  disabled = excluded.disabled, password = excluded.password, subject = excluded.subject, factor_secret = excluded.factor_secret,
  factor_confirmed = excluded.factor_confirmed, factor_step = excluded.factor_step, factor_recovery = excluded.factor_recovery, epoch = excluded.epoch`,
		r.Name, string(r.Role), r.Sight.All, authorisations, r.Disabled, database.Millis(r.Created), r.Password, r.Subject,
		r.Factor.Secret, r.Factor.Confirmed, r.Factor.Step, recovery, r.Epoch)
	return err
}

// list encodes a list as JSON; an empty one as [].
func list[T any](values []T) (string, error) {
	text, err := json.Marshal(append([]T{}, values...))
	return string(text), err
}

// note adds the change of an account to the trail.
func note(ctx context.Context, tx *database.Tx, by, account string, at time.Time, changes ...change) error {
	subject := qianshao.Subject{Kind: qianshao.SubjectAccount, ID: account}
	acts := make([]qianshao.Act, len(changes))
	for i, c := range changes {
		var err error
		if acts[i], err = desk.Recorded(by, at, qianshao.ActChange, subject, desk.Detail{Event: string(c.what), Before: c.before, After: c.after}); err != nil {
			return err
		}
	}
	return trail.Append(ctx, tx, acts)
}
