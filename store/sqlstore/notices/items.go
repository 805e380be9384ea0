package notices

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/outbox"
	"github.com/qianshao/qianshao/store/sqlstore/trail"
)

// HandOver queues findings for the consumer of notices, in the transaction that settles their update in the
// index, if an enabled alert exists.
func HandOver(ctx context.Context, tx *database.Tx, told []store.Pending, at time.Time) error {
	if len(told) == 0 {
		return nil
	}
	is, err := taken(ctx, tx, selectEnabled)
	if err != nil || !is {
		return err
	}
	ids := make([]string, len(told))
	for i := range told {
		ids[i] = told[i].Finding
	}
	return outbox.Note(ctx, tx, store.ConsumerNotices, ids, at)
}

// Forget removes the data of a deleted finding, in the same transaction.
func Forget(ctx context.Context, tx *database.Tx, finding string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM notice_items WHERE finding = $1`, finding); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE consumer = $1 AND finding = $2`, string(store.ConsumerNotices), finding)
	return err
}

// Frequent queries, each with its index.
const (
	selectEnabled = `SELECT 1 FROM notice_alerts WHERE disabled = 0`
	selectFacts   = `
SELECT f.id, f.back_at, c.due, a.at, b.state, b.done_at, EXISTS (SELECT 1 FROM outbox o WHERE o.consumer = $2 AND o.finding = f.id)
FROM json_each($1) j JOIN findings f INDEXED BY findings_desk ON f.id = j.value
LEFT JOIN campaign_findings c ON c.finding = f.id
LEFT JOIN standings s ON s.subject = f.id AND s.subject_kind = 'finding'
LEFT JOIN acts a ON a.seq = s.act
LEFT JOIN batches b ON b.id = a.batch AND a.batch <> 0`
	selectOverdue = `
SELECT f.finding, f.due FROM campaign_counts c JOIN campaign_findings f ON f.campaign = c.campaign
WHERE c.authorisation = '*' AND c.category = '*' AND c.due <= $2 AND f.due >= $1 AND f.due <= $2 AND (f.due, f.finding) > ($1, $3)
ORDER BY f.due, f.finding LIMIT $4`
	selectWaiting = `
SELECT i.finding, i.alert, i.event, i.occurred, i.ready FROM notice_items i LEFT JOIN campaign_findings c ON c.finding = i.finding
WHERE i.alert = $1 AND i.delivery = 0 AND i.ready <= $2 ORDER BY c.score DESC NULLS LAST, i.finding, i.event, i.occurred LIMIT $3`
	selectWalk = `
SELECT rowid, finding, alert, event, occurred, ready FROM notice_items
WHERE delivery > 0 AND delivery = (SELECT number FROM notice_deliveries WHERE key = $1) AND rowid > $2 ORDER BY rowid LIMIT $3`
)

// Facts returns the facts of the findings as of now; unknown findings are left out.
func (n *Notices) Facts(ctx context.Context, ids []string, now time.Time) ([]notify.Fact, error) {
	text, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	list, err := database.Collect(ctx, n.db.Read, func(r *sql.Rows) (f notify.Fact, err error) {
		var back int64
		var due, acted, done sql.NullInt64
		var state sql.NullString
		if err := r.Scan(&f.Finding, &back, &due, &acted, &state, &done, &f.Behind); err != nil {
			return f, err
		}
		f.BackAt, f.Due = trail.Moment(back), trail.Moment(due.Int64)
		last := trail.Moment(acted.Int64)
		if state.Valid { // a batch is undone as a whole, until its last member can no longer be
			last = later(last, trail.Moment(done.Int64))
			if s := desk.BatchState(state.String); s == desk.BatchApplying || s == desk.BatchUndoing {
				last = later(last, now)
			}
		}
		if !last.IsZero() {
			f.Undoable = last.Add(desk.UndoTime)
		}
		return f, nil
	}, selectFacts, string(text), string(store.ConsumerIndex))
	return list, n.db.Fail("read what findings to tell of are in", err)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// Overdue returns the findings that became overdue after from and up to to, by that time and then by id,
// after the finding behind, at most limit.
func (n *Notices) Overdue(ctx context.Context, from, to time.Time, behind string, limit int) ([]notify.Fact, error) {
	list, err := database.Collect(ctx, n.db.Read, func(r *sql.Rows) (f notify.Fact, err error) {
		var due int64
		err = r.Scan(&f.Finding, &due)
		f.Due = database.FromMillis(due)
		return f, err
	}, selectOverdue, database.Millis(from), database.Millis(to), behind, limit)
	return list, n.db.Fail("read overdue findings from", err)
}

// NoteItems adds new items to report, and settles the consumer of notices' findings: in one transaction, so
// that nothing is lost between the two.
func (n *Notices) NoteItems(ctx context.Context, items []notify.Item, told []store.Pending) error {
	return n.db.Update(ctx, database.Ordered, "note what is to be told in", func(tx *database.Tx) error {
		if err := addItems(ctx, tx, items); err != nil {
			return err
		}
		_, err := outbox.Settle(ctx, tx, store.ConsumerNotices, told)
		return err
	})
}

// NoteOverdue adds overdue findings of an alert, and the time up to which they were searched for.
func (n *Notices) NoteOverdue(ctx context.Context, alert string, items []notify.Item, looked time.Time) error {
	return n.db.Update(ctx, database.Ordered, "note what is overdue in", func(tx *database.Tx) error {
		if err := addItems(ctx, tx, items); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE notice_alerts SET looked = $2 WHERE id = $1 AND looked < $2`, alert, database.Millis(looked))
		return err
	})
}

// addItems adds items whose findings and alerts exist. A relapse is reported each time, the other events
// once: their times may be corrected later.
func addItems(ctx context.Context, tx *database.Tx, items []notify.Item) error {
	for i := range items {
		it := &items[i]
		if _, err := tx.ExecContext(ctx, `
INSERT INTO notice_items (finding, alert, event, occurred, ready, delivery)
SELECT $1, $2, $3, $4, $5, 0 WHERE EXISTS (SELECT 1 FROM findings WHERE id = $1) AND EXISTS (SELECT 1 FROM notice_alerts WHERE id = $2 AND disabled = 0)
  AND ($3 = 'relapsed' OR NOT EXISTS (SELECT 1 FROM notice_items WHERE finding = $1 AND alert = $2 AND event = $3))
ON CONFLICT DO NOTHING`, it.Finding, it.Alert, string(it.Event), database.Millis(it.Occurred), database.Millis(it.Ready)); err != nil {
			return err
		}
	}
	return nil
}

func scanItem(r *sql.Rows) (i notify.Item, err error) {
	var occurred, ready int64
	err = r.Scan(&i.Finding, &i.Alert, &i.Event, &occurred, &ready)
	i.Occurred, i.Ready = database.FromMillis(occurred), database.FromMillis(ready)
	return i, err
}

// WaitingItems returns the items that an alert may report now, highest score first, at most limit.
func (n *Notices) WaitingItems(ctx context.Context, alert string, now time.Time, limit int) ([]notify.Item, error) {
	list, err := database.Collect(ctx, n.db.Read, scanItem, selectWaiting, alert, database.Millis(now), limit)
	return list, n.db.Fail("read what is to be told from", err)
}

// ItemsOf returns the items of a delivery, highest score first, at most limit, and the total for each
// event.
func (n *Notices) ItemsOf(ctx context.Context, key string, limit int) (list []notify.Item, all map[notify.Event]int, err error) {
	list, err = database.Collect(ctx, n.db.Read, scanItem, `
SELECT i.finding, i.alert, i.event, i.occurred, i.ready FROM notice_deliveries d JOIN notice_items i ON i.delivery = d.number AND i.delivery > 0
LEFT JOIN campaign_findings c ON c.finding = i.finding
WHERE d.key = $1 ORDER BY c.score DESC NULLS LAST, i.finding, i.event, i.occurred LIMIT $2`, key, limit)
	if err != nil {
		return nil, nil, n.db.Fail("read what a delivery tells of from", err)
	}
	type count struct {
		event notify.Event
		rows  int
	}
	counts, err := database.Collect(ctx, n.db.Read, func(r *sql.Rows) (c count, err error) {
		err = r.Scan(&c.event, &c.rows)
		return c, err
	}, `SELECT i.event, count(*) FROM notice_deliveries d JOIN notice_items i ON i.delivery = d.number AND i.delivery > 0 WHERE d.key = $1 GROUP BY i.event`, key)
	all = map[notify.Event]int{}
	for _, c := range counts {
		all[c.event] = c.rows
	}
	return list, all, n.db.Fail("count what a delivery tells of in", err)
}

// WalkItems returns items of a delivery after a row number, at most limit; last is the number of the last
// one. Items taken back meanwhile do not move others.
func (n *Notices) WalkItems(ctx context.Context, key string, after int64, limit int) (list []notify.Item, last int64, err error) {
	list, err = database.Collect(ctx, n.db.Read, func(r *sql.Rows) (i notify.Item, err error) {
		var occurred, ready int64
		err = r.Scan(&last, &i.Finding, &i.Alert, &i.Event, &occurred, &ready)
		i.Occurred, i.Ready = database.FromMillis(occurred), database.FromMillis(ready)
		return i, err
	}, selectWalk, key, after, limit)
	return list, last, n.db.Fail("read what a delivery tells of from", err)
}

// TakeBack removes items from a delivery: those of gone are forgotten, so that they are reported if they
// come back; those of later wait until they are Ready.
func (n *Notices) TakeBack(ctx context.Context, gone, later []notify.Item) error {
	if len(gone)+len(later) == 0 {
		return nil
	}
	return n.db.Update(ctx, database.Ordered, "take back what is to be told in", func(tx *database.Tx) error { return takeBack(ctx, tx, gone, later) })
}

func takeBack(ctx context.Context, tx *database.Tx, gone, later []notify.Item) error {
	for i := range gone {
		it := &gone[i]
		if _, err := tx.ExecContext(ctx, `DELETE FROM notice_items WHERE finding = $1 AND alert = $2 AND event = $3 AND occurred = $4 AND delivery >= 0`,
			it.Finding, it.Alert, string(it.Event), database.Millis(it.Occurred)); err != nil {
			return err
		}
	}
	for i := range later {
		it := &later[i]
		if _, err := tx.ExecContext(ctx, `UPDATE notice_items SET ready = $5, delivery = 0 WHERE finding = $1 AND alert = $2 AND event = $3 AND occurred = $4 AND delivery >= 0`,
			it.Finding, it.Alert, string(it.Event), database.Millis(it.Occurred), database.Millis(it.Ready)); err != nil {
			return err
		}
	}
	return nil
}
