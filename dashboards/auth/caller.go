package auth

import (
	"context"
	"net/http"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// caller is who makes a request.
type caller struct {
	account store.AccountRecord
	// token is the token that was sent; nil for sessions.
	token *store.Token
	// form is the token that the session's forms carry.
	form string
}

type callerKey struct{}

// withCaller returns a context with who makes the request. It holds a pointer, since a session may
// begin during the request.
func withCaller(ctx context.Context, c caller) context.Context {
	return context.WithValue(ctx, callerKey{}, &c)
}

func callerOf(ctx context.Context) caller {
	if c, _ := ctx.Value(callerKey{}).(*caller); c != nil {
		return *c
	}
	return caller{}
}

// From returns the account that makes the request. Without one, on pages that need no sign-in, it is
// the zero value, which sees nothing and has no powers.
func From(ctx context.Context) qianshao.Account { return callerOf(ctx).account.Account }

// May says whether the request may use the power: the account's role must have it, and so must the
// token, if one was sent.
func May(ctx context.Context, p qianshao.Power) bool {
	c := callerOf(ctx)
	return c.account.Role.May(p) && c.hasScope(qianshao.Scope(p))
}

// Acting returns the requesting account with no more power than its token allows: with a lead's
// token that may only decide, the account is not treated as a lead.
func Acting(ctx context.Context) qianshao.Account {
	account := From(ctx)
	for _, p := range qianshao.Powers() {
		if account.Role.May(p) && !May(ctx, p) {
			account.Without = append(account.Without, p)
		}
	}
	return account
}

// hasScope says whether the request has the scope: a session has all but the metrics; a token has
// those that it was made for and that its account still allows.
func (c caller) hasScope(s qianshao.Scope) bool {
	if c.account.Name == "" || !c.account.Allows(s) {
		return false
	}
	if c.token == nil {
		return s != qianshao.ScopeMetrics
	}
	return slices.Contains(c.token.Scopes, s)
}

// Reads says whether the request may read: a session may, and so may a token with the scope for it.
func Reads(ctx context.Context) bool { return callerOf(ctx).hasScope(qianshao.ScopeRead) }

// IsPerson says whether the request comes in a session, and not with a token.
func IsPerson(ctx context.Context) bool {
	c := callerOf(ctx)
	return c.account.Name != "" && c.token == nil
}

// FormToken returns the token that forms of the page must carry in the field FormField, and scripts
// in the header FormHeader; "" without a session.
func FormToken(ctx context.Context) string { return callerOf(ctx).form }

// Where requests carry the FormToken if they change something in a session.
const (
	FormField  = "csrf"
	FormHeader = "X-CSRF-Token"
)

// RequireScope lets a request pass if it has the scope, and otherwise refuses it with 403.
func (g *Guard) RequireScope(s qianshao.Scope, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !callerOf(r.Context()).hasScope(s) {
			g.rules.Refuse(w, r, http.StatusForbidden, "forbidden", "this needs \""+string(s)+"\": the account's role must have it, and so must a token's scopes")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Require lets a request pass if it has the power, and otherwise refuses it with 403: a program
// with a problem, a person with a page.
func (g *Guard) Require(p qianshao.Power, next http.Handler) http.Handler {
	return g.RequireScope(qianshao.Scope(p), next)
}

// HasPassword says whether the request's account has a password here, rather than signing in by
// OIDC.
func (g *Guard) HasPassword(ctx context.Context) bool { return callerOf(ctx).account.Password != "" }

// FactorRequired says whether the request's account must set up a second factor before it can do
// anything else.
func (g *Guard) FactorRequired(ctx context.Context) bool { return g.needsFactor(callerOf(ctx)) }
