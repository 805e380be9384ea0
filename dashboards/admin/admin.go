// Package admin has the pages for administration and for the audit trail: accounts with their
// roles, sights and tokens; settings that apply to everybody; and everybody's acts, with filters
// and an export. Every change made here is itself an act.
package admin

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store"
)

//go:embed templates/*.html
var files embed.FS

//go:embed parts/templates/*.html
var parts embed.FS

// Store is what the pages read from the store.
type Store interface {
	// Accounts returns all accounts, by name.
	Accounts(ctx context.Context) ([]store.AccountRecord, error)
	// Account returns one account, or store.ErrNotFound.
	Account(ctx context.Context, name string) (store.AccountRecord, error)
	// Tokens returns the tokens of an account, the latest first.
	Tokens(ctx context.Context, account string) ([]store.Token, error)
	// Authorisation returns an authorisation of the register, or store.ErrNotFound.
	Authorisation(ctx context.Context, id string) (qianshao.Authorisation, error)
	// FindingsOfPage returns the records of all findings of a page, open and gone.
	FindingsOfPage(ctx context.Context, pageURL string) ([]qianshao.FindingRecord, error)
}

// Checks verifies the trail against its hash chain.
type Checks interface {
	// Check verifies the trail and keeps the result.
	Check(ctx context.Context, now time.Time) (desk.Check, error)
	// LastCheck returns the last check; the zero value if there has been none.
	LastCheck(ctx context.Context) (desk.Check, error)
}

// Options of New. All are required but Desk, Checks, Canonical and Closing.
type Options struct {
	Store    Store
	Accounts *auth.Accounts
	Guard    *auth.Guard
	// Desk has the trail; without it there are no pages for the trail.
	Desk *desk.Desk
	// Checks is required with Desk.
	Checks Checks
	// Canonical spells a URL as the store does; if it is nil, pasted URLs are left as they are.
	Canonical func(url string) (string, error)
	// Closing is closed when the server is shutting down; nil means never.
	Closing <-chan struct{}
	// RequireFactor is that of auth.GuardOptions; the settings page shows it.
	RequireFactor bool
}

// Admin serves the pages to administrators and auditors.
type Admin struct {
	*page.Room
	opts Options
	// checking is true while the trail is being checked: a machine has enough to do with one check
	// at a time.
	checking atomic.Bool
}

// New returns the room.
func New(base *page.Base, opts Options) (*Admin, error) {
	if opts.Canonical == nil {
		opts.Canonical = func(url string) (string, error) { return url, nil }
	}
	shared, err := fs.Sub(parts, "parts")
	if err != nil {
		return nil, err
	}
	room, err := base.Room(files, shared)
	return &Admin{Room: room, opts: opts}, err
}

// Route adds the routes of the pages.
func (a *Admin) Route(mux page.Mux) {
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /admin":                                     a.serveAccounts,
		"POST /admin/accounts":                           a.addAccount,
		"GET /admin/accounts/{name}":                     a.serveAccount,
		"POST /admin/accounts/{name}/change":             a.accountForm("changed", a.changeAccount),
		"POST /admin/accounts/{name}/disable":            a.accountForm("disabled", a.disableAccount),
		"POST /admin/accounts/{name}/enable":             a.accountForm("enabled", a.enableAccount),
		"POST /admin/accounts/{name}/reset":              a.accountForm("", a.resetAccount),
		"POST /admin/accounts/{name}/tokens/{id}/revoke": a.accountForm("revoked", a.revokeToken),
		"GET /admin/settings":                            a.serveSettings,
		"POST /admin/settings":                           a.set,
	} {
		mux.Handle(pattern, a.opts.Guard.Require(qianshao.PowerAdminister, a.seesAll(handler)))
	}
	if a.opts.Desk == nil {
		return
	}
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /trail": a.serveTrail, "POST /trail/export": a.exportTrail, "POST /trail/check": a.checkTrail,
	} {
		mux.Handle(pattern, a.opts.Guard.Require(qianshao.PowerAudit, handler))
	}
}

// seesAll lets only administrators pass who see everything: a limited one could otherwise grant, or
// take away, what they do not see themselves.
func (a *Admin) seesAll(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !auth.From(r.Context()).Sight.All {
			a.Refuse(w, r, http.StatusForbidden, "forbidden")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// frame is what the pages have in common: the layout, and the links to each other.
type frame struct {
	*page.Layout
	Tabs []tab
}

type tab struct {
	Name, URL string
	Current   bool
}

func (a *Admin) frame(w http.ResponseWriter, r *http.Request, title string) frame {
	f := frame{Layout: a.Layout(w, r, title)}
	who := auth.From(r.Context())
	add := func(may bool, key, url string, current bool) {
		if may {
			f.Tabs = append(f.Tabs, tab{f.T(key), url, current})
		}
	}
	administers := who.Sight.All && auth.May(r.Context(), qianshao.PowerAdminister)
	add(administers, "admin.accounts", "/admin", f.Path == "/admin")
	add(administers, "admin.settings", "/admin/settings", f.Path == "/admin/settings")
	add(a.opts.Desk != nil && auth.May(r.Context(), qianshao.PowerAudit), "trail.title", "/trail", f.Path == "/trail")
	return f
}
