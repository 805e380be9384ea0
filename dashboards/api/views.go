package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// SavedViews keeps the queries that accounts save.
type SavedViews interface {
	// SavedViews returns the views that an account has saved, and those that all share, by name.
	SavedViews(ctx context.Context, account string) ([]store.SavedView, error)
	// SavedView returns one view, or store.ErrNotFound.
	SavedView(ctx context.Context, id string) (store.SavedView, error)
	// SaveView saves a view in the place of the owner's of that name, and returns it; or
	// store.ErrTooManyViews.
	SaveView(ctx context.Context, v store.SavedView) (store.SavedView, error)
	// DeleteView deletes a view, or returns store.ErrNotFound.
	DeleteView(ctx context.Context, id string) error
}

func (a *API) routeViews() {
	const path = "/views"
	// Whoever may leave a report here may leave a view; auditors change nothing.
	register(a, "", huma.Operation{
		OperationID: "views", Method: http.MethodGet, Path: path, Summary: "Your saved views, and those that all share, each with the number of its findings",
	}, a.views)
	register(a, qianshao.PowerSubmit, huma.Operation{
		OperationID: "save-view", Method: http.MethodPut, Path: path, Summary: "Save a view in the place of yours of that name",
	}, a.saveView)
	register(a, qianshao.PowerSubmit, huma.Operation{
		OperationID: "delete-view", Method: http.MethodDelete, Path: path + "/{id}", Summary: "Delete a view",
	}, a.deleteView)
}

// View is a saved view.
type View struct {
	ID    string `json:"id"`
	Owner string `json:"owner" doc:"The account that has saved it."`
	ViewFields
	Changed time.Time `json:"changed"`
	Count   *int      `json:"count" doc:"What you find with it; null if the query cannot be read any more."`
}

// ViewFields are what an account says of a view.
type ViewFields struct {
	Name   string     `json:"name" minLength:"1" maxLength:"100"`
	Query  string     `json:"query" maxLength:"2000" doc:"In the query language."`
	Sort   index.Sort `json:"sort,omitempty" enum:"seen,new,score"`
	Shared bool       `json:"shared,omitempty" doc:"Seen by all accounts; each finds with it what it may see. Needs the power lead."`
}

func (a *API) views(ctx context.Context, _ *struct{}) (*struct {
	Body struct {
		Views []View `json:"views"`
	}
}, error) {
	list, err := a.opts.Views.SavedViews(ctx, auth.From(ctx).Name)
	if err != nil {
		return nil, a.failure(ctx, "view", err)
	}
	out := &struct {
		Body struct {
			Views []View `json:"views"`
		}
	}{}
	out.Body.Views = []View{}
	for _, saved := range list {
		v, err := a.counted(ctx, saved)
		if err != nil {
			return nil, a.failure(ctx, "view", err)
		}
		out.Body.Views = append(out.Body.Views, v)
	}
	return out, nil
}

// counted is a view with the number of findings that the account that asks finds with it.
func (a *API) counted(ctx context.Context, saved store.SavedView) (View, error) {
	v := View{ID: saved.ID, Owner: saved.Owner, Changed: saved.Changed, ViewFields: ViewFields{
		Name: saved.Name, Query: saved.Query, Sort: index.Sort(saved.Sort), Shared: saved.Shared,
	}}
	query, err := a.opts.Parser().Parse(saved.Query)
	if err != nil {
		return v, nil // saved under an older query language: shown without a number
	}
	results, err := a.opts.Index.Search(ctx, index.Request{Query: query, Sight: auth.From(ctx).Sight, NoFacets: true})
	v.Count = &results.Total
	return v, err
}

func (a *API) saveView(ctx context.Context, in *struct{ Body ViewFields }) (*struct{ Body View }, error) {
	who := auth.From(ctx)
	name := strings.TrimSpace(in.Body.Name)
	if name == "" || strings.ContainsFunc(name, qianshao.Unseen) {
		return nil, badBody("body.name: letters that can be seen, without control characters or marks of direction")
	}
	if in.Body.Shared && !auth.May(ctx, qianshao.PowerLead) {
		return nil, lacksPower(qianshao.PowerLead)
	}
	if _, err := parse(a.opts.Parser(), in.Body.Query); err != nil {
		return nil, a.failure(ctx, "view", err)
	}
	id := make([]byte, 8)
	rand.Read(id) // never fails, see crypto/rand
	saved, err := a.opts.Views.SaveView(ctx, store.SavedView{
		ID: hex.EncodeToString(id), Owner: who.Name, Name: name, Query: in.Body.Query, Sort: string(in.Body.Sort),
		Shared: in.Body.Shared, Changed: a.opts.Now(),
	})
	if errors.Is(err, store.ErrTooManyViews) {
		return nil, NewProblem(http.StatusConflict, "too_many_views", err.Error())
	}
	if err != nil {
		return nil, a.failure(ctx, "view", err)
	}
	v, err := a.counted(ctx, saved)
	if err != nil {
		return nil, a.failure(ctx, "view", err)
	}
	return &struct{ Body View }{v}, nil
}

// deleteView deletes a view of one's own; of leads, any that is shared.
func (a *API) deleteView(ctx context.Context, in *ByID) (*struct{}, error) {
	who := auth.From(ctx)
	v, err := a.opts.Views.SavedView(ctx, in.ID)
	switch {
	case err != nil:
	case v.Owner == who.Name, v.Shared && auth.May(ctx, qianshao.PowerLead):
		err = a.opts.Views.DeleteView(ctx, in.ID)
	case v.Shared:
		err = lacksPower(qianshao.PowerLead)
	default:
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, a.failure(ctx, "view", err)
	}
	return nil, nil // 204
}
