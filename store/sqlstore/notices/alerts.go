package notices

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

const selectAlerts = `SELECT id, name, account, view, channel, events, every, hourly, quiet_from, quiet_to, disabled, created, obstacle, looked FROM notice_alerts `

func scanAlert(r *sql.Rows) (a notify.Alert, err error) {
	var events string
	var every, created, looked int64
	if err := r.Scan(&a.ID, &a.Name, &a.Account, &a.View, &a.Channel, &events, &every, &a.Hourly, &a.Quiet.From, &a.Quiet.To,
		&a.Disabled, &created, &a.Obstacle, &looked); err != nil {
		return a, err
	}
	a.Every, a.Created, a.Looked = time.Duration(every)*time.Millisecond, database.FromMillis(created), database.FromMillis(looked)
	a.Events, err = listOf[notify.Event](events)
	return a, err
}

// Alerts returns all alerts, by account and name.
func (n *Notices) Alerts(ctx context.Context) ([]notify.Alert, error) {
	list, err := database.Collect(ctx, n.db.Read, scanAlert, selectAlerts+`ORDER BY account, name, id`)
	return list, n.db.Fail("read the alerts of", err)
}

// Alert returns one alert, or store.ErrNotFound.
func (n *Notices) Alert(ctx context.Context, id string) (notify.Alert, error) {
	a, err := database.One(database.Collect(ctx, n.db.Read, scanAlert, selectAlerts+`WHERE id = $1`, id))
	return a, n.db.Fail(fmt.Sprintf("read alert %q of", id), err)
}

// PutAlert adds an alert, or changes the one with its id, which keeps its account. Errors are those of
// notify.Alert's Check, notify.ErrTooManyAlerts, notify.ErrNameTaken, and store.ErrNotFound for a channel
// that does not exist, unless the alert is disabled. An alert that is new, enabled again, or has another
// view starts at by.At: findings from before are not news.
func (n *Notices) PutAlert(ctx context.Context, by store.Signed, a notify.Alert) error {
	if err := errors.Join(signed(by), a.Check()); err != nil {
		return err
	}
	return n.db.Update(ctx, database.Durable, "save an alert in", func(tx *database.Tx) error {
		old, err := store.Optional(database.One(database.Collect(ctx, tx, scanAlert, selectAlerts+`WHERE id = $1`, a.ID)))
		if err != nil {
			return err
		}
		a.Created, a.Looked = by.At, by.At
		if old == nil {
			old = &notify.Alert{Account: a.Account}
			if err := roomForAlert(ctx, tx, a.Account); err != nil {
				return err
			}
		} else if a.View == old.View && (a.Disabled || !old.Disabled) {
			a.Created, a.Looked = old.Created, old.Looked
		}
		a.Account = old.Account
		if is, err := taken(ctx, tx, `SELECT 1 FROM notice_alerts WHERE account = $1 AND name = $2 AND id <> $3`, a.Account, a.Name, a.ID); err != nil || is {
			return errors.Join(err, orNil(is, notify.ErrNameTaken))
		}
		if err := hasChannel(ctx, tx, a.Channel, a.Disabled && old.ID != ""); err != nil {
			return err
		}
		if err := putAlert(ctx, tx, &a); err != nil {
			return err
		}
		if err := letGo(ctx, tx, by, old, &a); err != nil {
			return err
		}
		return record(ctx, tx, by, qianshao.SubjectAlert, a.ID, eventOf(old.ID != "", old.Disabled, a.Disabled), old.Name, a.Name)
	})
}

// hasChannel returns store.ErrNotFound for a channel that does not exist. What is disabled needs none: its
// channel may have been deleted.
func hasChannel(ctx context.Context, tx *database.Tx, id string, off bool) error {
	if off {
		return nil
	}
	is, err := taken(ctx, tx, `SELECT 1 FROM notice_channels WHERE id = $1`, id)
	return errors.Join(err, orNil(!is, store.ErrNotFound))
}

func roomForAlert(ctx context.Context, tx *database.Tx, account string) error {
	full, err := taken(ctx, tx, `SELECT 1 FROM notice_alerts WHERE account = $1 LIMIT 1 OFFSET $2`, account, notify.MaxAlertsOf-1)
	if err == nil && !full {
		full, err = taken(ctx, tx, `SELECT 1 FROM notice_alerts LIMIT 1 OFFSET $1`, notify.MaxAlerts-1)
	}
	return errors.Join(err, orNil(full, notify.ErrTooManyAlerts))
}

func putAlert(ctx context.Context, tx *database.Tx, a *notify.Alert) error {
	_, err := tx.ExecContext(ctx, `
INSERT INTO notice_alerts (id, name, account, view, channel, events, every, hourly, quiet_from, quiet_to, disabled, created, obstacle, looked)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', $13)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, view = excluded.view, channel = excluded.channel, events = excluded.events, every = excluded.every,
  hourly = excluded.hourly, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, disabled = excluded.disabled, created = excluded.created,
  obstacle = '', looked = excluded.looked`,
		a.ID, a.Name, a.Account, a.View, a.Channel, jsonOf(a.Events), a.Every.Milliseconds(), a.Hourly, a.Quiet.From, a.Quiet.To, a.Disabled,
		database.Millis(a.Created), database.Millis(a.Looked))
	return err
}

// letGo drops an alert's pending deliveries if it was disabled or has another view or channel. Disabled or
// with another view, it loses its waiting items as well.
func letGo(ctx context.Context, tx *database.Tx, by store.Signed, old, now *notify.Alert) error {
	if old.ID == "" {
		return nil
	}
	if now.Disabled || now.View != old.View || now.Channel != old.Channel {
		if err := dropPending(ctx, tx, `alert`, now.ID, notify.AlertGone, by); err != nil {
			return err
		}
	}
	if now.Disabled || now.View != old.View {
		_, err := tx.ExecContext(ctx, `DELETE FROM notice_items WHERE alert = $1 AND delivery = 0`, now.ID)
		return err
	}
	return nil
}

// DeleteAlert deletes an alert with its waiting findings, or returns store.ErrNotFound.
func (n *Notices) DeleteAlert(ctx context.Context, by store.Signed, id string) error {
	if err := signed(by); err != nil {
		return err
	}
	return n.db.Update(ctx, database.Durable, "delete an alert of", func(tx *database.Tx) error {
		name, err := database.One(database.Collect(ctx, tx, database.ScanValue[string], `DELETE FROM notice_alerts WHERE id = $1 RETURNING name`, id))
		if err != nil {
			return err
		}
		if err := dropPending(ctx, tx, `alert`, id, notify.AlertGone, by); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM notice_items WHERE alert = $1`, id); err != nil {
			return err
		}
		return record(ctx, tx, by, qianshao.SubjectAlert, id, deleted, "", name)
	})
}

// SetObstacle records why an alert sends nothing, "" if it can. It leaves no act, as the program detects
// this itself.
func (n *Notices) SetObstacle(ctx context.Context, alert string, why notify.Obstacle) error {
	return n.db.Update(ctx, database.Ordered, "note the obstacle of an alert in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE notice_alerts SET obstacle = $2 WHERE id = $1`, alert, string(why))
		return err
	})
}

// SetBack sets Created and Looked of an alert to now if they are later, for instance because the clock was
// set back.
func (n *Notices) SetBack(ctx context.Context, alert string, now time.Time) error {
	return n.db.Update(ctx, database.Ordered, "set an alert back in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE notice_alerts SET created = min(created, $2), looked = min(looked, $2) WHERE id = $1`, alert, database.Millis(now))
		return err
	})
}

const selectSchedules = `SELECT id, account, channel, period, authorisation, hour, disabled, created, sent FROM notice_schedules `

func scanSchedule(r *sql.Rows) (s notify.Schedule, err error) {
	var created, sent int64
	err = r.Scan(&s.ID, &s.Account, &s.Channel, &s.Period, &s.Authorisation, &s.Hour, &s.Disabled, &created, &sent)
	s.Created, s.Sent = database.FromMillis(created), trail.Moment(sent)
	return s, err
}

// Schedules returns all schedules, by account.
func (n *Notices) Schedules(ctx context.Context) ([]notify.Schedule, error) {
	list, err := database.Collect(ctx, n.db.Read, scanSchedule, selectSchedules+`ORDER BY account, created, id`)
	return list, n.db.Fail("read the scheduled reports of", err)
}

// Schedule returns one schedule, or store.ErrNotFound.
func (n *Notices) Schedule(ctx context.Context, id string) (notify.Schedule, error) {
	s, err := database.One(database.Collect(ctx, n.db.Read, scanSchedule, selectSchedules+`WHERE id = $1`, id))
	return s, n.db.Fail(fmt.Sprintf("read scheduled report %q of", id), err)
}

// PutSchedule adds a schedule, or changes the one with its id, which keeps its account. Errors are those of
// notify.Schedule's Check, notify.ErrTooManySchedules, and store.ErrNotFound for a channel that does not
// exist, unless the schedule is disabled. One that is new or enabled again starts with the period that
// contains by.At.
func (n *Notices) PutSchedule(ctx context.Context, by store.Signed, s notify.Schedule) error {
	if err := errors.Join(signed(by), s.Check()); err != nil {
		return err
	}
	return n.db.Update(ctx, database.Durable, "save a scheduled report in", func(tx *database.Tx) error {
		old, err := store.Optional(database.One(database.Collect(ctx, tx, scanSchedule, selectSchedules+`WHERE id = $1`, s.ID)))
		if err != nil {
			return err
		}
		s.Created = by.At
		if old == nil {
			old = &notify.Schedule{Account: s.Account}
			if full, err := taken(ctx, tx, `SELECT 1 FROM notice_schedules LIMIT 1 OFFSET $1`, notify.MaxSchedules-1); err != nil || full {
				return errors.Join(err, orNil(full, notify.ErrTooManySchedules))
			}
		} else if s.Disabled || !old.Disabled {
			s.Created = old.Created
		}
		s.Account = old.Account
		if err := hasChannel(ctx, tx, s.Channel, s.Disabled && old.ID != ""); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
INSERT INTO notice_schedules (id, account, channel, period, authorisation, hour, disabled, created, sent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)
ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, period = excluded.period, authorisation = excluded.authorisation, hour = excluded.hour,
  disabled = excluded.disabled, created = excluded.created`,
			s.ID, s.Account, s.Channel, string(s.Period), s.Authorisation, s.Hour, s.Disabled, database.Millis(s.Created)); err != nil {
			return err
		}
		if err := redirect(ctx, tx, by, &s); err != nil {
			return err
		}
		return record(ctx, tx, by, qianshao.SubjectSchedule, s.ID, eventOf(old.ID != "", old.Disabled, s.Disabled), string(old.Period), string(s.Period))
	})
}

// redirect sends a schedule's pending reports to its present channel and recipients.
func redirect(ctx context.Context, tx *database.Tx, by store.Signed, s *notify.Schedule) error {
	if s.Disabled {
		return dropPending(ctx, tx, `schedule`, s.ID, notify.ScheduleGone, by)
	}
	_, err := tx.ExecContext(ctx, `UPDATE notice_deliveries SET channel = $2 WHERE state = 'pending' AND schedule = $1`, s.ID, s.Channel)
	return err
}

// DeleteSchedule deletes a schedule, or returns store.ErrNotFound.
func (n *Notices) DeleteSchedule(ctx context.Context, by store.Signed, id string) error {
	if err := signed(by); err != nil {
		return err
	}
	return n.db.Update(ctx, database.Durable, "delete a scheduled report of", func(tx *database.Tx) error {
		period, err := database.One(database.Collect(ctx, tx, database.ScanValue[string], `DELETE FROM notice_schedules WHERE id = $1 RETURNING period`, id))
		if err != nil {
			return err
		}
		if err := dropPending(ctx, tx, `schedule`, id, notify.ScheduleGone, by); err != nil {
			return err
		}
		return record(ctx, tx, by, qianshao.SubjectSchedule, id, deleted, "", period)
	})
}
