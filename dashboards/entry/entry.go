// Package entry has the pages of one's own account: sign-in, also by OIDC, the first start and other
// one-time links, password, second factor, tokens.
package entry

import (
	"embed"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
)

//go:embed templates/*.html
var files embed.FS

// Entry serves the sign-in and the account's own page.
type Entry struct {
	*page.Room
	guard *auth.Guard
}

// New returns the room.
func New(base *page.Base, guard *auth.Guard) (*Entry, error) {
	room, err := base.Room(files)
	return &Entry{Room: room, guard: guard}, err
}

// Route adds the routes of the pages.
func (e *Entry) Route(mux page.Mux) {
	mux.HandleFunc("GET /login", e.serveLogin)
	mux.HandleFunc("POST /login", e.login)
	mux.HandleFunc("POST /login/code", e.loginCode)
	if e.guard.HasProvider() {
		mux.HandleFunc("GET /login/oidc", e.toProvider)
		mux.HandleFunc("GET /login/oidc/callback", e.fromProvider)
	}
	mux.HandleFunc("GET /enter", e.serveEnter)
	mux.HandleFunc("POST /enter", e.enter)
	mux.HandleFunc("POST /logout", e.logout)
	mux.HandleFunc("GET /account", e.serveAccount)
	mux.HandleFunc("POST /account/password", e.accountForm("password", e.changePassword))
	mux.HandleFunc("POST /account/factor", e.accountForm("", e.beginFactor))
	mux.HandleFunc("POST /account/factor/confirm", e.accountForm("", e.confirmFactor))
	mux.HandleFunc("POST /account/factor/drop", e.accountForm("factor", e.dropFactor))
	mux.HandleFunc("POST /account/tokens", e.accountForm("", e.addToken))
	mux.HandleFunc("POST /account/tokens/{id}/revoke", e.accountForm("token", e.revokeToken))
}
