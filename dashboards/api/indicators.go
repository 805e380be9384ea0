package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/index"
)

func (a *API) routeIndicators() {
	register(a, "", huma.Operation{
		OperationID: "indicator", Method: http.MethodGet, Path: "/indicators/{kind}/{value}", Summary: "The findings that have an indicator beside their evidence",
	}, a.indicator)
}

// Appearances has the findings that contain an indicator.
type Appearances struct {
	Kind  qianshao.IndicatorKind `json:"kind"`
	Value string                 `json:"value"`
	index.Results
}

func (a *API) indicator(ctx context.Context, in *struct {
	Kind   qianshao.IndicatorKind `path:"kind" doc:"qq, wechat, telegram, phone, domain, url …"`
	Value  string                 `path:"value" maxLength:"2000" doc:"In any spelling: spaces and hyphens in numbers, case, and defanging are ignored."`
	Sort   index.Sort             `query:"sort" enum:"seen,new,score"`
	After  string                 `query:"after" doc:"next of an answer; returns the page after it."`
	Before string                 `query:"before" doc:"prev of an answer; returns the page before it."`
	Limit  int                    `query:"limit" minimum:"0" maximum:"1000" default:"20"`
}) (*struct{ Body Appearances }, error) {
	if !in.Kind.Valid() {
		return nil, badParameter("kind must be one of %v", qianshao.IndicatorKinds())
	}
	results, err := a.hits(ctx, index.Request{
		Query: index.OfIndicator(qianshao.Indicator{Kind: in.Kind, Value: in.Value}), Sight: auth.From(ctx).Sight, Sort: in.Sort,
		After: index.Cursor(in.After), Before: index.Cursor(in.Before), Limit: in.Limit,
	})
	if err != nil {
		return nil, a.failure(ctx, "indicator", err)
	}
	return &struct{ Body Appearances }{Appearances{Kind: in.Kind, Value: in.Value, Results: results}}, nil
}
