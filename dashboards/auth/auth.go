// Package auth decides who may sign in to the console and the API, and what each account may do
// there: passwords, second factors, sessions, tokens, one-time links, limits on tries. It puts the
// account into each request's context; see From and Guard.Require.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/qianshao/qianshao/store"
)

// Store keeps accounts and their keys.
type Store interface {
	// Accounts returns all accounts, by name.
	Accounts(ctx context.Context) ([]store.AccountRecord, error)
	// Account returns one account, or store.ErrNotFound.
	Account(ctx context.Context, name string) (store.AccountRecord, error)
	// AccountOfSubject returns the account with this subject at the OIDC provider, or
	// store.ErrNotFound.
	AccountOfSubject(ctx context.Context, subject string) (store.AccountRecord, error)
	// AddAccount adds an account, or returns store.ErrExists. With first, it adds the account only
	// if there are none yet.
	AddAccount(ctx context.Context, by string, r store.AccountRecord, first bool) error
	// ChangeAccount changes an account in one transaction and returns the result, or
	// store.ErrNotFound. Changes of role, sight, password or confirmed second factor, disabling and
	// enabling begin a new epoch and are recorded. A change that would leave no administrator is
	// refused with store.ErrLastAdministrator.
	ChangeAccount(ctx context.Context, by, name string, at time.Time, change func(*store.AccountRecord) error) (store.AccountRecord, error)
	// Setting returns the value that an administrator has set, or store.ErrNotFound.
	Setting(ctx context.Context, name store.Setting) (string, error)
	// PutSetting sets a value and records the former one; initial is the value that applies while
	// nothing is set.
	PutSetting(ctx context.Context, by string, name store.Setting, value, initial string, at time.Time) error

	// Session returns a session that has neither ended nor expired, or store.ErrNotFound.
	Session(ctx context.Context, id string, now time.Time) (store.Session, error)
	// PutSession keeps a session, new or changed; one that has ended is not revived.
	PutSession(ctx context.Context, session store.Session, now time.Time) error
	// EndSession ends a session, if it exists.
	EndSession(ctx context.Context, id string) error

	// AddToken adds a token, and records who did it; store.ErrNotFound if its account does not
	// exist.
	AddToken(ctx context.Context, by string, t store.Token) error
	// Tokens returns the tokens of an account, or of all accounts with "": by account, the latest
	// first.
	Tokens(ctx context.Context, account string) ([]store.Token, error)
	// TokenOfHash returns the token with the hash, expired or not, or store.ErrNotFound.
	TokenOfHash(ctx context.Context, hash string) (store.Token, error)
	// UseToken records when a token was last used.
	UseToken(ctx context.Context, id string, at time.Time) error
	// RevokeToken removes a token of an account, or of any account with "", and records who did it;
	// store.ErrNotFound if there is none.
	RevokeToken(ctx context.Context, by, account, id string, at time.Time) error

	// PutLink keeps a link, which replaces those of the same purpose and account.
	PutLink(ctx context.Context, by string, l store.Link, at time.Time) error
	// Link returns a link that can still be used, or store.ErrNotFound.
	Link(ctx context.Context, hash string, now time.Time) (store.Link, error)
	// TakeLink uses up a link, or returns store.ErrNotFound.
	TakeLink(ctx context.Context, hash string, now time.Time) (store.Link, error)
}

// newKey returns a key of 256 random bits, and the hash under which it is kept. A plain hash
// without salt is enough: nobody guesses 256 bits.
func newKey() (key, hash string) {
	key = rand.Text() + rand.Text()
	return key, hashKey(key)
}

func hashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
