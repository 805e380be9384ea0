// Package views has the queries that accounts save: who may save, share and delete which of them,
// and how many findings each has. Pages and API share them.
package views

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// Store stores views.
type Store interface {
	// SavedViews returns an account's own views and the shared ones, by name.
	SavedViews(ctx context.Context, account string) ([]store.SavedView, error)
	// SavedView returns one view, or store.ErrNotFound.
	SavedView(ctx context.Context, id string) (store.SavedView, error)
	// SaveView saves a view, which replaces the owner's view of that name, and returns it; or it
	// returns store.ErrTooManyViews.
	SaveView(ctx context.Context, v store.SavedView) (store.SavedView, error)
	// DeleteView deletes a view, or returns store.ErrNotFound.
	DeleteView(ctx context.Context, by store.Signed, id string) error
}

// MaxName bounds the name of a view, in characters, since it is shown in a list.
const MaxName = 100

// Mistakes in saving a view, besides index.SyntaxError and store.ErrTooManyViews.
var (
	ErrName = fmt.Errorf("the name of a view must have 1 to %d visible characters, without control characters or direction marks", MaxName)
	// ErrLead is for who is to be a lead: to share a view, or to delete another's.
	ErrLead = errors.New("only a lead can save or delete a shared view")
)

// Options of New. All are required.
type Options struct {
	Store Store
	Index index.Index
	// Parser returns the parser for queries that are asked now.
	Parser func(ctx context.Context) index.Parser
	Now    func() time.Time
}

// Views saves, lists and counts views.
type Views struct{ Options }

// New returns the views of a store.
func New(opts Options) *Views { return &Views{opts} }

// List returns the views of the request's account, and the shared ones.
func (v *Views) List(ctx context.Context) ([]store.SavedView, error) {
	return v.Store.SavedViews(ctx, auth.From(ctx).Name)
}

// Count returns how many findings a query has for the request's account; ok is false if the query
// cannot be read, for example because it was saved under an older query language.
func (v *Views) Count(ctx context.Context, query string) (n int, ok bool, err error) {
	node, err := v.Parser(ctx).Parse(query)
	if err != nil {
		return 0, false, nil
	}
	results, err := v.Index.Search(ctx, index.Request{Query: node, Sight: auth.From(ctx).Sight, NoFacets: true})
	return results.Total, err == nil, err
}

// CountSince counts only findings first seen within an age, in the format of index.FieldAge: 7d. ok
// is as in Count.
func (v *Views) CountSince(ctx context.Context, query, age string) (n int, ok bool, err error) {
	parser := v.Parser(ctx)
	node, err := parser.Parse(query)
	if err != nil {
		return 0, false, nil
	}
	since, err := parser.Parse(string(index.FieldAge) + ":<" + age)
	if err != nil {
		return 0, false, err
	}
	results, err := v.Index.Search(ctx, index.Request{Query: both(node, since), Sight: auth.From(ctx).Sight, NoFacets: true})
	return results.Total, err == nil, err
}

// both matches what matches both queries; a may be nil, which matches everything.
func both(a, b index.Node) index.Node {
	switch a := a.(type) {
	case nil:
		return b
	case index.And: // its nodes are never themselves an And
		return index.And{Nodes: append(slices.Clone(a.Nodes), b)}
	}
	return index.And{Nodes: []index.Node{a, b}}
}

// Save saves a view of the request's account, which replaces its view of that name.
func (v *Views) Save(ctx context.Context, view store.SavedView) (store.SavedView, error) {
	view.Name = strings.TrimSpace(view.Name)
	if view.Name == "" || utf8.RuneCountInString(view.Name) > MaxName || !utf8.ValidString(view.Name) || strings.ContainsFunc(view.Name, qianshao.Unseen) {
		return store.SavedView{}, ErrName
	}
	if view.Shared && !auth.May(ctx, qianshao.PowerLead) {
		return store.SavedView{}, ErrLead
	}
	if _, err := v.Parser(ctx).Parse(view.Query); err != nil {
		return store.SavedView{}, err
	}
	id := make([]byte, 8)
	rand.Read(id)                      // never fails, see crypto/rand
	view.Name = mask.String(view.Name) // the trail has the names of shared views
	view.ID, view.Owner, view.Changed = hex.EncodeToString(id), auth.From(ctx).Name, v.Now()
	return v.Store.SaveView(ctx, view)
}

// MayDelete says whether the request's account may delete a view: its own, or any shared one if it
// is a lead.
func MayDelete(ctx context.Context, view store.SavedView) bool {
	return view.Owner == auth.From(ctx).Name || view.Shared && auth.May(ctx, qianshao.PowerLead)
}

// Delete deletes a view. For somebody else's private one, it answers as if it did not exist.
func (v *Views) Delete(ctx context.Context, id string) error {
	view, err := v.Store.SavedView(ctx, id)
	switch {
	case err != nil:
		return err
	case MayDelete(ctx, view):
		return v.Store.DeleteView(ctx, store.Signed{By: auth.From(ctx).Name, At: v.Now()}, id)
	case view.Shared:
		return ErrLead
	}
	return store.ErrNotFound
}
