package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
)

func (a *API) routeSettings() {
	const path = "/settings"
	register(a, "", huma.Operation{
		OperationID: "settings", Method: http.MethodGet, Path: path, Summary: "The settings for everybody",
	}, a.settings)
	register(a, qianshao.PowerAdminister, huma.Operation{
		OperationID: "set", Method: http.MethodPut, Path: path, Summary: "Change the settings; the change is recorded in the trail of acts",
	}, a.set)
}

// Settings are what the administrator has set for everybody. Settings that a request leaves out are
// not changed.
type Settings struct {
	SecondReviewShare *float64 `json:"second_review_share,omitempty" minimum:"0" maximum:"1" doc:"The share of ordinary decisions that a second person reviews; initially 0.05."`
	TokenDays         *int     `json:"token_days,omitempty" minimum:"1" maximum:"732" doc:"The maximum validity of a new token, in days; initially 732."`
	OpenReports       *int     `json:"open_reports,omitempty" minimum:"1" maximum:"2000" doc:"How many reports of one origin may wait, and how many may be queued; initially 2000."`
	Zone              *string  `json:"zone,omitempty" maxLength:"100" doc:"The time zone from the next start on, by its IANA name; empty for the one that the server is started with."`
	ConsoleURL        *string  `json:"console_url,omitempty" maxLength:"200" doc:"The address at which people open the console; links in messages begin with it. If empty, messages have no links."`
}

type settingsAnswer struct{ Body Settings }

func (a *API) settings(ctx context.Context, _ *struct{}) (*settingsAnswer, error) {
	share, err := a.opts.Accounts.SecondReviewShare(ctx)
	if err != nil {
		return nil, a.failure(ctx, "setting", err)
	}
	days, err := a.opts.Accounts.TokenDays(ctx)
	if err != nil {
		return nil, a.failure(ctx, "setting", err)
	}
	reports, err := a.opts.Accounts.OpenReports(ctx)
	if err != nil {
		return nil, a.failure(ctx, "setting", err)
	}
	zone, err := a.opts.Accounts.Zone(ctx)
	if err != nil {
		return nil, a.failure(ctx, "setting", err)
	}
	address, err := a.opts.Accounts.ConsoleURL(ctx)
	if err != nil {
		return nil, a.failure(ctx, "setting", err)
	}
	return &settingsAnswer{Settings{&share, &days, &reports, &zone, &address}}, nil
}

func (a *API) set(ctx context.Context, in *struct{ Body Settings }) (*settingsAnswer, error) {
	by, accounts := auth.From(ctx).Name, a.opts.Accounts
	if zone := in.Body.Zone; zone != nil && *zone != "" { // checked before anything is set
		if _, err := qianshao.ParseZone(*zone); err != nil {
			return nil, badBody(err.Error())
		}
	}
	if address := in.Body.ConsoleURL; address != nil {
		err := accounts.SetConsoleURL(ctx, by, *address)
		if errors.Is(err, auth.ErrConsoleURL) {
			return nil, badBody(err.Error())
		}
		if err != nil {
			return nil, a.failure(ctx, "setting", err)
		}
	}
	if share := in.Body.SecondReviewShare; share != nil {
		if err := accounts.SetSecondReviewShare(ctx, by, *share); err != nil {
			return nil, a.failure(ctx, "setting", err)
		}
	}
	if days := in.Body.TokenDays; days != nil {
		if err := accounts.SetTokenDays(ctx, by, *days); err != nil {
			return nil, a.failure(ctx, "setting", err)
		}
	}
	if n := in.Body.OpenReports; n != nil {
		if err := accounts.SetOpenReports(ctx, by, *n); err != nil {
			return nil, a.failure(ctx, "setting", err)
		}
	}
	if zone := in.Body.Zone; zone != nil {
		if err := accounts.SetZone(ctx, by, *zone); err != nil {
			return nil, a.failure(ctx, "setting", err)
		}
	}
	return a.settings(ctx, nil)
}
