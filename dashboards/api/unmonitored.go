package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/auth"
)

func (a *API) routeUnmonitored() {
	register(a, "", huma.Operation{
		OperationID: "unmonitored", Method: http.MethodGet, Path: "/unmonitored", Summary: "What is authorised but not monitored",
	}, a.unmonitored)
}

// Unmonitored is a host or an authorisation that is not monitored, with what to do.
type Unmonitored struct {
	qianshao.Unmonitored
	Remedy        string `json:"remedy"`
	RemedyChinese string `json:"remedy_zh"`
}

// NewUnmonitored returns a row as the API shows it, with the remedy for its reason.
func NewUnmonitored(row qianshao.Unmonitored, remedy func(qianshao.UnmonitoredReason) (english, chinese string)) Unmonitored {
	row.Host = mask.String(row.Host)
	english, chinese := remedy(row.Reason)
	return Unmonitored{row, english, chinese}
}

// UnmonitoredPage is a page of the list of what is not monitored.
type UnmonitoredPage struct {
	Unmonitored []Unmonitored `json:"unmonitored"`
	// Total is the number of rows with the requested reason.
	Total int `json:"total"`
	// Counts has the number of rows of every reason, whichever was requested.
	Counts qianshao.UnmonitoredCounts `json:"counts"`
}

type unmonitoredInput struct {
	Reason qianshao.UnmonitoredReason `query:"reason" doc:"Only rows with this reason."`
	// The highest offset is beyond the hosts of any register.
	Offset int `query:"offset" minimum:"0" maximum:"10000000"`
	Limit  int `query:"limit" minimum:"0" maximum:"1000" default:"200"`
}

func (a *API) unmonitored(ctx context.Context, in *unmonitoredInput) (*struct{ Body UnmonitoredPage }, error) {
	if in.Reason != "" && !slices.Contains(qianshao.UnmonitoredReasons(), in.Reason) {
		return nil, badParameter("reason must be one of %v", qianshao.UnmonitoredReasons())
	}
	list, err := a.opts.Unmonitored(ctx, qianshao.UnmonitoredRequest{
		Sight: auth.From(ctx).Sight, Reason: in.Reason, Offset: in.Offset, Limit: in.Limit,
	})
	if err != nil {
		return nil, a.failure(ctx, "row", err)
	}
	page := UnmonitoredPage{Unmonitored: []Unmonitored{}, Total: list.Total(in.Reason), Counts: qianshao.UnmonitoredCounts{}}
	for _, reason := range qianshao.UnmonitoredReasons() {
		page.Counts[reason] = list.Counts[reason]
	}
	for _, row := range list.Rows {
		page.Unmonitored = append(page.Unmonitored, NewUnmonitored(row, a.opts.Remedy))
	}
	return &struct{ Body UnmonitoredPage }{page}, nil
}
