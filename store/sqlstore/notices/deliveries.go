package notices

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

const (
	deliveryColumns  = `key, alert, schedule, channel, period_from, period_to, state, created, since, next, attempts, findings, problem, fault, obstacle, settled`
	selectDeliveries = `SELECT ` + deliveryColumns + ` FROM notice_deliveries `
	// selectSent counts an alert's deliveries after a time, and finds its last one and a pending one.
	selectSent = `SELECT (SELECT count(*) FROM notice_deliveries WHERE alert = $1 AND alert <> '' AND created > $2 AND state <> 'dropped'),
  coalesce((SELECT created FROM notice_deliveries WHERE alert = $1 AND alert <> '' AND state <> 'dropped' ORDER BY created DESC LIMIT 1), 0),
  EXISTS (SELECT 1 FROM notice_deliveries INDEXED BY notice_deliveries_pending WHERE state = 'pending' AND alert = $1)`
	// selectUndelivered runs for every page of the console.
	selectUndelivered = `SELECT 1 FROM notice_deliveries WHERE state IN ('failed', 'pending') AND (state = 'failed' OR attempts > 0) AND (alert <> '' OR schedule <> '') `
	// ofAccount restricts deliveries to those of the account in argument number %d.
	ofAccount     = `AND (alert IN (SELECT id FROM notice_alerts WHERE account = $%[1]d) OR schedule IN (SELECT id FROM notice_schedules WHERE account = $%[1]d)) `
	updateWaiting = `UPDATE notice_items SET delivery = $1 WHERE alert = $2 AND delivery = 0 AND ready <= $3`
	// updateFindings says delivery > 0 for an index that contains only these: the items already reported
	// are many times more.
	updateFindings = `UPDATE notice_deliveries SET findings = (SELECT count(DISTINCT finding) FROM notice_items WHERE delivery = $1 AND delivery > 0) WHERE number = $1`
)

func scanDelivery(r *sql.Rows) (d notify.Delivery, err error) {
	var from, to, created, since, next, settled int64
	var fault string
	err = r.Scan(&d.Key, &d.Alert, &d.Schedule, &d.Channel, &from, &to, &d.State, &created, &since, &next, &d.Attempts, &d.Findings, &d.Problem, &fault, &d.Obstacle, &settled)
	d.Fault = readFault(fault)
	d.From, d.To, d.Created, d.Since, d.Next, d.Settled = trail.Moment(from), trail.Moment(to), trail.Moment(created), trail.Moment(since), trail.Moment(next), trail.Moment(settled)
	return d, err
}

// faultText writes a failure's kind and values as a JSON list; "" if its kind is unknown.
func faultText(f notify.Fault) string {
	if f.Code == "" {
		return ""
	}
	text, _ := json.Marshal(append([]string{string(f.Code)}, f.Args...)) // strings can always be encoded
	return string(text)
}

// readFault reads what faultText writes. A failure that cannot be read has no known kind, but its text.
func readFault(text string) (f notify.Fault) {
	var list []string
	if json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 {
		f.Code = notify.FaultCode(list[0])
		if len(list) > 1 {
			f.Args = list[1:]
		}
	}
	return f
}

// Deliveries returns deliveries, the latest first. A delivery to continue after that does not exist is
// store.ErrNotFound.
func (n *Notices) Deliveries(ctx context.Context, q notify.DeliveriesQuery) ([]notify.Delivery, error) {
	behind := int64(1) << 62
	if q.After != "" {
		number, err := database.One(database.Collect(ctx, n.db.Read, database.ScanValue[int64], `SELECT number FROM notice_deliveries WHERE key = $1`, q.After))
		if err != nil {
			return nil, n.db.Fail("read a delivery of", err)
		}
		behind = number
	}
	where, args := `WHERE number < $1 `, []any{behind, q.Limit}
	if q.State != "" {
		args = append(args, string(q.State))
		where += fmt.Sprintf(`AND state = $%d `, len(args))
	}
	if q.Account != "" {
		args = append(args, q.Account)
		where += fmt.Sprintf(ofAccount, len(args))
	}
	list, err := database.Collect(ctx, n.db.Read, scanDelivery, selectDeliveries+where+`ORDER BY number DESC LIMIT $2`, args...)
	return list, n.db.Fail("read the deliveries of", err)
}

// Delivery returns one delivery, or store.ErrNotFound.
func (n *Notices) Delivery(ctx context.Context, key string) (notify.Delivery, error) {
	d, err := database.One(database.Collect(ctx, n.db.Read, scanDelivery, selectDeliveries+`WHERE key = $1`, key))
	return d, n.db.Fail("read a delivery of", err)
}

// DeliveryStates counts pending and failed deliveries, and returns since when the oldest pending one has
// been tried; the zero time if there is none. Tests do not count.
func (n *Notices) DeliveryStates(ctx context.Context) (counts map[notify.State]int, oldest time.Time, err error) {
	counts = map[notify.State]int{notify.Pending: 0, notify.Failed: 0}
	var since sql.NullInt64
	for state := range counts {
		var first sql.NullInt64
		var rows int
		if err := n.db.Read.QueryRowContext(ctx, `SELECT count(*), min(since) FROM notice_deliveries WHERE state = $1 AND (alert <> '' OR schedule <> '')`, string(state)).Scan(&rows, &first); err != nil {
			return nil, oldest, n.db.Fail("count the deliveries of", err)
		}
		if counts[state] = rows; state == notify.Pending {
			since = first
		}
	}
	return counts, trail.Moment(since.Int64), nil
}

// RetryDelivery retries a delivery that failed, or whose last attempt failed, now and for another day, with
// the same key. It returns store.ErrNotFound or notify.ErrNotFailed.
func (n *Notices) RetryDelivery(ctx context.Context, by store.Signed, key string) error {
	if err := signed(by); err != nil {
		return err
	}
	return n.db.Update(ctx, database.Durable, "try a delivery again in", func(tx *database.Tx) error {
		d, err := database.One(database.Collect(ctx, tx, scanDelivery, selectDeliveries+`WHERE key = $1`, key))
		if err != nil {
			return err
		}
		if again := d.State == notify.Failed || d.State == notify.Pending && d.Attempts > 0; !again || d.Test() {
			return notify.ErrNotFailed
		}
		if _, err := tx.ExecContext(ctx, `UPDATE notice_deliveries SET state = 'pending', since = $2, next = $2, obstacle = '', settled = 0 WHERE key = $1`,
			key, database.Millis(by.At)); err != nil {
			return err
		}
		return record(ctx, tx, by, qianshao.SubjectDelivery, key, retried, "", "")
	})
}

// DropDelivery gives up a failed delivery: its findings are not reported. It returns store.ErrNotFound or
// notify.ErrNotFailed.
func (n *Notices) DropDelivery(ctx context.Context, by store.Signed, key string) error {
	if err := signed(by); err != nil {
		return err
	}
	return n.db.Update(ctx, database.Durable, "give a delivery up in", func(tx *database.Tx) error {
		d, err := database.One(database.Collect(ctx, tx, scanDelivery, selectDeliveries+`WHERE key = $1`, key))
		if err != nil {
			return err
		}
		if d.State != notify.Failed || d.Test() {
			return notify.ErrNotFailed
		}
		if _, err := tx.ExecContext(ctx, `UPDATE notice_items SET delivery = -1 WHERE delivery = (SELECT number FROM notice_deliveries WHERE key = $1) AND delivery > 0`, key); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE notice_deliveries SET state = 'dropped', obstacle = $2, settled = $3 WHERE key = $1`,
			key, string(notify.GivenUp), database.Millis(by.At)); err != nil {
			return err
		}
		return record(ctx, tx, by, qianshao.SubjectDelivery, key, givenUp, "", "")
	})
}

// Undelivered counts the deliveries of an account, or of all with "", that failed or whose last attempt
// failed; at most limit. Tests do not count: whoever ran one has seen its result.
func (n *Notices) Undelivered(ctx context.Context, account string, limit int) (count int, err error) {
	query, args := selectUndelivered, []any{limit}
	if account != "" {
		query, args = query+fmt.Sprintf(ofAccount, 2), append(args, account)
	}
	err = n.db.Read.QueryRowContext(ctx, `SELECT count(*) FROM (`+query+`LIMIT $1) d`, args...).Scan(&count)
	return count, n.db.Fail("count what was not delivered in", err)
}

// SentSince summarises an alert's deliveries, and counts those after a given time.
func (n *Notices) SentSince(ctx context.Context, alert string, after time.Time) (s notify.Sent, err error) {
	var at int64
	err = n.db.Read.QueryRowContext(ctx, selectSent, alert, database.Millis(after)).Scan(&s.Count, &at, &s.Pending)
	s.Last = trail.Moment(at)
	return s, n.db.Fail("count the messages of an alert in", err)
}

// Deliver begins a delivery of everything that its alert may report at d.Created, except the items taken
// back as by TakeBack. begun is false if there is nothing, or if the alert was changed or deleted
// meanwhile.
func (n *Notices) Deliver(ctx context.Context, d notify.Delivery, gone, later []notify.Item) (begun bool, err error) {
	err = n.db.Update(ctx, database.Durable, "begin a delivery in", func(tx *database.Tx) error {
		begun = false
		if is, err := taken(ctx, tx, `SELECT 1 FROM notice_alerts WHERE id = $1 AND channel = $2 AND disabled = 0`, d.Alert, d.Channel); err != nil || !is {
			return err
		}
		if err := takeBack(ctx, tx, gone, later); err != nil {
			return err
		}
		number, err := insertDelivery(ctx, tx, &d)
		if err != nil {
			return err
		}
		rows, err := database.ChangedRows(tx.ExecContext(ctx, updateWaiting,
			number, d.Alert, database.Millis(d.Created)))
		if err != nil {
			return err
		}
		begun = rows > 0
		if !begun {
			_, err = tx.ExecContext(ctx, `DELETE FROM notice_deliveries WHERE number = $1`, number)
			return err
		}
		_, err = tx.ExecContext(ctx, updateFindings, number)
		return err
	})
	return begun && err == nil, err
}

func insertDelivery(ctx context.Context, tx *database.Tx, d *notify.Delivery) (number int64, err error) {
	err = tx.QueryRowContext(ctx, `INSERT INTO notice_deliveries (`+deliveryColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING number`,
		d.Key, d.Alert, d.Schedule, d.Channel, trail.Millis(d.From), trail.Millis(d.To), string(d.State), trail.Millis(d.Created), trail.Millis(d.Since),
		trail.Millis(d.Next), d.Attempts, d.Findings, d.Problem, faultText(d.Fault), string(d.Obstacle), trail.Millis(d.Settled)).Scan(&number)
	return number, err
}

// DeliverReport begins the delivery of a report, once for each period of a schedule. It does nothing if the
// schedule was deleted or disabled, or the period was delivered before.
func (n *Notices) DeliverReport(ctx context.Context, d notify.Delivery) error {
	return n.db.Update(ctx, database.Durable, "begin the delivery of a report in", func(tx *database.Tx) error {
		rows, err := database.ChangedRows(tx.ExecContext(ctx, `UPDATE notice_schedules SET sent = $2 WHERE id = $1 AND disabled = 0 AND sent < $2`, d.Schedule, database.Millis(d.To)))
		if err != nil || rows == 0 {
			return err
		}
		_, err = insertDelivery(ctx, tx, &d)
		return err
	})
}

// DeliverReportNow begins the delivery of a report that a person asks for, even if its period was delivered
// before. It returns store.ErrNotFound for a schedule that does not exist or is disabled, and
// notify.ErrReportWaits if one of its reports is still pending.
func (n *Notices) DeliverReportNow(ctx context.Context, by store.Signed, d notify.Delivery) error {
	if err := signed(by); err != nil {
		return err
	}
	return n.db.Update(ctx, database.Durable, "begin the delivery of a report in", func(tx *database.Tx) error {
		period, err := database.One(database.Collect(ctx, tx, database.ScanValue[string], `SELECT period FROM notice_schedules WHERE id = $1 AND disabled = 0`, d.Schedule))
		if err != nil {
			return err
		}
		if waits, err := taken(ctx, tx, `SELECT 1 FROM notice_deliveries INDEXED BY notice_deliveries_pending WHERE state = 'pending' AND schedule = $1`, d.Schedule); err != nil || waits {
			return errors.Join(err, orNil(waits, notify.ErrReportWaits))
		}
		if _, err := insertDelivery(ctx, tx, &d); err != nil {
			return err
		}
		return record(ctx, tx, by, qianshao.SubjectSchedule, d.Schedule, sentNow, "", period)
	})
}

// LogDelivery adds a delivery to the log that is already settled: a test.
func (n *Notices) LogDelivery(ctx context.Context, d notify.Delivery) error {
	return n.db.Update(ctx, database.Durable, "log a delivery in", func(tx *database.Tx) error {
		_, err := insertDelivery(ctx, tx, &d)
		return err
	})
}

// isDue selects deliveries that are due at $1. A time further ahead than any delay was set by a clock that
// was ahead.
const isDue = `state = 'pending' AND (next <= $1 OR next > $1 + 90000000)` // 25 hours; notify.GiveUp is 24

// DueChannels returns the ids of the channels with deliveries due.
func (n *Notices) DueChannels(ctx context.Context, now time.Time) ([]string, error) {
	list, err := database.Collect(ctx, n.db.Read, database.ScanValue[string],
		`SELECT DISTINCT channel FROM notice_deliveries WHERE `+isDue+` ORDER BY channel`, database.Millis(now))
	return list, n.db.Fail("read due deliveries from", err)
}

// DueDelivery returns the delivery of a channel that has been due longest, or store.ErrNotFound.
func (n *Notices) DueDelivery(ctx context.Context, channel string, now time.Time) (notify.Delivery, error) {
	d, err := database.One(database.Collect(ctx, n.db.Read, scanDelivery,
		selectDeliveries+`WHERE `+isDue+` AND channel = $2 ORDER BY next, number LIMIT 1`, database.Millis(now), channel))
	if errors.Is(err, store.ErrNotFound) {
		return d, err
	}
	return d, n.db.Fail("read a due delivery from", err)
}

// PutOff records when a delivery is tried next, and why the last attempt failed. Nothing else is sent to
// its channel before until, if that is set.
func (n *Notices) PutOff(ctx context.Context, d notify.Delivery, until time.Time) error {
	return n.db.Update(ctx, database.Ordered, "put a delivery off in", func(tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE notice_deliveries SET next = $2, attempts = $3, problem = $4, since = $5, fault = $6 WHERE key = $1 AND state = 'pending'`,
			d.Key, database.Millis(d.Next), d.Attempts, d.Problem, database.Millis(d.Since), faultText(d.Fault)); err != nil || until.IsZero() {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE notice_deliveries SET next = $2 WHERE state = 'pending' AND channel = $1 AND next < $2`, d.Channel, database.Millis(until))
		return err
	})
}

// SettleDelivery records the end of a pending delivery. Items of a delivered one have been reported; those
// of a dropped one wait again; a failed one keeps them, for another try.
func (n *Notices) SettleDelivery(ctx context.Context, d notify.Delivery) error {
	return n.db.Update(ctx, database.Durable, "settle a delivery in", func(tx *database.Tx) error {
		number, err := database.One(database.Collect(ctx, tx, database.ScanValue[int64], `
UPDATE notice_deliveries SET state = $2, attempts = $3, findings = $4, problem = $5, obstacle = $6, settled = $7, fault = $8 WHERE key = $1 AND state = 'pending' RETURNING number`,
			d.Key, string(d.State), d.Attempts, d.Findings, d.Problem, string(d.Obstacle), database.Millis(d.Settled), faultText(d.Fault)))
		if errors.Is(err, store.ErrNotFound) {
			return nil // its alert or channel was changed while it was being sent
		}
		if err != nil {
			return err
		}
		switch d.State {
		case notify.Delivered:
			_, err = tx.ExecContext(ctx, `UPDATE notice_items SET delivery = -1 WHERE delivery = $1 AND delivery > 0`, number)
		case notify.Dropped:
			_, err = tx.ExecContext(ctx, `UPDATE notice_items SET delivery = 0 WHERE delivery = $1 AND delivery > 0`, number)
		}
		return err
	})
}

// ExpireDeliveries removes the deliveries settled before a given time. Their items are not reported again,
// even if the delivery failed.
func (n *Notices) ExpireDeliveries(ctx context.Context, before time.Time) error {
	return n.db.Update(ctx, database.Ordered, "remove old deliveries from", func(tx *database.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE notice_items SET delivery = -1 WHERE delivery > 0
  AND delivery IN (SELECT number FROM notice_deliveries WHERE state <> 'pending' AND settled < $1)`, database.Millis(before)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM notice_deliveries WHERE state <> 'pending' AND settled < $1`, database.Millis(before))
		return err
	})
}
