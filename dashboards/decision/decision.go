// Package decision is how people decide on a finding or a campaign, wherever one is shown: the
// current state, the form with what the account may do, and the result. The rooms that show such
// subjects put its panel to the right of their pages, and its message above.
//
// The rules are the desk's. This package shows their outcome: what was done, with its undo; a
// conflict, with both answers; a refusal, at the field that is wrong and with everything that was
// typed.
package decision

import (
	"context"
	"embed"
	"io/fs"
	"net/http"

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

// Parts are the templates for pages with a panel: "decision" shows a *Panel, and "message" a
// *Message; both show nothing for nil. The attribute data-key tells the page's script which key to
// use: on a button, the key presses it; on a summary, it opens what is below; on a fieldset, it
// makes the next digit press one of the buttons inside.
func Parts() fs.FS {
	sub, err := fs.Sub(parts, "parts")
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

// Store is what the pages need besides the desk.
type Store interface {
	// Accounts returns all accounts, by name.
	Accounts(ctx context.Context) ([]store.AccountRecord, error)
	// VisibleFinding returns one finding that the sight shows, or store.ErrNotFound.
	VisibleFinding(ctx context.Context, sight qianshao.Sight, id string) (store.Finding, error)
}

// Options of New. Store and Guard are required.
type Options struct {
	Store Store
	// Desk records decisions. Without it there are neither panels nor routes.
	Desk  *desk.Desk
	Guard *auth.Guard
}

// Decision makes panels, and takes decisions from their forms.
type Decision struct {
	*page.Room
	opts Options
}

// New returns the room.
func New(base *page.Base, opts Options) (*Decision, error) {
	room, err := base.Room(files, Parts())
	return &Decision{Room: room, opts: opts}, err
}

// Route adds the routes of the forms.
func (d *Decision) Route(mux page.Mux) {
	if d.opts.Desk == nil {
		return
	}
	for pattern, handler := range map[string]http.HandlerFunc{
		"POST /acts": d.takeAct, "POST /acts/{seq}/undo": d.takeUndo, "POST /claims": d.takeClaim, "POST /claims/release": d.takeRelease,
	} {
		mux.Handle(pattern, d.opts.Guard.Require(qianshao.PowerDecide, handler))
	}
}
