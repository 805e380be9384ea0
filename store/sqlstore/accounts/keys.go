package accounts

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Session returns a session that has neither ended nor expired, or store.ErrNotFound.
func (s *Store) Session(ctx context.Context, id string, now time.Time) (store.Session, error) {
	session, err := database.One(database.Collect(ctx, s.db.Read, func(rows *sql.Rows) (session store.Session, err error) {
		var expires int64
		err = rows.Scan(&session.ID, &session.Data, &expires)
		session.Expires = database.FromMillis(expires)
		return session, err
	}, `SELECT id, data, expires FROM sessions WHERE id = $1 AND ended = 0 AND expires > $2`, id, database.Millis(now)))
	return session, s.db.Fail("read a session of", err)
}

// PutSession stores a session, new or changed. A session that has ended stays ended: a request that
// read it earlier must not bring it back. Expired ones are removed.
func (s *Store) PutSession(ctx context.Context, session store.Session, now time.Time) error {
	return s.db.Update(ctx, database.Ordered, "keep a session in", func(tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires <= $1`, database.Millis(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
INSERT INTO sessions (id, data, expires, ended) VALUES ($1, $2, $3, 0)
ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires = excluded.expires WHERE sessions.ended = 0`,
			session.ID, session.Data, database.Millis(session.Expires))
		return err
	})
}

// EndSession ends the session with the id, if there is one.
func (s *Store) EndSession(ctx context.Context, id string) error {
	return s.db.Update(ctx, database.Durable, "end a session in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sessions SET ended = 1, data = $2 WHERE id = $1`, id, []byte{})
		return err
	})
}

// AddToken adds a token, and records by whom.
func (s *Store) AddToken(ctx context.Context, by string, t store.Token) error {
	return s.db.Update(ctx, database.Durable, fmt.Sprintf("add a token of %q to", t.Account), func(tx *database.Tx) error {
		if _, err := database.One(database.Collect(ctx, tx, scanAccount, selectAccounts+`WHERE name = $1`, t.Account)); err != nil {
			return err
		}
		scopes, err := list(t.Scopes)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
INSERT INTO tokens (id, account, label, hash, scopes, created, expires, used) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
			t.ID, t.Account, t.Label, t.Hash, scopes, database.Millis(t.Created), database.Millis(t.Expires)); err != nil {
			return err
		}
		return note(ctx, tx, by, t.Account, t.Created, change{what: store.AccountTokenNew, after: describeToken(t)})
	})
}

// describeToken says what a token is for and what it allows, without the token itself.
func describeToken(t store.Token) string {
	return t.ID + " " + t.Label + ": " + strings.Trim(fmt.Sprint(t.Scopes), "[]")
}

const selectTokens = `SELECT id, account, label, hash, scopes, created, expires, used FROM tokens `

func scanToken(rows *sql.Rows) (t store.Token, err error) {
	var scopes string
	var created, expires, used int64
	if err := rows.Scan(&t.ID, &t.Account, &t.Label, &t.Hash, &scopes, &created, &expires, &used); err != nil {
		return t, err
	}
	t.Created, t.Expires = database.FromMillis(created), database.FromMillis(expires)
	if used > 0 {
		t.Used = database.FromMillis(used)
	}
	return t, json.Unmarshal([]byte(scopes), &t.Scopes)
}

// Tokens returns the tokens of an account, or of all accounts with "", by account and then the latest
// first.
func (s *Store) Tokens(ctx context.Context, account string) ([]store.Token, error) {
	list, err := database.Collect(ctx, s.db.Read, scanToken, selectTokens+`WHERE account = $1 OR $1 = '' ORDER BY account, created DESC, id`, account)
	return list, s.db.Fail("read the tokens of", err)
}

// TokenOfHash returns the token with the hash, expired or not, or store.ErrNotFound.
func (s *Store) TokenOfHash(ctx context.Context, hash string) (store.Token, error) {
	t, err := database.One(database.Collect(ctx, s.db.Read, scanToken, selectTokens+`WHERE hash = $1`, hash))
	return t, s.db.Fail("read a token of", err)
}

// UseToken records when a token was last used.
func (s *Store) UseToken(ctx context.Context, id string, at time.Time) error {
	return s.db.Update(ctx, database.Ordered, "note the use of a token in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE tokens SET used = $2 WHERE id = $1 AND used < $2`, id, database.Millis(at))
		return err
	})
}

// RevokeToken removes a token of an account, or of any account with "", and records by whom. If there is
// none it returns store.ErrNotFound.
func (s *Store) RevokeToken(ctx context.Context, by, account, id string, at time.Time) error {
	return s.db.Update(ctx, database.Durable, fmt.Sprintf("revoke token %q in", id), func(tx *database.Tx) error {
		t, err := database.One(database.Collect(ctx, tx, scanToken, selectTokens+`WHERE id = $1 AND (account = $2 OR $2 = '')`, id, account))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM tokens WHERE id = $1`, id); err != nil {
			return err
		}
		return note(ctx, tx, by, t.Account, at, change{what: store.AccountTokenGone, before: describeToken(t)})
	})
}

// PutLink stores a link, replacing earlier ones of its purpose and account, and removes expired ones.
func (s *Store) PutLink(ctx context.Context, by string, l store.Link, at time.Time) error {
	return s.db.Update(ctx, database.Durable, "keep a link in", func(tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM links WHERE purpose = $1 AND account = $2 OR expires <= $3`,
			string(l.Purpose), l.Account, database.Millis(at)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO links (hash, purpose, account, expires) VALUES ($1, $2, $3, $4)`,
			l.Hash, string(l.Purpose), l.Account, database.Millis(l.Expires)); err != nil || l.Account == "" {
			return err
		}
		return note(ctx, tx, by, l.Account, at, change{what: store.AccountLink, after: string(l.Purpose)})
	})
}

func scanLink(rows *sql.Rows) (l store.Link, err error) {
	var expires int64
	err = rows.Scan(&l.Hash, &l.Purpose, &l.Account, &expires)
	l.Expires = database.FromMillis(expires)
	return l, err
}

const selectLink = `SELECT hash, purpose, account, expires FROM links WHERE hash = $1 AND expires > $2`

// Link returns a link that can still be used, or store.ErrNotFound.
func (s *Store) Link(ctx context.Context, hash string, now time.Time) (store.Link, error) {
	l, err := database.One(database.Collect(ctx, s.db.Read, scanLink, selectLink, hash, database.Millis(now)))
	return l, s.db.Fail("read a link of", err)
}

// TakeLink uses up a link, or returns store.ErrNotFound.
func (s *Store) TakeLink(ctx context.Context, hash string, now time.Time) (l store.Link, err error) {
	err = s.db.Update(ctx, database.Durable, "use a link of", func(tx *database.Tx) error {
		if l, err = database.One(database.Collect(ctx, tx, scanLink, selectLink, hash, database.Millis(now))); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM links WHERE hash = $1`, hash)
		return err
	})
	return l, err
}
