// Package decision is how people decide on a finding or a campaign, wherever one is shown:
// what stands, the form with what the account may do, and what becomes of it. The rooms that
// show such subjects put its panel at the right of their pages.
package decision

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
)

//go:embed parts/templates/*.html
var parts embed.FS

// Parts are the templates that the pages with a panel use: "decision" shows a *Panel.
func Parts() fs.FS {
	sub, err := fs.Sub(parts, "parts")
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

// Options of New. All are required.
type Options struct {
	Desk  *desk.Desk
	Guard *auth.Guard
}

// Decision makes panels, and takes what people decide.
type Decision struct {
	*page.Base
	opts Options
}

// New returns the room.
func New(base *page.Base, opts Options) (*Decision, error) {
	return &Decision{Base: base, opts: opts}, nil
}

// Panel is what a page shows at its right: what stands of a subject, and the form.
type Panel struct {
	*page.Layout
	Subject qianshao.Subject
	desk.View
	// Next is the local path to which a decision leads.
	Next string
}

// Panel returns the panel of a subject for who makes the request, or desk.ErrNotFound. next is
// the local path to which a decision leads.
func (d *Decision) Panel(r *http.Request, v *page.Layout, subject qianshao.Subject, next string) (*Panel, error) {
	view, err := d.opts.Desk.Look(r.Context(), auth.From(r.Context()), subject)
	if err != nil {
		return nil, err
	}
	return &Panel{Layout: v, Subject: subject, View: view, Next: next}, nil
}
