// Package notices has the pages about notifications (package notify): channels, which
// administrators maintain; alerts and scheduled reports, which belong to the account that made
// them; and the log of deliveries. Every change made here is an act. The address and the secret of
// a channel are never shown again: no page model has them.
package notices

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/dashboards/views"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
)

//go:embed templates/*.html
var files embed.FS

//go:embed parts/templates/*.html
var parts embed.FS

// Store keeps channels, alerts, scheduled reports and deliveries. Its methods are described in
// store/sqlstore/notices.
type Store interface {
	Channels(ctx context.Context) ([]notify.Channel, error)
	Channel(ctx context.Context, id string) (notify.Channel, error)
	PutChannel(ctx context.Context, by store.Signed, c notify.Channel) error
	DeleteChannel(ctx context.Context, by store.Signed, id string) error

	Alerts(ctx context.Context) ([]notify.Alert, error)
	Alert(ctx context.Context, id string) (notify.Alert, error)
	PutAlert(ctx context.Context, by store.Signed, a notify.Alert) error
	DeleteAlert(ctx context.Context, by store.Signed, id string) error

	Schedules(ctx context.Context) ([]notify.Schedule, error)
	Schedule(ctx context.Context, id string) (notify.Schedule, error)
	PutSchedule(ctx context.Context, by store.Signed, s notify.Schedule) error
	DeleteSchedule(ctx context.Context, by store.Signed, id string) error

	Deliveries(ctx context.Context, q notify.DeliveriesQuery) ([]notify.Delivery, error)
	Delivery(ctx context.Context, key string) (notify.Delivery, error)
	RetryDelivery(ctx context.Context, by store.Signed, key string) error
	DropDelivery(ctx context.Context, by store.Signed, key string) error
	Undelivered(ctx context.Context, account string, limit int) (int, error)

	// SavedView returns one view, or store.ErrNotFound.
	SavedView(ctx context.Context, id string) (store.SavedView, error)
	// Authorisations returns the register, by id.
	Authorisations(ctx context.Context) ([]qianshao.Authorisation, error)
}

// Engine sends messages.
type Engine interface {
	// Test sends a test message to a channel at once. Its error is the channel's answer, or
	// store.ErrNotFound.
	Test(ctx context.Context, channel string) error
	// SendReport sends the report of a schedule's last period now. Its error may be
	// store.ErrNotFound or notify.ErrReportWaits.
	SendReport(ctx context.Context, by store.Signed, schedule string) error
	// Wake makes the engine look for work.
	Wake()
}

// Options of New. All are required.
type Options struct {
	Store  Store
	Engine Engine
	Views  *views.Views
	Guard  *auth.Guard
	// ConsoleURL returns the console's own address; "" if it is not set.
	ConsoleURL func(ctx context.Context) (string, error)
}

// Notices serves the pages about notifications.
type Notices struct {
	*page.Room
	opts Options
}

// New returns the room.
func New(base *page.Base, opts Options) (*Notices, error) {
	shared, err := fs.Sub(parts, "parts")
	if err != nil {
		return nil, err
	}
	room, err := base.Room(files, shared)
	return &Notices{Room: room, opts: opts}, err
}

// Route adds the routes of the pages: alerts need the power to decide, reports that of leads, and
// channels an administrator who sees everything.
func (n *Notices) Route(mux page.Mux) {
	for power, routes := range map[qianshao.Power]map[string]http.HandlerFunc{
		qianshao.PowerDecide: {
			"GET /notices":                           n.serveAlerts,
			"GET /notices/alerts/new":                n.serveNewAlert,
			"POST /notices/alerts/new":               n.takeNewAlert,
			"GET /notices/alerts/{id}":               n.serveAlert,
			"POST /notices/alerts/{id}":              n.takeAlert,
			"POST /notices/alerts/{id}/switch":       n.switchAlert,
			"POST /notices/alerts/{id}/delete":       n.deleteAlert,
			"GET /notices/deliveries":                n.serveDeliveries,
			"POST /notices/deliveries/{key}/retry":   n.retryDelivery,
			"POST /notices/deliveries/{key}/give-up": n.dropDelivery,
		},
		qianshao.PowerLead: {
			"GET /notices/reports":              n.serveSchedules,
			"GET /notices/reports/new":          n.serveNewSchedule,
			"POST /notices/reports/new":         n.takeNewSchedule,
			"GET /notices/reports/{id}":         n.serveSchedule,
			"POST /notices/reports/{id}":        n.takeSchedule,
			"POST /notices/reports/{id}/send":   n.sendReport,
			"POST /notices/reports/{id}/switch": n.switchSchedule,
			"POST /notices/reports/{id}/delete": n.deleteSchedule,
		},
		qianshao.PowerAdminister: {
			"GET /notices/channels":              n.serveChannels,
			"GET /notices/channels/new":          n.serveNewChannel,
			"POST /notices/channels/new":         n.takeNewChannel,
			"GET /notices/channels/{id}":         n.serveChannel,
			"POST /notices/channels/{id}":        n.takeChannel,
			"POST /notices/channels/{id}/test":   n.testChannel,
			"POST /notices/channels/{id}/switch": n.switchChannel,
			"POST /notices/channels/{id}/delete": n.deleteChannel,
		},
	} {
		for pattern, handler := range routes {
			if power == qianshao.PowerAdminister {
				handler = n.keepers(handler)
			}
			mux.Handle(pattern, n.opts.Guard.Require(power, handler))
		}
	}
}

// keepers lets only administrators pass who see everything: messages to a channel may be about
// anything.
func (n *Notices) keepers(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !seesAll(r.Context()) {
			n.Refuse(w, r, http.StatusForbidden, "forbidden")
			return
		}
		next(w, r)
	}
}

// seesAll says whether the request comes from an administrator who sees everything: they see
// everybody's alerts and deliveries.
func seesAll(ctx context.Context) bool {
	return auth.May(ctx, qianshao.PowerAdminister) && auth.From(ctx).Sight.All
}

// Undelivered returns how many of the messages that the request's account is responsible for have
// failed, or are waiting after a failed attempt; it is used as page.Options.Undelivered.
func (n *Notices) Undelivered(ctx context.Context) (int, error) {
	return n.opts.Store.Undelivered(ctx, whose(ctx), page.MaxCounted+1)
}

// whose is the account that the list of deliveries is restricted to; "" for everybody's.
func whose(ctx context.Context) string {
	if seesAll(ctx) {
		return ""
	}
	return auth.From(ctx).Name
}

// frame is what the pages have in common.
type frame struct {
	*page.Layout
	Tabs []tab
	// Done is the key of the message about the form that led to this page; "" for none.
	Done string
	// All says that the reader sees everybody's alerts and deliveries.
	All bool
}

type tab struct {
	Name, URL string
	Current   bool
}

func (n *Notices) frame(w http.ResponseWriter, r *http.Request, title string) frame {
	f := frame{Layout: n.Layout(w, r, title), All: seesAll(r.Context())}
	add := func(may bool, key, at string, current bool) {
		if may {
			f.Tabs = append(f.Tabs, tab{f.T(key), at, current})
		}
	}
	below := func(at string) bool { return f.Path == at || strings.HasPrefix(f.Path, at+"/") }
	add(true, "notices.alerts", "/notices", f.Path == "/notices" || below("/notices/alerts"))
	add(auth.May(r.Context(), qianshao.PowerLead), "notices.schedules", "/notices/reports", below("/notices/reports"))
	add(true, "notices.deliveries", "/notices/deliveries", below("/notices/deliveries"))
	add(f.All, "notices.channels", "/notices/channels", below("/notices/channels"))
	switch done := r.FormValue("done"); done {
	case "added", "saved", "on", "off", "deleted", "retried", "dropped", "sent":
		f.Done = "notices.done." + done
	}
	return f
}

func (f *frame) KindName(k notify.Kind) string { return f.Language.Named("notices.kind.", string(k)) }

func (f *frame) EventName(e notify.Event) string {
	return f.Language.Named("notices.event.", string(e))
}

// Why names what prevents an alert from being sent.
func (f *frame) Why(o notify.Obstacle) string {
	return f.Language.Named("notices.obstacle.", string(o))
}

// Said says how an attempt has failed, in the reader's language if the failure is of a known kind,
// otherwise as the program recorded it. What the receiver answered is quoted as it is.
func (f *frame) Said(problem string, fault notify.Fault) string {
	if !fault.Known() {
		return f.Plain(problem)
	}
	var args []any
	for _, a := range fault.Args {
		args = append(args, f.Plain(a))
	}
	return f.T("notices.fault."+string(fault.Code), args...)
}

// signed is the author and time of a request's changes.
func (n *Notices) signed(r *http.Request) store.Signed {
	return store.Signed{By: auth.From(r.Context()).Name, At: n.Now()}
}

func newID() string {
	id := make([]byte, 8)
	rand.Read(id) // never fails, see crypto/rand
	return hex.EncodeToString(id)
}

// typedName reads a name, with identity numbers masked, since it appears in the trail and in
// messages.
func typedName(r *http.Request) string {
	return mask.String(strings.TrimSpace(r.PostFormValue("name")))
}

// failOrMissing answers that something does not exist, or could not be read.
func (n *Notices) failOrMissing(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, store.ErrNotFound) {
		n.NotFound(w, r)
		return
	}
	n.FailWith(w, r, err)
}

// answer leads to a page that says what was done, or says why it was not.
func (n *Notices) answer(w http.ResponseWriter, r *http.Request, err error, to, done string) {
	if err != nil {
		n.failOrMissing(w, r, err)
		return
	}
	n.opts.Engine.Wake()
	http.Redirect(w, r, to+"?done="+done, http.StatusSeeOther)
}

// onOff is the code for what a switch has done.
func onOff(disabled bool) string {
	if disabled {
		return "off"
	}
	return "on"
}

// mistakes are the mistakes in a form, by field; "" is for mistakes of the form as a whole.
type mistakes map[string]string

// Wrong says what is wrong with a field; "" if nothing is.
func (m mistakes) Wrong(field string) string { return m[field] }

// refused says which field of a form an error is about, and why; ok is false for errors that are
// not the user's mistake.
func refused(v *page.Layout, err error) (field, text string, ok bool) {
	for _, m := range []struct {
		err        error
		field, key string
		args       []any
	}{
		{notify.ErrName, "name", "notices.refused.name", []any{notify.MaxName}},
		{notify.ErrNameTaken, "name", "notices.refused.taken", nil},
		{notify.ErrEvents, "events", "notices.refused.events", nil},
		{notify.ErrEvery, "every", "notices.refused.every", []any{int(notify.MaxEvery / time.Minute)}},
		{notify.ErrHourly, "hourly", "notices.refused.hourly", []any{notify.MaxHourly}},
		{notify.ErrQuiet, "quiet", "notices.refused.quiet", nil},
		{notify.ErrPeriod, "period", "notices.refused.period", nil},
		{notify.ErrHour, "hour", "notices.refused.hour", nil},
		{notify.ErrTooManyChannels, "", "notices.refused.channels", []any{notify.MaxChannels}},
		{notify.ErrTooManyAlerts, "", "notices.refused.alerts", []any{notify.MaxAlertsOf, notify.MaxAlerts}},
		{notify.ErrTooManySchedules, "", "notices.refused.schedules", []any{notify.MaxSchedules}},
	} {
		if errors.Is(err, m.err) {
			return m.field, v.T(m.key, m.args...), true
		}
	}
	return "", "", false
}

// channelNames are the channels by id, for those who may see only their names.
func (n *Notices) channelNames(ctx context.Context) (map[string]notify.Channel, error) {
	list, err := n.opts.Store.Channels(ctx)
	byID := make(map[string]notify.Channel, len(list))
	for i := range list {
		byID[list[i].ID] = notify.Channel{ID: list[i].ID, Name: list[i].Name, Kind: list[i].Kind, Disabled: list[i].Disabled}
	}
	return byID, err
}
