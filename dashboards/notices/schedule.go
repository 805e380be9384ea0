package notices

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
)

// firstHour is the default hour for sending a report: the beginning of the working day.
const firstHour = 8

// scheduleRow is a scheduled report in the list.
type scheduleRow struct {
	notify.Schedule
	ChannelName string // "" if it no longer exists
	ChannelOff  bool
	Mine        bool
	Path        string
	// Next is when the next report is sent.
	Next time.Time
}

type schedulesPage struct {
	frame
	Schedules []scheduleRow
	NoChannel bool
	Problem   string
}

func schedulePath(id string) string { return "/notices/reports/" + id }

func (n *Notices) serveSchedules(w http.ResponseWriter, r *http.Request) {
	n.showSchedules(w, r, http.StatusOK, &schedulesPage{frame: n.frame(w, r, "notices.schedules")})
}

// showSchedules lists the scheduled reports; v holds what the caller has filled in.
func (n *Notices) showSchedules(w http.ResponseWriter, r *http.Request, status int, v *schedulesPage) {
	list, err := n.opts.Store.Schedules(r.Context())
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
	for _, s := range list {
		mine := s.Account == v.User
		if !v.All && !mine {
			continue
		}
		v.Schedules = append(v.Schedules, scheduleRow{
			Schedule: s, ChannelName: channels[s.Channel].Name, ChannelOff: channels[s.Channel].Disabled, Mine: mine, Path: schedulePath(s.ID), Next: n.nextReport(&s),
		})
	}
	n.Render(w, r, status, "schedules", v)
}

// nextReport returns when the next report of a schedule is sent.
func (n *Notices) nextReport(s *notify.Schedule) time.Time {
	now := n.Now()
	for _, to := s.Period.Ending(now.Add(-24*time.Hour), n.Zone); ; _, to = s.Period.Ending(to, n.Zone) {
		if at := s.SentAt(to); at.After(now) {
			return at
		}
	}
}

func (f *frame) PeriodName(p notify.Period) string {
	return f.Language.Named("notices.period.", string(p))
}

func (f *frame) HourText(hour int) string { return clock(hour * 60) }

// scheduleFields are the fields of the form, as typed.
type scheduleFields struct{ Period, Authorisation, Channel, Hour string }

// schedulePage is the form of a scheduled report.
type schedulePage struct {
	frame
	mistakes
	Fields         scheduleFields
	ID             string
	Disabled       bool
	Channels       []choice
	Authorisations []choice
	// Everything says that the account sees everything, so that a report without a chosen
	// authorisation covers all of them.
	Everything bool
}

// Path is where the form is sent.
func (v *schedulePage) Path() string {
	if v.ID == "" {
		return "/notices/reports/new"
	}
	return schedulePath(v.ID)
}

func (v *schedulePage) Periods() []notify.Period { return notify.Periods() }

func (v *schedulePage) Hours() (list []choice) {
	for h := range 24 {
		list = append(list, choice{strconv.Itoa(h), clock(h * 60)})
	}
	return list
}

func (n *Notices) serveNewSchedule(w http.ResponseWriter, r *http.Request) {
	v := &schedulePage{frame: n.frame(w, r, "notices.schedule.new"), Fields: scheduleFields{Period: string(notify.Week), Hour: strconv.Itoa(firstHour)}}
	n.showSchedule(w, r, http.StatusOK, v)
}

func (n *Notices) serveSchedule(w http.ResponseWriter, r *http.Request) {
	s, err := n.ownSchedule(r)
	if err != nil {
		n.failOrMissing(w, r, err)
		return
	}
	v := &schedulePage{frame: n.frame(w, r, "notices.schedule"), ID: s.ID, Disabled: s.Disabled}
	v.Fields = scheduleFields{string(s.Period), s.Authorisation, s.Channel, strconv.Itoa(s.Hour)}
	n.showSchedule(w, r, http.StatusOK, v)
}

// ownSchedule returns the schedule of a request if it is the reader's own; otherwise
// store.ErrNotFound.
func (n *Notices) ownSchedule(r *http.Request) (notify.Schedule, error) {
	s, err := n.opts.Store.Schedule(r.Context(), r.PathValue("id"))
	if err == nil && s.Account != auth.From(r.Context()).Name {
		err = store.ErrNotFound
	}
	return s, err
}

// visibleSchedule also returns somebody else's schedule if the reader is an administrator who sees
// everything.
func (n *Notices) visibleSchedule(r *http.Request) (notify.Schedule, error) {
	s, err := n.opts.Store.Schedule(r.Context(), r.PathValue("id"))
	if err == nil && s.Account != auth.From(r.Context()).Name && !seesAll(r.Context()) {
		err = store.ErrNotFound
	}
	return s, err
}

func (n *Notices) showSchedule(w http.ResponseWriter, r *http.Request, status int, v *schedulePage) {
	v.Everything = auth.From(r.Context()).Sight.All
	var err error
	if v.Channels, err = n.channelChoices(r.Context(), v.Layout); err == nil {
		v.Authorisations, err = n.seenAuthorisations(r.Context())
	}
	if err != nil {
		n.FailWith(w, r, err)
		return
	}
	n.Render(w, r, status, "schedule", v)
}

// seenAuthorisations are the authorisations that the request's account sees.
func (n *Notices) seenAuthorisations(ctx context.Context) (out []choice, err error) {
	list, err := n.opts.Store.Authorisations(ctx)
	for i := range list {
		if auth.From(ctx).Sight.Sees(list[i].ID) {
			out = append(out, choice{list[i].ID, list[i].ID + " · " + list[i].Owner})
		}
	}
	return out, err
}

func (n *Notices) takeNewSchedule(w http.ResponseWriter, r *http.Request) {
	n.putSchedule(w, r, notify.Schedule{Account: auth.From(r.Context()).Name}, "notices.schedule.new")
}

func (n *Notices) takeSchedule(w http.ResponseWriter, r *http.Request) {
	s, err := n.ownSchedule(r)
	if err != nil {
		n.failOrMissing(w, r, err)
		return
	}
	n.putSchedule(w, r, s, "notices.schedule")
}

// putSchedule saves the form; of a new schedule if it has no id.
func (n *Notices) putSchedule(w http.ResponseWriter, r *http.Request, s notify.Schedule, title string) {
	v := &schedulePage{frame: n.frame(w, r, title), mistakes: mistakes{}, ID: s.ID, Disabled: s.Disabled}
	text := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	v.Fields = scheduleFields{text("period"), text("authorisation"), text("channel"), text("hour")}
	s.Period, s.Authorisation, s.Channel = notify.Period(v.Fields.Period), v.Fields.Authorisation, v.Fields.Channel
	var err error
	if s.Hour, err = strconv.Atoi(v.Fields.Hour); err != nil {
		s.Hour = -1
	}
	seen, err := n.seenAuthorisations(r.Context())
	if err != nil {
		n.FailWith(w, r, err)
		return
	}
	if s.Authorisation != "" && !contains(seen, s.Authorisation) {
		v.mistakes["authorisation"] = v.T("notices.refused.authorisation")
	}
	done := "saved"
	if s.ID == "" {
		s.ID, done = newID(), "added"
	}
	if err = s.Check(); err == nil && len(v.mistakes) == 0 {
		err = n.opts.Store.PutSchedule(r.Context(), n.signed(r), s)
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
		n.showSchedule(w, r, http.StatusUnprocessableEntity, v)
		return
	}
	n.answer(w, r, nil, "/notices/reports", done)
}

func contains(list []choice, id string) bool {
	for _, c := range list {
		if c.ID == id {
			return true
		}
	}
	return false
}

func (n *Notices) switchSchedule(w http.ResponseWriter, r *http.Request) {
	s, err := n.visibleSchedule(r)
	if err != nil {
		n.failOrMissing(w, r, err)
		return
	}
	s.Disabled = r.PostFormValue("off") != ""
	err = n.opts.Store.PutSchedule(r.Context(), n.signed(r), s)
	if errors.Is(err, store.ErrNotFound) {
		v := &schedulesPage{frame: n.frame(w, r, "notices.schedules")}
		v.Problem = v.T("notices.refused.nochannel")
		n.showSchedules(w, r, http.StatusConflict, v)
		return
	}
	n.answer(w, r, err, "/notices/reports", onOff(s.Disabled))
}

// sendReport sends the report of the last period now, so that somebody can see what it is like
// before it is due. The answer leads to the log of deliveries, which has the result.
func (n *Notices) sendReport(w http.ResponseWriter, r *http.Request) {
	s, err := n.ownSchedule(r)
	if err == nil {
		err = n.opts.Engine.SendReport(r.Context(), n.signed(r), s.ID)
	}
	if errors.Is(err, notify.ErrReportWaits) {
		v := &schedulesPage{frame: n.frame(w, r, "notices.schedules")}
		v.Problem = v.T("notices.refused.waits")
		n.showSchedules(w, r, http.StatusConflict, v)
		return
	}
	n.answer(w, r, err, "/notices/deliveries", "sent")
}

func (n *Notices) deleteSchedule(w http.ResponseWriter, r *http.Request) {
	s, err := n.visibleSchedule(r)
	if err == nil {
		err = n.opts.Store.DeleteSchedule(r.Context(), n.signed(r), s.ID)
	}
	n.answer(w, r, err, "/notices/reports", "deleted")
}
