package notify

import (
	"context"
	"time"

	"github.com/qianshao/qianshao/store"
)

// Sent summarises the deliveries of an alert. Dropped ones reported nothing and do not count.
type Sent struct {
	// Count is how many were begun after a given time, Last the time of the last one of all.
	Count int
	Last  time.Time
	// Pending says that one is pending.
	Pending bool
}

// Store is the part of the store that the engine needs.
type Store interface {
	// Pending returns the findings that the consumer has yet to process, in order, after a Seq.
	Pending(ctx context.Context, c store.Consumer, after int64, limit int) ([]store.Pending, error)
	// SavedView returns a view; like Channel, Alert, Schedule and DueDelivery it returns store.ErrNotFound
	// if there is none.
	SavedView(ctx context.Context, id string) (store.SavedView, error)

	Channels(ctx context.Context) ([]Channel, error)
	Channel(ctx context.Context, id string) (Channel, error)
	Alerts(ctx context.Context) ([]Alert, error)
	Alert(ctx context.Context, id string) (Alert, error)
	// SetObstacle records why an alert sends nothing, "" if it can.
	SetObstacle(ctx context.Context, alert string, why Obstacle) error
	// SetBack sets an alert's Created and Looked to now if they are later.
	SetBack(ctx context.Context, alert string, now time.Time) error
	Schedules(ctx context.Context) ([]Schedule, error)
	Schedule(ctx context.Context, id string) (Schedule, error)

	// Facts returns the facts of the findings as of now; unknown findings are left out.
	Facts(ctx context.Context, ids []string, now time.Time) ([]Fact, error)
	// Overdue returns the findings that became overdue after from, or at from with an id after behind, and
	// up to to, by that time and then by id, at most limit.
	Overdue(ctx context.Context, from, to time.Time, behind string, limit int) ([]Fact, error)
	// NoteItems adds new items, and settles the consumer's findings, in one transaction. Items whose
	// finding or alert does not exist are skipped.
	NoteItems(ctx context.Context, items []Item, told []store.Pending) error
	// NoteOverdue does the same for overdue findings of an alert, and sets its Looked.
	NoteOverdue(ctx context.Context, alert string, items []Item, looked time.Time) error
	// WaitingItems returns the items that an alert may report now, highest score first.
	WaitingItems(ctx context.Context, alert string, now time.Time, limit int) ([]Item, error)
	// ItemsOf returns the items of a delivery, in the same order, and the total for each event.
	ItemsOf(ctx context.Context, key string, limit int) (list []Item, all map[Event]int, err error)
	// WalkItems returns the items of a delivery in an order of its own, after the last of the previous
	// call, 0 at first.
	WalkItems(ctx context.Context, key string, after int64, limit int) (list []Item, last int64, err error)
	// TakeBack removes items from a delivery: those of gone are forgotten, those of later wait until they
	// are Ready.
	TakeBack(ctx context.Context, gone, later []Item) error

	// SentSince summarises an alert's deliveries, and counts those after a given time.
	SentSince(ctx context.Context, alert string, after time.Time) (Sent, error)
	// Deliver begins a delivery of everything that its alert may report at d.Created, except the items
	// taken back. begun is false if there is nothing, or if the alert has changed.
	Deliver(ctx context.Context, d Delivery, gone, later []Item) (begun bool, err error)
	// DeliverReport begins the delivery of a report, once for each period of a schedule.
	DeliverReport(ctx context.Context, d Delivery) error
	// DeliverReportNow begins a delivery that a person asks for, even if the period was delivered before.
	// It returns store.ErrNotFound for a schedule that does not exist or is disabled, and ErrReportWaits if
	// one of its reports is still pending.
	DeliverReportNow(ctx context.Context, by store.Signed, d Delivery) error
	// LogDelivery adds a delivery to the log that is already settled.
	LogDelivery(ctx context.Context, d Delivery) error
	// DueChannels returns the channels with deliveries due; DueDelivery returns a channel's delivery that
	// has been due longest.
	DueChannels(ctx context.Context, now time.Time) ([]string, error)
	DueDelivery(ctx context.Context, channel string, now time.Time) (Delivery, error)
	// PutOff records Since, Next, Attempts and Problem of a pending delivery. Nothing else is sent to its
	// channel before until, if that is set.
	PutOff(ctx context.Context, d Delivery, until time.Time) error
	// SettleDelivery records the end of a pending delivery. Items of a delivered one have been reported;
	// those of a dropped one wait again; a failed one keeps them.
	SettleDelivery(ctx context.Context, d Delivery) error
	// ExpireDeliveries removes the deliveries settled before a given time. Their items are not reported
	// again.
	ExpireDeliveries(ctx context.Context, before time.Time) error
}
