package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/views"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

func (a *API) routeViews() {
	const path = "/views"
	// Whoever may report pages may also save views; auditors may change nothing.
	register(a, "", huma.Operation{
		OperationID: "views", Method: http.MethodGet, Path: path, Summary: "Your saved views and the shared ones, each with its number of findings",
	}, a.views)
	register(a, qianshao.PowerSubmit, huma.Operation{
		OperationID: "save-view", Method: http.MethodPut, Path: path, Summary: "Save a view, replacing your view of the same name",
	}, a.saveView)
	register(a, qianshao.PowerSubmit, huma.Operation{
		OperationID: "delete-view", Method: http.MethodDelete, Path: path + "/{id}", Summary: "Delete a view",
	}, a.deleteView)
}

// View is a saved view.
type View struct {
	ID    string `json:"id"`
	Owner string `json:"owner" doc:"The account that saved it."`
	ViewFields
	Changed time.Time `json:"changed"`
	Count   *int      `json:"count" doc:"Number of findings that you can find with it; null if the query can no longer be read, or while search is unavailable."`
}

// ViewFields are the fields of a view that an account sets.
type ViewFields struct {
	Name   string     `json:"name" minLength:"1" maxLength:"100"`
	Query  string     `json:"query" maxLength:"2000" doc:"In the query language."`
	Sort   index.Sort `json:"sort,omitempty" enum:"seen,new,score"`
	Shared bool       `json:"shared,omitempty" doc:"Visible to all accounts, each of which finds with it only what it may see. Needs the power lead."`
}

func (a *API) views(ctx context.Context, _ *struct{}) (*struct {
	Body struct {
		Views []View `json:"views"`
	}
}, error) {
	list, err := a.opts.Views.List(ctx)
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

// counted is a view with the number of findings that its query matches for the requesting account.
// If the search is unavailable, that is no error: the view may just have been saved.
func (a *API) counted(ctx context.Context, saved store.SavedView) (View, error) {
	v := View{ID: saved.ID, Owner: saved.Owner, Changed: saved.Changed, ViewFields: ViewFields{
		Name: saved.Name, Query: saved.Query, Sort: index.Sort(saved.Sort), Shared: saved.Shared,
	}}
	n, ok, err := a.opts.Views.Count(ctx, saved.Query)
	if ok {
		v.Count = &n
	}
	if errors.Is(err, index.ErrUnavailable) {
		err = nil
	}
	return v, err
}

func (a *API) saveView(ctx context.Context, in *struct{ Body ViewFields }) (*struct{ Body View }, error) {
	if _, err := parse(a.opts.Parser(ctx), in.Body.Query); err != nil {
		return nil, a.failure(ctx, "view", err)
	}
	saved, err := a.opts.Views.Save(ctx, store.SavedView{Name: in.Body.Name, Query: in.Body.Query, Sort: string(in.Body.Sort), Shared: in.Body.Shared})
	if err != nil {
		return nil, a.viewRefused(ctx, err)
	}
	v, err := a.counted(ctx, saved)
	if err != nil {
		return nil, a.failure(ctx, "view", err)
	}
	return &struct{ Body View }{v}, nil
}

// viewRefused returns the problem for an error about a view.
func (a *API) viewRefused(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, views.ErrName):
		return badBody("body.name: " + err.Error())
	case errors.Is(err, views.ErrLead):
		return lacksPower(qianshao.PowerLead)
	case errors.Is(err, store.ErrTooManyViews):
		return NewProblem(http.StatusConflict, "too_many_views", err.Error())
	}
	return a.failure(ctx, "view", err)
}

// deleteView deletes one of the account's own views; leads may delete any shared one.
func (a *API) deleteView(ctx context.Context, in *ByID) (*struct{}, error) {
	if err := a.opts.Views.Delete(ctx, in.ID); err != nil {
		return nil, a.viewRefused(ctx, err)
	}
	return nil, nil // 204
}
