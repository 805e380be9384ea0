package notify

import (
	"context"
	"time"

	"github.com/qianshao/qianshao/store"
)

// Sent is what is known of the messages of an alert. Those that were dropped told nothing and
// do not count.
type Sent struct {
	// Count is how many were begun after some moment, Last when the last of all was.
	Count int
	Last  time.Time
	// Pending says that one is on its way.
	Pending bool
}

// Store is the part of the truth that the engine needs.
type Store interface {
	// Pending returns the findings of which the consumer was not told yet, in their order, after a Seq.
	Pending(ctx context.Context, c store.Consumer, after int64, limit int) ([]store.Pending, error)
	// SavedView returns a view; it, Channel, Alert, Schedule and DueDelivery return store.ErrNotFound
	// for what is not there.
	SavedView(ctx context.Context, id string) (store.SavedView, error)

	Channels(ctx context.Context) ([]Channel, error)
	Channel(ctx context.Context, id string) (Channel, error)
	Alerts(ctx context.Context) ([]Alert, error)
	Alert(ctx context.Context, id string) (Alert, error)
	// SetObstacle notes why an alert sends nothing, "" if it can.
	SetObstacle(ctx context.Context, alert string, why Obstacle) error
	// SetBack sets an alert's Created and Looked to a moment where they are later.
	SetBack(ctx context.Context, alert string, now time.Time) error
	Schedules(ctx context.Context) ([]Schedule, error)
	Schedule(ctx context.Context, id string) (Schedule, error)

	// Facts returns what is known, at a moment, of those of the findings that exist.
	Facts(ctx context.Context, ids []string, now time.Time) ([]Fact, error)
	// Overdue returns the findings that have become overdue after one moment, or at it and behind a
	// finding's id, and up to another, in the order of that and their ids, at most limit.
	Overdue(ctx context.Context, from, to time.Time, behind string, limit int) ([]Fact, error)
	// NoteItems notes what is to be told, unless it was before, and that the consumer was told of
	// findings, in one transaction. Items of findings and alerts that are not there are passed over.
	NoteItems(ctx context.Context, items []Item, told []store.Pending) error
	// NoteOverdue notes overdue findings of an alert likewise, and its Looked.
	NoteOverdue(ctx context.Context, alert string, items []Item, looked time.Time) error
	// WaitingItems returns what an alert may tell of at a moment, that of the highest score first.
	WaitingItems(ctx context.Context, alert string, now time.Time, limit int) ([]Item, error)
	// ItemsOf returns what a delivery tells of, in the same order, and how much of each event it
	// is in all.
	ItemsOf(ctx context.Context, key string, limit int) (list []Item, all map[Event]int, err error)
	// WalkItems returns what a delivery tells of in an order of its own, after a number that the
	// call before has returned as last, 0 at first.
	WalkItems(ctx context.Context, key string, after int64, limit int) (list []Item, last int64, err error)
	// TakeBack takes items out of what is to be told: gone are forgotten, later wait until their Ready.
	TakeBack(ctx context.Context, gone, later []Item) error

	// SentSince says what of an alert was sent; those after a moment are counted.
	SentSince(ctx context.Context, alert string, after time.Time) (Sent, error)
	// Deliver begins a delivery of all that its alert may tell of at d.Created, but for what is
	// taken back. begun is false if there is nothing, or the alert is another one now.
	Deliver(ctx context.Context, d Delivery, gone, later []Item) (begun bool, err error)
	// DeliverReport begins the delivery of a report, once for each period of a schedule.
	DeliverReport(ctx context.Context, d Delivery) error
	// DeliverReportNow begins one that a person asks for, whether the period was delivered or not. It
	// is store.ErrNotFound for a schedule that is not there or is disabled, and ErrReportWaits if one
	// of its reports is on its way.
	DeliverReportNow(ctx context.Context, by store.Signed, d Delivery) error
	// LogDelivery adds a delivery that is settled, for the log.
	LogDelivery(ctx context.Context, d Delivery) error
	// DueChannels returns the channels for which a delivery is due; DueDelivery the delivery of
	// one that has been due for longest.
	DueChannels(ctx context.Context, now time.Time) ([]string, error)
	DueDelivery(ctx context.Context, channel string, now time.Time) (Delivery, error)
	// PutOff notes Since, Next, Attempts and Problem of a pending delivery. until, if it is set, is a
	// moment before which nothing else is to be sent to its channel.
	PutOff(ctx context.Context, d Delivery, until time.Time) error
	// SettleDelivery notes what has become of a pending delivery. What a delivered one has told of
	// is told; of one that was dropped it waits again; a failed one keeps it.
	SettleDelivery(ctx context.Context, d Delivery) error
	// ExpireDeliveries removes the deliveries that were settled before a moment. Their items are
	// not told again.
	ExpireDeliveries(ctx context.Context, before time.Time) error
}
