package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// Grant says what people get if their claim has a value.
type Grant struct {
	Value string
	Role  qianshao.Role
	Sight qianshao.Sight
}

// OIDC says at which provider people sign in, and what they may do then.
type OIDC struct {
	Issuer   string
	ClientID string
	Secret   string
	// URL is the console's address as a browser types it; the provider sends people back to its
	// /login/oidc/callback.
	URL string
	// Scopes are asked for in addition to openid, profile and email.
	Scopes []string
	// NameClaim is the claim that an account is named after at its first sign-in. RoleClaim, a text
	// or a list of texts, is the claim that Grants refer to. "a.b" means b in a.
	NameClaim, RoleClaim string
	// Grants are tried in order; the first one that matches the claim applies. Without a match,
	// people get nothing.
	Grants []Grant
}

// Provider logs people in by OpenID Connect. It first contacts the issuer when somebody signs in, so
// that the server starts even if the issuer is down.
type Provider struct {
	opts   OIDC
	client *http.Client

	mu         sync.Mutex
	discovered *oidc.Provider
}

// providerTime bounds one request to the provider.
const providerTime = 10 * time.Second

// NewProvider returns the provider of an issuer.
func NewProvider(opts OIDC) *Provider {
	return &Provider{opts: opts, client: &http.Client{Timeout: providerTime}}
}

// discover returns the issuer's metadata.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.discovered != nil {
		return p.discovered, nil
	}
	// The context must outlive the request: the provider's keys are fetched with it later, too.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.opts.Issuer)
	if err != nil {
		return nil, fmt.Errorf("ask the OIDC issuer %s: %w", p.opts.Issuer, err)
	}
	p.discovered = found
	return found, nil
}

func (p *Provider) config(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.opts.ClientID, ClientSecret: p.opts.Secret, Endpoint: found.Endpoint(),
		RedirectURL: strings.TrimSuffix(p.opts.URL, "/") + "/login/oidc/callback",
		Scopes:      append([]string{oidc.ScopeOpenID, "profile", "email"}, p.opts.Scopes...),
	}
}

// roundTrip is the state that a browser carries to the provider and back.
type roundTrip struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"` // PKCE
	Next     string `json:"p"`
}

// tripCookie holds the round trip. It is SameSite=Lax: browsers do not send Strict cookies on the
// way back, which comes from another site.
const tripCookie = "qianshao_oidc"

// Why somebody who has signed in at the provider is not let in. Test for these with errors.Is.
var (
	// ErrNoGrant: none of their claims is granted anything, or their account is disabled.
	ErrNoGrant = errors.New("nothing is granted to whoever has signed in at the OIDC provider")
	// ErrNameTaken: the name that the provider gives is not valid, or is another account's.
	ErrNameTaken = errors.New("the name that the OIDC provider gives cannot be used, or another account has it")
	// ErrRoundTrip: the answer does not belong to a sign-in begun in this browser, or came too late.
	ErrRoundTrip = errors.New("the sign-in at the OIDC provider was not begun here, or has taken too long")
)

// HasProvider says whether people can sign in by OIDC.
func (g *Guard) HasProvider() bool { return g.provider != nil }

// ProviderURL begins a sign-in at the provider and returns where to send the browser.
func (g *Guard) ProviderURL(w http.ResponseWriter, r *http.Request, next string) (string, error) {
	found, err := g.provider.discover(r.Context())
	if err != nil {
		return "", err
	}
	trip := roundTrip{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next}
	text, err := json.Marshal(trip)
	if err != nil {
		return "", err
	}
	setCookie(w, r, tripCookie, base64.RawURLEncoding.EncodeToString(text), codeTime)
	return g.provider.config(found).AuthCodeURL(trip.State, oidc.Nonce(trip.Nonce), oauth2.S256ChallengeOption(trip.Verifier)), nil
}

// FromProvider handles the browser's return: it begins a session and returns where the person
// wanted to go.
func (g *Guard) FromProvider(w http.ResponseWriter, r *http.Request) (next string, err error) {
	var trip roundTrip
	text, err := base64.RawURLEncoding.DecodeString(readCookie(r, tripCookie))
	if err != nil || json.Unmarshal(text, &trip) != nil || trip.State == "" ||
		subtle.ConstantTimeCompare([]byte(r.FormValue("state")), []byte(trip.State)) != 1 {
		return "", ErrRoundTrip
	}
	setCookie(w, r, tripCookie, "", -time.Second)
	if refusal := r.FormValue("error"); refusal != "" {
		return "", fmt.Errorf("%w: the provider says %.100q", ErrNoGrant, refusal)
	}
	subject, claims, err := g.provider.claims(r.Context(), r.FormValue("code"), trip, g.now)
	if err != nil {
		return "", err
	}
	account, err := g.admit(r.Context(), g.provider.opts.Issuer+" "+subject, claims)
	if err != nil {
		return "", err
	}
	return trip.Next, g.begin(w, r, account, stageIn)
}

// claims redeems the code and returns the claims of the verified ID token, together with those that
// the provider gives only at its userinfo endpoint.
func (p *Provider) claims(ctx context.Context, code string, trip roundTrip, now func() time.Time) (subject string, claims map[string]any, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", nil, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := p.config(found).Exchange(ctx, code, oauth2.VerifierOption(trip.Verifier))
	if err != nil {
		return "", nil, fmt.Errorf("redeem the code of the OIDC provider: %w", err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: p.opts.ClientID, Now: now}).Verify(ctx, raw)
	if err != nil {
		return "", nil, fmt.Errorf("the ID token of the OIDC provider: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(trip.Nonce)) != 1 {
		return "", nil, ErrRoundTrip
	}
	claims = map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return "", nil, err
	}
	if claim(claims, p.opts.RoleClaim) != nil && claim(claims, p.opts.NameClaim) != nil || found.UserInfoEndpoint() == "" {
		return id.Subject, claims, nil
	}
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return "", nil, fmt.Errorf("ask the OIDC provider about somebody: %w", err)
	}
	if info.Subject != id.Subject {
		return "", nil, ErrRoundTrip
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return "", nil, err
	}
	for name, value := range more {
		if _, ok := claims[name]; !ok {
			claims[name] = value
		}
	}
	return id.Subject, claims, nil
}

// claim returns a claim, or nil. "a.b" means b in a, unless there is a claim of that very name.
func claim(claims map[string]any, name string) any {
	if value, ok := claims[name]; ok {
		return value
	}
	outer, inner, ok := strings.Cut(name, ".")
	if within, _ := claims[outer].(map[string]any); ok && within != nil {
		return claim(within, inner)
	}
	return nil
}

// granted returns the first grant that matches the claim.
func (p *Provider) granted(claims map[string]any) (Grant, bool) {
	var values []string
	switch value := claim(claims, p.opts.RoleClaim).(type) {
	case string:
		values = []string{value}
	case []any:
		for _, v := range value {
			if text, ok := v.(string); ok {
				values = append(values, text)
			}
		}
	}
	for _, grant := range p.opts.Grants {
		if slices.Contains(values, grant.Value) {
			return grant, true
		}
	}
	return Grant{}, false
}

// admit returns the account of somebody at the provider, updated from their claims, and makes one
// at their first sign-in. If their claims no longer grant anything, the account stays but can see
// and change nothing, so that its sessions end and its tokens are worthless.
func (g *Guard) admit(ctx context.Context, subject string, claims map[string]any) (store.AccountRecord, error) {
	const by = "(oidc)"
	grant, ok := g.provider.granted(claims)
	known, err := g.store.AccountOfSubject(ctx, subject)
	switch {
	case errors.Is(err, store.ErrNotFound) && !ok:
		return known, ErrNoGrant
	case errors.Is(err, store.ErrNotFound):
		return g.newcomer(ctx, by, subject, claims, grant)
	case err != nil:
		return known, err
	}
	if !ok {
		grant = Grant{Role: qianshao.RoleAuditor}
	}
	known, err = g.accounts.Change(ctx, by, known.Name, func(r *store.AccountRecord) error {
		r.Role, r.Sight = grant.Role, grant.Sight
		return nil
	})
	if err == nil && (!ok || known.Disabled) {
		err = ErrNoGrant
	}
	return known, err
}

func (g *Guard) newcomer(ctx context.Context, by, subject string, claims map[string]any, grant Grant) (store.AccountRecord, error) {
	name, _ := claim(claims, g.provider.opts.NameClaim).(string)
	name = strings.ToLower(strings.TrimSpace(name))
	record := store.AccountRecord{Subject: subject, Account: qianshao.Account{Name: name, Role: grant.Role, Sight: grant.Sight}}
	err := g.accounts.add(ctx, by, record, "", false)
	if errors.Is(err, ErrName) || errors.Is(err, store.ErrExists) {
		return record, ErrNameTaken
	}
	if err != nil {
		return record, err
	}
	return g.store.Account(ctx, name)
}
