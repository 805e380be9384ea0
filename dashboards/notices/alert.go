package notices

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
)

const (
	// foretold is the time for which a form says how much an alert would have sent; foretoldDays is
	// the same in days, for messages.
	foretold     = "7d"
	foretoldDays = 7
	// foretellBudget bounds the time that a form spends on counting for all views: a view that is
	// not counted within it is shown without a number.
	foretellBudget = 500 * time.Millisecond
)

// alertRow is an alert in the list.
type alertRow struct {
	notify.Alert
	// ViewName is "" if the view no longer exists, or if the alert's owner may no longer see it.
	// Query links to the findings of the view; "" if the reader may not see it.
	ViewName, Query string
	// ChannelName is "" if the channel no longer exists.
	ChannelName string
	ChannelOff  bool
	// Mine says that the reader owns the alert and may change it; administrators see others' alerts
	// and may only switch them off or delete them.
	Mine bool
	Path string
}

type alertsPage struct {
	frame
	Alerts []alertRow
	// NoChannel says that there is no channel yet; Problem says why a switch was refused.
	NoChannel bool
	Problem   string
}

func alertPath(id string) string { return "/notices/alerts/" + id }

func (n *Notices) serveAlerts(w http.ResponseWriter, r *http.Request) {
	n.showAlerts(w, r, http.StatusOK, &alertsPage{frame: n.frame(w, r, "notices.alerts")})
}

// showAlerts lists alerts; v holds what the caller has filled in.
func (n *Notices) showAlerts(w http.ResponseWriter, r *http.Request, status int, v *alertsPage) {
	list, err := n.opts.Store.Alerts(r.Context())
	if err != nil {
		n.FailWith(w, r, err)
		return
	}
	channels, err := n.channelNames(r.Context())
	if err != nil {
		n.FailWith(w, r, err)
		return
	}
	v.NoChannel = len(channels) == 0
	for i := range list {
		if !v.All && list[i].Account != v.User {
			continue
		}
		row, err := n.alertRow(r.Context(), list[i], channels)
		if err != nil {
			n.FailWith(w, r, err)
			return
		}
		v.Alerts = append(v.Alerts, row)
	}
	n.Render(w, r, status, "alerts", v)
}

func (n *Notices) alertRow(ctx context.Context, a notify.Alert, channels map[string]notify.Channel) (alertRow, error) {
	row := alertRow{Alert: a, ChannelName: channels[a.Channel].Name, ChannelOff: channels[a.Channel].Disabled, Mine: a.Account == auth.From(ctx).Name, Path: alertPath(a.ID)}
	view, err := n.opts.Store.SavedView(ctx, a.View)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return row, nil
	case err != nil:
		return row, err
	case view.Owner == a.Account || view.Shared:
		row.ViewName = view.Name
		if row.Mine || view.Shared {
			row.Query = page.SearchURL(view.Query)
		}
	}
	return row, nil
}

func (v *alertsPage) Pace(a alertRow) string {
	return v.T("notices.pace", int(a.Every/time.Minute), a.Hourly)
}

// QuietHours are the quiet hours of an alert; "" for none.
func (v *alertsPage) QuietHours(a alertRow) string {
	if a.Quiet.From == a.Quiet.To {
		return ""
	}
	return clock(a.Quiet.From) + "–" + clock(a.Quiet.To)
}

// clock writes a time of day, given in minutes.
func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// readClock reads what clock writes; ok is false if the text is not a time of day.
func readClock(text string) (minutes int, ok bool) {
	at, err := time.Parse("15:04", strings.ReplaceAll(text, "：", ":"))
	return at.Hour()*60 + at.Minute(), err == nil
}

// alertFields are the fields of an alert's form, as typed.
type alertFields struct {
	Name, View, Channel     string
	Events                  []notify.Event
	Every, Hourly, From, To string
}

// choice is an entry in a list to choose from.
type choice struct{ ID, Name string }

type alertPage struct {
	frame
	mistakes
	Fields alertFields
	// ID is the id of an existing alert; "" for a new one.
	ID       string
	Disabled bool
	Why      string // what prevents it from being sent
	Views    []choice
	Channels []choice
}

// Path is where the form is sent.
func (v *alertPage) Path() string {
	if v.ID == "" {
		return "/notices/alerts/new"
	}
	return alertPath(v.ID)
}

// NoViews says that the account has no saved views to choose from.
func (v *alertPage) NoViews() bool { return len(v.Views) == 0 }

func (v *alertPage) Events() []notify.Event { return notify.Events() }

func (v *alertPage) Tells(e notify.Event) bool { return slices.Contains(v.Fields.Events, e) }

func (n *Notices) serveNewAlert(w http.ResponseWriter, r *http.Request) {
	v := &alertPage{frame: n.frame(w, r, "notices.alert.new")}
	v.Fields = alertFields{
		View: r.FormValue("view"), Events: []notify.Event{notify.New},
		Every: strconv.Itoa(int(notify.DefaultEvery / time.Minute)), Hourly: strconv.Itoa(notify.DefaultHourly),
	}
	if view, err := n.viewOf(r.Context(), v.Fields.View); err == nil {
		v.Fields.Name = v.Plain(view.Name)
	}
	n.showAlert(w, r, http.StatusOK, v)
}

// viewOf returns a view that the request's account may use, or store.ErrNotFound.
func (n *Notices) viewOf(ctx context.Context, id string) (store.SavedView, error) {
	list, err := n.opts.Views.List(ctx)
	if err != nil {
		return store.SavedView{}, err
	}
	if i := slices.IndexFunc(list, func(v store.SavedView) bool { return v.ID == id }); i >= 0 {
		return list[i], nil
	}
	return store.SavedView{}, store.ErrNotFound
}

// ownAlert returns the alert of a request if it is the reader's own; otherwise store.ErrNotFound.
func (n *Notices) ownAlert(r *http.Request) (notify.Alert, error) {
	a, err := n.opts.Store.Alert(r.Context(), r.PathValue("id"))
	if err == nil && a.Account != auth.From(r.Context()).Name {
		err = store.ErrNotFound
	}
	return a, err
}

// visibleAlert also returns somebody else's alert if the reader is an administrator who sees
// everything.
func (n *Notices) visibleAlert(r *http.Request) (notify.Alert, error) {
	a, err := n.opts.Store.Alert(r.Context(), r.PathValue("id"))
	if err == nil && a.Account != auth.From(r.Context()).Name && !seesAll(r.Context()) {
		err = store.ErrNotFound
	}
	return a, err
}

func (n *Notices) serveAlert(w http.ResponseWriter, r *http.Request) {
	a, err := n.ownAlert(r)
	if err != nil {
		n.failOrMissing(w, r, err)
		return
	}
	v := &alertPage{frame: n.frame(w, r, "notices.alert"), ID: a.ID, Disabled: a.Disabled}
	v.Fields = alertFields{
		Name: a.Name, View: a.View, Channel: a.Channel, Events: a.Events,
		Every: strconv.Itoa(int(a.Every / time.Minute)), Hourly: strconv.Itoa(a.Hourly),
	}
	if a.Quiet.From != a.Quiet.To {
		v.Fields.From, v.Fields.To = clock(a.Quiet.From), clock(a.Quiet.To)
	}
	if a.Obstacle != "" && !a.Disabled {
		v.Why = v.frame.Why(a.Obstacle)
	}
	n.showAlert(w, r, http.StatusOK, v)
}

// showAlert shows the form of an alert, with the choices for its fields.
func (n *Notices) showAlert(w http.ResponseWriter, r *http.Request, status int, v *alertPage) {
	var err error
	if v.Views, err = n.viewChoices(r.Context(), v.Layout); err == nil {
		v.Channels, err = n.channelChoices(r.Context(), v.Layout)
	}
	if err != nil {
		n.FailWith(w, r, err)
		return
	}
	n.Render(w, r, status, "alert", v)
}

// viewChoices are the views of the request's account, each with how many findings an alert on it
// would have reported: somebody who chooses one with thousands would flood a group.
func (n *Notices) viewChoices(ctx context.Context, v *page.Layout) (out []choice, err error) {
	list, err := n.opts.Views.List(ctx)
	begun := time.Now()
	for _, view := range list {
		c := choice{view.ID, v.Plain(view.Name)}
		if time.Since(begun) < foretellBudget {
			count, ok, err := n.opts.Views.CountSince(ctx, view.Query, foretold)
			switch {
			case errors.Is(err, index.ErrUnavailable): // the number is unknown
			case err != nil:
				return nil, err
			case ok:
				c.Name = v.T("notices.foretold", c.Name, foretoldDays, count)
			default:
				c.Name = v.T("notices.foretold.not", c.Name)
			}
		}
		out = append(out, c)
	}
	return out, err
}

// channelChoices are all channels, by name and kind.
func (n *Notices) channelChoices(ctx context.Context, v *page.Layout) (out []choice, err error) {
	list, err := n.opts.Store.Channels(ctx)
	for i := range list {
		name := v.T("notices.channel.choice", v.Plain(list[i].Name), v.Language.Named("notices.kind.", string(list[i].Kind)))
		if list[i].Disabled {
			name = v.T("notices.channel.choice.off", name)
		}
		out = append(out, choice{list[i].ID, name})
	}
	return out, err
}

func (n *Notices) takeNewAlert(w http.ResponseWriter, r *http.Request) {
	n.putAlert(w, r, notify.Alert{Account: auth.From(r.Context()).Name}, "notices.alert.new")
}

func (n *Notices) takeAlert(w http.ResponseWriter, r *http.Request) {
	a, err := n.ownAlert(r)
	if err != nil {
		n.failOrMissing(w, r, err)
		return
	}
	n.putAlert(w, r, a, "notices.alert")
}

// putAlert saves the form of an alert; of a new one if it has no id.
func (n *Notices) putAlert(w http.ResponseWriter, r *http.Request, a notify.Alert, title string) {
	v := &alertPage{frame: n.frame(w, r, title), mistakes: mistakes{}, ID: a.ID, Disabled: a.Disabled}
	v.read(r, &a)
	if _, err := n.viewOf(r.Context(), a.View); errors.Is(err, store.ErrNotFound) {
		v.mistakes["view"] = v.T("notices.refused.view")
	} else if err != nil {
		n.FailWith(w, r, err)
		return
	}
	done := "saved"
	if a.ID == "" {
		a.ID, done = newID(), "added"
	}
	err := a.Check()
	if len(v.mistakes) == 0 && err == nil {
		err = n.opts.Store.PutAlert(r.Context(), n.signed(r), a)
	}
	if errors.Is(err, store.ErrNotFound) {
		v.mistakes["channel"] = v.T("notices.refused.channel")
	} else if field, text, is := refused(v.Layout, err); is {
		v.mistakes[field] = text
	} else if err != nil {
		n.FailWith(w, r, err)
		return
	}
	if len(v.mistakes) > 0 {
		n.showAlert(w, r, http.StatusUnprocessableEntity, v)
		return
	}
	n.answer(w, r, nil, "/notices", done)
}

// read reads the form into an alert. Mistakes are found later by the alert's Check, except those in
// times.
func (v *alertPage) read(r *http.Request, a *notify.Alert) {
	f := &v.Fields
	text := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	f.Name, f.View, f.Channel = typedName(r), text("view"), text("channel")
	f.Every, f.Hourly, f.From, f.To = text("every"), text("hourly"), text("from"), text("to")
	for _, e := range r.PostForm["event"] {
		f.Events = append(f.Events, notify.Event(e))
	}
	minutes, _ := strconv.Atoi(f.Every) // text that is not a number becomes 0, which is refused
	minutes = min(minutes, int(notify.MaxEvery/time.Minute)+1)
	a.Name, a.View, a.Channel, a.Events, a.Every, a.Quiet = f.Name, f.View, f.Channel, f.Events, time.Duration(minutes)*time.Minute, notify.Quiet{}
	a.Hourly, _ = strconv.Atoi(f.Hourly) // as above
	if f.From == "" && f.To == "" {
		return
	}
	from, isFrom := readClock(f.From)
	to, isTo := readClock(f.To)
	if a.Quiet = (notify.Quiet{From: from, To: to}); !isFrom || !isTo {
		v.mistakes["quiet"] = v.T("notices.refused.quiet")
	}
}

func (n *Notices) switchAlert(w http.ResponseWriter, r *http.Request) {
	a, err := n.visibleAlert(r)
	if err != nil {
		n.failOrMissing(w, r, err)
		return
	}
	a.Disabled = r.PostFormValue("off") != ""
	err = n.opts.Store.PutAlert(r.Context(), n.signed(r), a)
	if errors.Is(err, store.ErrNotFound) {
		v := &alertsPage{frame: n.frame(w, r, "notices.alerts")}
		v.Problem = v.T("notices.refused.nochannel")
		n.showAlerts(w, r, http.StatusConflict, v)
		return
	}
	n.answer(w, r, err, "/notices", onOff(a.Disabled))
}

func (n *Notices) deleteAlert(w http.ResponseWriter, r *http.Request) {
	a, err := n.visibleAlert(r)
	if err == nil {
		err = n.opts.Store.DeleteAlert(r.Context(), n.signed(r), a.ID)
	}
	n.answer(w, r, err, "/notices", "deleted")
}
