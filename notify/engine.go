package notify

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/index"
)

// The intervals of the engine.
const (
	// interval is how often it checks for due work without being woken.
	interval = 5 * time.Second
	// pauseAwake is how long it waits after being woken, as a crawl wakes it three times a second.
	pauseAwake = time.Second
	// overdueInterval is how often it searches for findings that have become overdue: they have waited for
	// hours.
	overdueInterval = time.Minute
	// expireInterval is how often it removes deliveries that are older than Kept.
	expireInterval = time.Hour
)

// Kept is how long settled deliveries stay in the log.
const Kept = 90 * 24 * time.Hour

// Options configure an engine. All but Report, Count, Now and Log are required.
type Options struct {
	Store Store
	// Find returns those of the findings that an account's query finds, in any order. The error is an
	// *index.SyntaxError for a query that cannot be parsed.
	Find func(ctx context.Context, account qianshao.Account, query string, ids []string) ([]index.Hit, error)
	// Account returns an account in its present state, or store.ErrNotFound.
	Account func(ctx context.Context, name string) (qianshao.Account, error)
	// Send sends a message, once. An attempt that was refused is a *SendError.
	Send func(ctx context.Context, c Channel, m Message) error
	// Report makes the report of a schedule as the account may see it; nil means that there are no reports.
	Report func(ctx context.Context, s Schedule, account qianshao.Account, from, to time.Time) (*Attached, error)
	// ConsoleURL is the console's own address; "" if it is not set.
	ConsoleURL func(ctx context.Context) (string, error)
	// Zone is the operator's time zone, for quiet hours and periods.
	Zone *time.Location
	// Count receives the outcome of each attempt to deliver, for metrics: Pending if there will be another
	// attempt. Tests are not counted. Optional.
	Count func(kind Kind, outcome State)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log receives failures; nil discards them.
	Log *slog.Logger
}

// Engine sends messages to people. It is safe for concurrent use; one engine works on a store at a time.
type Engine struct {
	opts Options
	wake chan struct{} // there is something to do

	rounds   sync.Mutex // held during a round
	expired  time.Time  // when old deliveries were last removed
	gathered time.Time  // when the last gathered findings may be reported

	// making is held while a report is made: at eight on the first of a month all schedules are due, and
	// each reads every finding of the month.
	making chan struct{}

	mu sync.Mutex
	// busy has the channels that have a worker, each with a channel that is closed when it ends.
	busy map[string]chan struct{}
	// unnoted are the deliveries, by key, whose last result the store could not record, for instance
	// because of a full disk. It is recorded before they are next sent.
	unnoted map[string]Delivery
}

// NewEngine returns an engine.
func NewEngine(opts Options) (*Engine, error) {
	if opts.Store == nil || opts.Find == nil || opts.Account == nil || opts.Send == nil || opts.ConsoleURL == nil || opts.Zone == nil {
		return nil, errors.New("notify: Store, Find, Account, Send, ConsoleURL and Zone are required")
	}
	if opts.Count == nil {
		opts.Count = func(Kind, State) {}
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Engine{opts: opts, wake: make(chan struct{}, 1), making: make(chan struct{}, 1), busy: map[string]chan struct{}{}, unnoted: map[string]Delivery{}}, nil
}

// Wake makes the engine look for work: findings have changed, or somebody has changed an alert or requested
// a retry.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default: // it will look in any case
	}
}

// Run sends messages until ctx ends, first those that a dead process left behind. It returns when nothing
// is being sent any more. An interrupted message is sent again, with the same key, by the next Run.
func (e *Engine) Run(ctx context.Context) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var pause time.Duration
	for ctx.Err() == nil {
		_, err := e.round(ctx)
		if err != nil && ctx.Err() == nil {
			e.opts.Log.Error("alerts are delayed; nothing is lost, trying again", "error", err)
		}
		if pause = desk.Rest(ctx, err != nil, pause); pause > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-e.wake:
			select {
			case <-ctx.Done():
			case <-time.After(pauseAwake):
			}
		}
	}
	e.await(e.working())
}

// Flush does all work that is due now, and returns when it is done.
func (e *Engine) Flush(ctx context.Context) error {
	before := e.working() // a worker that is about to end may miss new deliveries of this round
	e.await(before)
	started, err := e.round(ctx)
	e.await(started)
	return err
}

// Finish is Flush for a process that is about to end, such as a crawl run by cron: it also waits for
// findings that are still being gathered.
func (e *Engine) Finish(ctx context.Context) error {
	if err := e.Flush(ctx); err != nil {
		return err
	}
	e.rounds.Lock()
	wait := e.gathered.Sub(e.opts.Now())
	e.rounds.Unlock()
	if wait <= 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return e.Flush(ctx)
	}
}

// working returns the channels that are closed when the present workers end.
func (e *Engine) working() (list []chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ended := range e.busy {
		list = append(list, ended)
	}
	return list
}

func (e *Engine) await(workers []chan struct{}) {
	for _, ended := range workers {
		<-ended
	}
}

// round adds new items, begins the deliveries that are due, and starts the workers that send them. A part
// that fails does not stop the others.
func (e *Engine) round(ctx context.Context) (started []chan struct{}, err error) {
	e.rounds.Lock()
	defer e.rounds.Unlock()
	alerts, err := e.alerts(ctx)
	if err != nil {
		return nil, err
	}
	errs := []error{e.match(ctx, alerts)}
	for _, a := range alerts {
		if a.finds() {
			errs = append(errs, e.overdue(ctx, a), e.batch(ctx, a))
		}
	}
	errs = append(errs, e.schedule(ctx), e.expire(ctx))
	started, err = e.startWorkers(ctx)
	return started, errors.Join(append(errs, err)...)
}

// expire removes old deliveries.
func (e *Engine) expire(ctx context.Context) error {
	now := e.opts.Now()
	if !e.expired.IsZero() && now.Sub(e.expired) < expireInterval {
		return nil
	}
	err := e.opts.Store.ExpireDeliveries(ctx, now.Add(-Kept))
	if err == nil {
		e.expired = now
	}
	return err
}
