package console

import (
	"context"
	"embed"
	"io/fs"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
)

//go:embed parts/templates/*.html
var parts embed.FS

// Parts are the templates for other rooms that show findings: "exhibit" shows an *Exhibit.
func Parts() fs.FS {
	sub, err := fs.Sub(parts, "parts")
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

// Exhibit is the evidence of a finding as shown beside a list.
type Exhibit struct{ findingPage }

// Exhibit returns the evidence of a finding; store.ErrNotFound also if the reader may not see it.
func (c *Console) Exhibit(ctx context.Context, v *page.Layout, id string) (*Exhibit, error) {
	f, err := c.opts.Store.VisibleFinding(ctx, auth.From(ctx).Sight, id)
	if err != nil {
		return nil, err
	}
	e := &Exhibit{findingPage{Layout: v, Finding: f}}
	if n := len(f.Changes); !f.GoneAt.IsZero() && n > 0 {
		e.GoneWhy = v.Why(f.Changes[n-1])
	}
	if e.others, err = c.opts.Store.Views(ctx, f.ID); err != nil {
		return nil, err
	}
	e.Cloaked = cloaked(&f.Finding)
	for _, o := range e.others {
		e.Pictured = e.Pictured || len(o.Screenshot) > 0
	}
	e.places()
	return e, nil
}

// Ways are the ways in which the place was concealed; those that only say what kind of region it is
// are left out.
func (p *place) Ways() []qianshao.Hiding {
	return slices.DeleteFunc(slices.Clone(p.Hidden), func(h qianshao.Hiding) bool { return !h.Concealed() })
}

// Term is a term found N times at a place, in the same way.
type Term struct {
	shownEvidence
	N int
}

// Terms are the terms of the place, each listed once.
func (p *place) Terms() (list []Term) {
	for _, hit := range p.Hits {
		same := func(t Term) bool {
			return t.Head == hit.Head && t.Region == hit.Region && t.Hidden == hit.Hidden && t.Text == hit.Text && t.Script == hit.Script && t.Picture == hit.Picture
		}
		if i := slices.IndexFunc(list, same); i >= 0 {
			list[i].N++
			continue
		}
		list = append(list, Term{hit, 1})
	}
	return list
}
