package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
)

func (a *API) routeSettings() {
	const path = "/settings"
	register(a, "", huma.Operation{
		OperationID: "settings", Method: http.MethodGet, Path: path, Summary: "What the administrator has set for all",
	}, a.settings)
	register(a, qianshao.PowerAdminister, huma.Operation{
		OperationID: "set", Method: http.MethodPut, Path: path, Summary: "Set it; the trail of acts says who did",
	}, a.set)
}

// Settings are what the administrator has set for all.
type Settings struct {
	SecondReviewShare float64 `json:"second_review_share" minimum:"0" maximum:"1" doc:"The share of ordinary decisions that another person decides again; 0.05 at first."`
}

type settingsAnswer struct{ Body Settings }

func (a *API) settings(ctx context.Context, _ *struct{}) (*settingsAnswer, error) {
	share, err := a.opts.Accounts.SecondReviewShare(ctx)
	if err != nil {
		return nil, a.failure(ctx, "setting", err)
	}
	return &settingsAnswer{Settings{SecondReviewShare: share}}, nil
}

func (a *API) set(ctx context.Context, in *struct{ Body Settings }) (*settingsAnswer, error) {
	if err := a.opts.Accounts.SetSecondReviewShare(ctx, auth.From(ctx).Name, in.Body.SecondReviewShare); err != nil {
		return nil, a.failure(ctx, "setting", err)
	}
	return a.settings(ctx, nil)
}
