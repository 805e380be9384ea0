package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/notify"
)

// Notices lets programs read channels, alerts and deliveries. They are set up in the console.
type Notices interface {
	// Channels returns all channels, Alerts all alerts.
	Channels(ctx context.Context) ([]notify.Channel, error)
	Alerts(ctx context.Context) ([]notify.Alert, error)
	// Deliveries returns deliveries, the latest first. If the query's cursor does not exist, the
	// error is store.ErrNotFound.
	Deliveries(ctx context.Context, q notify.DeliveriesQuery) ([]notify.Delivery, error)
}

func (a *API) routeNotices() {
	register(a, qianshao.PowerDecide, huma.Operation{
		OperationID: "channels", Method: http.MethodGet, Path: "/channels", Summary: "The channels for messages, without addresses and secrets",
	}, a.channels)
	register(a, qianshao.PowerDecide, huma.Operation{
		OperationID: "alerts", Method: http.MethodGet, Path: "/alerts", Summary: "Your alerts; for administrators who see everything, all alerts",
	}, a.alerts)
	register(a, qianshao.PowerDecide, huma.Operation{
		OperationID: "deliveries", Method: http.MethodGet, Path: "/deliveries", Summary: "Deliveries of messages, the latest first",
	}, a.deliveries)
}

// whose is the account that a request's alerts are restricted to; "" for everybody's.
func whose(ctx context.Context) string {
	if auth.May(ctx, qianshao.PowerAdminister) && auth.From(ctx).Sight.All {
		return ""
	}
	return auth.From(ctx).Name
}

// Channel is a channel as programs may see it.
type Channel struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Kind     notify.Kind `json:"kind" enum:"webhook,dingtalk,wecom,feishu,mail"`
	Disabled bool        `json:"disabled,omitempty"`
}

type channelsBody struct {
	Channels []Channel `json:"channels"`
}

func (a *API) channels(ctx context.Context, _ *struct{}) (*struct{ Body channelsBody }, error) {
	list, err := a.opts.Notices.Channels(ctx)
	if err != nil {
		return nil, a.failure(ctx, "channel", err)
	}
	out := channelsBody{Channels: []Channel{}}
	for i := range list {
		out.Channels = append(out.Channels, Channel{list[i].ID, list[i].Name, list[i].Kind, list[i].Disabled})
	}
	return &struct{ Body channelsBody }{out}, nil
}

// Alert is an alert.
type Alert struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Account  string          `json:"account"`
	View     string          `json:"view" doc:"The id of its saved view."`
	Channel  string          `json:"channel" doc:"The id of its channel."`
	Events   []notify.Event  `json:"events"`
	Every    int             `json:"every" doc:"The least time between two messages, in minutes."`
	Hourly   int             `json:"hourly" doc:"How many messages an hour it may send."`
	Disabled bool            `json:"disabled,omitempty"`
	Obstacle notify.Obstacle `json:"obstacle,omitempty" doc:"Why it sends nothing at present."`
	Created  time.Time       `json:"created" doc:"It covers events since this time."`
}

type alertsBody struct {
	Alerts []Alert `json:"alerts"`
}

func (a *API) alerts(ctx context.Context, _ *struct{}) (*struct{ Body alertsBody }, error) {
	list, err := a.opts.Notices.Alerts(ctx)
	if err != nil {
		return nil, a.failure(ctx, "alert", err)
	}
	out, by := alertsBody{Alerts: []Alert{}}, whose(ctx)
	for i := range list {
		if x := &list[i]; by == "" || x.Account == by {
			out.Alerts = append(out.Alerts, Alert{
				ID: x.ID, Name: x.Name, Account: x.Account, View: x.View, Channel: x.Channel, Events: x.Events, Every: int(x.Every / time.Minute), Hourly: x.Hourly,
				Disabled: x.Disabled, Obstacle: x.Obstacle, Created: x.Created,
			})
		}
	}
	return &struct{ Body alertsBody }{out}, nil
}

// Delivery is a message and its outcome.
type Delivery struct {
	Key      string          `json:"key" doc:"The same for every attempt; for a webhook, its webhook-id."`
	Alert    string          `json:"alert,omitempty" doc:"The id of its alert."`
	Schedule string          `json:"schedule,omitempty" doc:"The id of its scheduled report; a delivery with neither alert nor schedule is a test."`
	Channel  string          `json:"channel"`
	State    notify.State    `json:"state" enum:"pending,delivered,failed,dropped"`
	Created  time.Time       `json:"created"`
	Next     *time.Time      `json:"next,omitempty" doc:"Time of the next attempt."`
	Settled  *time.Time      `json:"settled,omitempty" doc:"When it was delivered, or was given up."`
	Attempts int             `json:"attempts"`
	Findings int             `json:"findings"`
	Problem  string          `json:"problem,omitempty" doc:"Why the last attempt failed, in English."`
	Code     string          `json:"code,omitempty" doc:"The kind of problem, such as status, robot, conn_refused or mail_login; empty for other kinds."`
	Obstacle notify.Obstacle `json:"obstacle,omitempty" doc:"Why it was not tried."`
}

// newDelivery returns a delivery as the API shows it.
func newDelivery(d notify.Delivery) Delivery {
	out := Delivery{
		Key: d.Key, Alert: d.Alert, Schedule: d.Schedule, Channel: d.Channel, State: d.State, Created: d.Created, Attempts: d.Attempts, Findings: d.Findings, Problem: d.Problem, Code: string(d.Fault.Code), Obstacle: d.Obstacle,
	}
	if d.State == notify.Pending {
		out.Next = &d.Next
	} else {
		out.Settled = &d.Settled
	}
	return out
}

type deliveriesInput struct {
	State notify.State `query:"state" doc:"Only deliveries in this state: pending, delivered, failed or dropped."`
	After string       `query:"after" maxLength:"100" doc:"next of the previous answer."`
	Limit int          `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

type deliveriesBody struct {
	Deliveries []Delivery `json:"deliveries"`
	Next       string     `json:"next,omitempty" doc:"Value of after for the deliveries that follow."`
}

func (a *API) deliveries(ctx context.Context, in *deliveriesInput) (*struct{ Body deliveriesBody }, error) {
	if in.State != "" && !in.State.Valid() {
		return nil, badParameter("state must be one of %v", notify.States())
	}
	list, err := a.opts.Notices.Deliveries(ctx, notify.DeliveriesQuery{State: in.State, Account: whose(ctx), After: in.After, Limit: in.Limit + 1})
	if err != nil {
		return nil, a.failure(ctx, "delivery", err)
	}
	out := deliveriesBody{Deliveries: []Delivery{}}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Next = list[in.Limit-1].Key
	}
	for i := range list {
		if whose(ctx) != "" {
			list[i].Discreet()
		}
		out.Deliveries = append(out.Deliveries, newDelivery(list[i]))
	}
	return &struct{ Body deliveriesBody }{out}, nil
}
