package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/store"
)

func (a *API) routeTokens() {
	const path = "/tokens"
	a.unkeyed["POST "+Root+path] = "its answer has a secret, which is not kept"
	register(a, "", huma.Operation{
		OperationID: "tokens", Method: http.MethodGet, Path: path, Summary: "Your account's tokens, without their secrets",
	}, a.tokens)
	register(a, "", huma.Operation{
		OperationID: "make-token", Method: http.MethodPost, Path: path, Summary: "Create a token for your account, in a session; it is shown only once",
		DefaultStatus: http.StatusCreated,
	}, a.makeToken)
	register(a, "", huma.Operation{
		OperationID: "revoke-token", Method: http.MethodDelete, Path: path + "/{id}", Summary: "Revoke a token of your account, in a session",
	}, a.revokeToken)
}

// Token is a token as its account sees it.
type Token struct {
	ID      string           `json:"id"`
	Label   string           `json:"label"`
	Scopes  []qianshao.Scope `json:"scopes"`
	Created time.Time        `json:"created"`
	Expires time.Time        `json:"expires"`
	Used    time.Time        `json:"used,omitzero" doc:"When it was last used, to the minute."`
}

// Tokens is a list of an account's tokens.
type Tokens struct {
	Tokens []Token `json:"tokens"`
}

func (a *API) tokens(ctx context.Context, _ *struct{}) (*struct{ Body Tokens }, error) {
	list, err := a.opts.Guard.Tokens(ctx)
	if err != nil {
		return nil, a.failure(ctx, "token", err)
	}
	out := &struct{ Body Tokens }{Tokens{[]Token{}}}
	for _, t := range list {
		out.Body.Tokens = append(out.Body.Tokens, newToken(t))
	}
	return out, nil
}

func newToken(t store.Token) Token {
	return Token{ID: t.ID, Label: t.Label, Scopes: t.Scopes, Created: t.Created, Expires: t.Expires, Used: t.Used}
}

// inSession refuses requests made with a token: a stolen one must not make others that outlive it.
func inSession(ctx context.Context) error {
	if auth.IsPerson(ctx) {
		return nil
	}
	return NewProblem(http.StatusForbidden, "forbidden", "a token cannot create or revoke tokens: sign in to do that")
}

// MadeToken is a new token with its secret.
type MadeToken struct {
	Secret string `json:"token" doc:"Shown only once."`
}

func (a *API) makeToken(ctx context.Context, in *struct {
	Body struct {
		Label  string           `json:"label" minLength:"1" maxLength:"100" doc:"What it is for."`
		Scopes []qianshao.Scope `json:"scopes" minItems:"1" maxItems:"20"`
		Days   int              `json:"days" minimum:"1" maximum:"3650" doc:"Validity in days."`
	}
}) (*struct{ Body MadeToken }, error) {
	if err := inSession(ctx); err != nil {
		return nil, err
	}
	secret, err := a.opts.Guard.NewToken(ctx, in.Body.Label, in.Body.Scopes, time.Duration(in.Body.Days)*24*time.Hour)
	for _, wrong := range []error{auth.ErrScope, auth.ErrLabel, auth.ErrTokenTime, auth.ErrTooManyTokens} {
		if errors.Is(err, wrong) {
			return nil, NewProblem(http.StatusUnprocessableEntity, "refused", err.Error())
		}
	}
	if err != nil {
		return nil, a.failure(ctx, "token", err)
	}
	return &struct{ Body MadeToken }{MadeToken{secret}}, nil
}

func (a *API) revokeToken(ctx context.Context, in *ByID) (*struct{}, error) {
	err := inSession(ctx)
	if err == nil {
		err = a.opts.Guard.RevokeToken(ctx, in.ID)
	}
	if err != nil {
		return nil, a.failure(ctx, "token", err)
	}
	return nil, nil // 204
}
