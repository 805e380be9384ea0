package notices

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
)

const deliveriesListed = 50

type deliveryRow struct {
	notify.Delivery
	// MayRetry says that it can be tried again now, MayDrop that it can be given up.
	MayRetry, MayDrop bool
	// Of is the name of its alert or the period of its report, or says that it was a test. Owner is
	// the account that it belongs to; "" if that is the reader.
	Of, Owner   string
	ChannelName string
}

type deliveriesPage struct {
	frame
	State   notify.State
	States  []stateLink
	Rows    []deliveryRow
	NextURL string
	Problem string
	Days    int
}

type stateLink struct {
	Name, URL string
	Current   bool
}

// StateName names the state of a delivery. A delivery waiting for another attempt after a failure
// has a name of its own.
func (v *deliveriesPage) StateName(d deliveryRow) string {
	if d.State == notify.Pending && d.Attempts > 0 {
		return v.T("notices.state.again")
	}
	return v.T("notices.state." + string(d.State))
}

// Class is the CSS class of the state.
func (v *deliveriesPage) Class(d deliveryRow) string {
	switch {
	case d.State == notify.Failed:
		return "expired"
	case d.State == notify.Delivered:
		return "in_force"
	case d.State == notify.Pending && d.Attempts > 0:
		return "ending"
	}
	return ""
}

// Period writes the days of a report.
func (v *deliveriesPage) Period(d deliveryRow) string {
	day := func(t time.Time) string { return t.In(v.TimeZone()).Format(time.DateOnly) }
	return day(d.From) + "–" + day(d.To.Add(-time.Second))
}

func (n *Notices) serveDeliveries(w http.ResponseWriter, r *http.Request) {
	n.showDeliveries(w, r, http.StatusOK, &deliveriesPage{frame: n.frame(w, r, "notices.deliveries")})
}

// showDeliveries shows the log; v holds what the caller has filled in.
func (n *Notices) showDeliveries(w http.ResponseWriter, r *http.Request, status int, v *deliveriesPage) {
	v.Days = int(notify.Kept / (24 * time.Hour))
	if v.State = notify.State(r.URL.Query().Get("state")); !v.State.Valid() {
		v.State = ""
	}
	at := func(state notify.State, after string) string {
		values := url.Values{}
		if state != "" {
			values.Set("state", string(state))
		}
		if after != "" {
			values.Set("after", after)
		}
		return page.WithQuery("/notices/deliveries", values)
	}
	v.States = append(v.States, stateLink{v.T("notices.state.all"), at("", ""), v.State == ""})
	for _, s := range []notify.State{notify.Failed, notify.Pending, notify.Delivered, notify.Dropped} {
		v.States = append(v.States, stateLink{v.T("notices.state." + string(s)), at(s, ""), v.State == s})
	}
	list, err := n.opts.Store.Deliveries(r.Context(), notify.DeliveriesQuery{State: v.State, Account: whose(r.Context()), After: r.URL.Query().Get("after"), Limit: deliveriesListed + 1})
	if err != nil {
		n.failOrMissing(w, r, err)
		return
	}
	if len(list) > deliveriesListed {
		list = list[:deliveriesListed]
		v.NextURL = at(v.State, list[len(list)-1].Key)
	}
	if v.Rows, err = n.deliveryRows(r.Context(), v, list); err != nil {
		n.FailWith(w, r, err)
		return
	}
	n.Render(w, r, status, "deliveries", v)
}

// deliveryRows adds what each delivery was about, and its owner. If an alert has been deleted, its
// name is unknown.
func (n *Notices) deliveryRows(ctx context.Context, v *deliveriesPage, list []notify.Delivery) (rows []deliveryRow, err error) {
	channels, err := n.channelNames(ctx)
	if err != nil {
		return nil, err
	}
	alerts, err := n.opts.Store.Alerts(ctx)
	if err != nil {
		return nil, err
	}
	schedules, err := n.opts.Store.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	names, owners := map[string]string{}, map[string]string{}
	for i := range alerts {
		names[alerts[i].ID], owners[alerts[i].ID] = alerts[i].Name, alerts[i].Account
	}
	for i := range schedules {
		owners[schedules[i].ID] = schedules[i].Account
	}
	for _, d := range list {
		if !v.All {
			d.Discreet()
		}
		row := deliveryRow{Delivery: d, ChannelName: channels[d.Channel].Name, MayDrop: d.State == notify.Failed && !d.Test()}
		row.MayRetry = row.MayDrop || d.State == notify.Pending && d.Attempts > 0
		switch {
		case d.Test():
			row.Of = v.T("notices.of.test")
		case d.Schedule != "":
			row.Of, row.Owner = v.T("notices.of.report", v.Period(row)), owners[d.Schedule]
		case names[d.Alert] == "":
			row.Of = v.T("notices.of.gone")
		default:
			row.Of, row.Owner = v.Plain(names[d.Alert]), owners[d.Alert]
		}
		if row.Owner == v.User {
			row.Owner = ""
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// mayTouch returns store.ErrNotFound for a delivery that the reader may not see.
func (n *Notices) mayTouch(r *http.Request) error {
	d, err := n.opts.Store.Delivery(r.Context(), r.PathValue("key"))
	if err != nil || seesAll(r.Context()) {
		return err
	}
	owner := ""
	switch {
	case d.Alert != "":
		var a notify.Alert
		a, err = n.opts.Store.Alert(r.Context(), d.Alert)
		owner = a.Account
	case d.Schedule != "":
		var s notify.Schedule
		s, err = n.opts.Store.Schedule(r.Context(), d.Schedule)
		owner = s.Account
	}
	if err == nil && owner != auth.From(r.Context()).Name {
		return store.ErrNotFound
	}
	return err
}

func (n *Notices) retryDelivery(w http.ResponseWriter, r *http.Request) {
	n.changeDelivery(w, r, n.opts.Store.RetryDelivery, "retried")
}

func (n *Notices) dropDelivery(w http.ResponseWriter, r *http.Request) {
	n.changeDelivery(w, r, n.opts.Store.DropDelivery, "dropped")
}

func (n *Notices) changeDelivery(w http.ResponseWriter, r *http.Request, change func(context.Context, store.Signed, string) error, done string) {
	err := n.mayTouch(r)
	if err == nil {
		err = change(r.Context(), n.signed(r), r.PathValue("key"))
	}
	if errors.Is(err, notify.ErrNotFailed) {
		v := &deliveriesPage{frame: n.frame(w, r, "notices.deliveries")}
		v.Problem = v.T("notices.refused.notfailed")
		n.showDeliveries(w, r, http.StatusConflict, v)
		return
	}
	n.answer(w, r, err, "/notices/deliveries", done)
}
