package notify

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/qianshao/qianshao/store"
)

// maxListed is how many findings of a message are read at a time and kept in memory: those with the highest
// scores; the others are counted. A message names MaxGroups campaigns.
const maxListed = 1000

// batch begins a delivery of an alert's waiting findings, if it may send one now. While one is pending, new
// findings wait for the next: a channel that was down for hours then gets one message for all of them,
// rather than one for each minute.
func (e *Engine) batch(ctx context.Context, a *active) error {
	now := e.opts.Now()
	if a.why != "" || a.Quiet.Holds(now, e.opts.Zone) {
		return nil
	}
	sent, err := e.opts.Store.SentSince(ctx, a.ID, now.Add(-time.Hour))
	if err != nil || sent.Pending || sent.Count >= a.Hourly || now.Before(sent.Last.Add(a.Every)) {
		return err
	}
	items, err := e.opts.Store.WaitingItems(ctx, a.ID, now, maxListed)
	if err != nil {
		return err
	}
	for len(items) > 0 {
		c, err := e.check(ctx, a, items, now)
		if err != nil {
			return err
		}
		if len(c.told) > 0 {
			_, err = e.opts.Store.Deliver(ctx, Delivery{
				Key: newKey(), Alert: a.ID, Channel: a.Channel, State: Pending, Created: now, Since: now, Next: now,
			}, c.gone, c.later)
			return err
		}
		if err := e.opts.Store.TakeBack(ctx, c.gone, c.later); err != nil {
			return err
		}
		if items, err = e.opts.Store.WaitingItems(ctx, a.ID, now, maxListed); err != nil {
			return err
		}
	}
	return nil
}

// newKey returns the key of a delivery, in the form of Standard Webhooks.
func newKey() string { return "msg_" + rand.Text() }

// maxLate is how long after a period its report is still put into the outbox: a process may have been
// stopped over the holidays.
const maxLate = 35 * 24 * time.Hour

// schedule begins the deliveries of reports that are due.
func (e *Engine) schedule(ctx context.Context) error {
	list, err := e.opts.Store.Schedules(ctx)
	if err != nil {
		return err
	}
	now := e.opts.Now()
	for i := range list {
		s := &list[i]
		if s.Disabled {
			continue
		}
		since := s.Created
		if s.Sent.After(since) {
			since = s.Sent
		}
		for from, to := s.Period.Ending(since, e.opts.Zone); !s.SentAt(to).After(now); from, to = s.Period.Ending(to, e.opts.Zone) {
			if now.Sub(to) > maxLate {
				continue
			}
			if err := e.opts.Store.DeliverReport(ctx, Delivery{
				Key: newKey(), Schedule: s.ID, Channel: s.Channel, From: from, To: to, State: Pending, Created: now, Since: now, Next: now,
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// SendReport puts the report of a schedule's last complete period into the outbox at somebody's request: to
// see what it sends, and where, before it is due. Automatic reports are not affected. The error is as in
// Store.DeliverReportNow.
func (e *Engine) SendReport(ctx context.Context, by store.Signed, schedule string) error {
	s, err := e.opts.Store.Schedule(ctx, schedule)
	if err != nil {
		return err
	}
	now := e.opts.Now()
	from, to := s.Period.Ended(now, e.opts.Zone)
	return e.opts.Store.DeliverReportNow(ctx, by, Delivery{
		Key: newKey(), Schedule: s.ID, Channel: s.Channel, From: from, To: to, State: Pending, Created: now, Since: now, Next: now,
	})
}

// SentAt returns when the report of a period ending at the midnight end is sent: at Hour on the day that
// begins then, which that day may lack if the clocks change.
func (s *Schedule) SentAt(end time.Time) time.Time {
	return time.Date(end.Year(), end.Month(), end.Day(), s.Hour, 0, 0, 0, end.Location())
}

// Ended returns the last period that has ended by now.
func (p Period) Ended(now time.Time, zone *time.Location) (from, to time.Time) {
	current, _ := p.Ending(now, zone)
	return p.Ending(current.Add(-time.Nanosecond), zone)
}

// Ending returns the first period that ends after a given time: From and To are midnights of the zone.
func (p Period) Ending(after time.Time, zone *time.Location) (from, to time.Time) {
	local := after.In(zone)
	day := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, zone)
	}
	if p == Month {
		return day(local.Year(), local.Month(), 1), day(local.Year(), local.Month()+1, 1)
	}
	sinceMonday := (int(local.Weekday()) + 6) % 7
	monday := local.Day() - sinceMonday
	return day(local.Year(), local.Month(), monday), day(local.Year(), local.Month(), monday+7)
}
