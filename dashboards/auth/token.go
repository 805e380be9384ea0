package auth

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// useEvery is the shortest time between two records of a token's use.
const useEvery = time.Minute

// tokenCaller returns the caller that a token lets in, or store.ErrNotFound.
func (g *Guard) tokenCaller(ctx context.Context, token string) (caller, error) {
	hash := hashKey(token)
	c, err := g.tokenOf(ctx, hash)
	if err != nil || c.token.ID == "" {
		return c, err
	}
	if now := g.now(); now.Sub(c.token.Used) >= useEvery {
		err = g.store.UseToken(ctx, c.token.ID, now)
	}
	return c, err
}

// tokenOf returns the caller that the token with the hash lets in, or store.ErrNotFound.
func (g *Guard) tokenOf(ctx context.Context, hash string) (caller, error) {
	if g.local != "" && subtle.ConstantTimeCompare([]byte(hash), []byte(g.local)) == 1 {
		return localCaller(hash), nil
	}
	t, err := g.store.TokenOfHash(ctx, hash)
	if err != nil {
		return caller{}, err
	}
	if !g.now().Before(t.Expires) {
		return caller{}, store.ErrNotFound
	}
	account, err := g.store.Account(ctx, t.Account)
	if err == nil && account.Disabled {
		err = store.ErrNotFound
	}
	return caller{account: account, token: &t}, err
}

// localCaller is the caller for the local token, which whoever can read the data folder has: it
// reads everything, as the folder can be read, and changes nothing.
func localCaller(hash string) caller {
	account := qianshao.Account{Name: store.ByCommand, Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()}
	return caller{
		account: store.AccountRecord{Account: account},
		token:   &store.Token{Hash: hash, Scopes: []qianshao.Scope{qianshao.ScopeRead}},
	}
}

// Tokens returns the tokens of the session's account.
func (g *Guard) Tokens(ctx context.Context) ([]store.Token, error) {
	return g.store.Tokens(ctx, From(ctx).Name)
}

// TokenDays returns for how many days a new token may be valid.
func (g *Guard) TokenDays(ctx context.Context) (int, error) { return g.accounts.TokenDays(ctx) }

// NewToken makes a token of the session's account and returns it; it cannot be shown again.
func (g *Guard) NewToken(ctx context.Context, label string, scopes []qianshao.Scope, valid time.Duration) (string, error) {
	name := From(ctx).Name
	token, _, err := g.accounts.NewToken(ctx, name, name, label, scopes, valid)
	return token, err
}

// RevokeToken ends a token of the session's account.
func (g *Guard) RevokeToken(ctx context.Context, id string) error {
	name := From(ctx).Name
	return g.accounts.RevokeToken(ctx, name, name, id)
}
