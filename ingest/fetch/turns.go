package fetch

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/qianshao/qianshao/locales"
)

// Turns coordinates requests among all processes that fetch: no two of them send requests to a host
// at the same time, or within its interval of each other.
type Turns interface {
	// Book books the next turn at a host, unless it is busy or the turn is further away than
	// turn.Most.
	Book(ctx context.Context, turn Turn) (Booked, error)
	// End says that the request of a turn is over. The host gets no other request until rest has passed.
	End(ctx context.Context, host string, rest time.Duration) error
}

// Turn is the turn of one request.
type Turn struct {
	Host string
	// Interval is how long the host rests after the turn.
	Interval time.Duration
	// Most is the longest wait.
	Most time.Duration
	// For is how long the host is reserved if the request's end is never reported: as long as the
	// request may take, plus Interval.
	For time.Duration
	// Leased says that the request belongs to the visit that has leased the host. The lease itself
	// reserves the host if it lasts for at least For longer.
	Leased bool
}

// Booked is the result of booking a turn.
type Booked struct {
	// Busy says that another process is making a request to the host, or has leased it. Nothing was
	// booked.
	Busy bool
	// Pause is the time until the turn.
	Pause time.Duration
	// Ends says that the host is reserved until Turns.End.
	Ends bool
}

const (
	// turnMargin is what a request may take beyond its total time, to begin and to report its end.
	turnMargin = 15 * time.Second
	// endTime bounds the reporting of a turn's end. A turn whose end is not reported expires.
	endTime = 5 * time.Second
	// firstBusy and lastBusy are the shortest and the longest pause between two looks at a busy host.
	firstBusy = 20 * time.Millisecond
	lastBusy  = time.Second
	// busyWait is how long to wait for a host that stays busy. Two visits that have each leased a
	// host, and are redirected to the other's, would otherwise wait for ever.
	busyWait = 30 * time.Second
	// soon is how long after a lease the turn that comes with it may be used. Later, the lease
	// could expire before the request and the host's rest are over.
	soon = 200 * time.Millisecond
)

// leaseKey is the key of a context's *leased.
type leaseKey struct{}

// leased is a visit that has leased a host.
type leased struct {
	host string
	at   time.Time
	used atomic.Bool // whether the turn that comes with the lease was used
}

// Leased returns a context for the requests of a visit that has just leased a host. The lease
// has booked the first of them.
func Leased(ctx context.Context, host string) context.Context {
	return context.WithValue(ctx, leaseKey{}, &leased{host: host, at: time.Now()})
}

// leaseOf returns the visit that ctx belongs to, if it has leased the host; else nil.
func leaseOf(ctx context.Context, host string) *leased {
	if l, ok := ctx.Value(leaseKey{}).(*leased); ok && l.host == host {
		return l
	}
	return nil
}

// share books a turn among all processes and waits for it. The caller calls end when
// the request is over.
func (p *pacer) share(ctx context.Context, host string, interval time.Duration) (end func(), err error) {
	end = func() {}
	if p.turns == nil {
		return end, nil
	}
	lease := leaseOf(ctx, host)
	if lease != nil && !lease.used.Swap(true) && time.Since(lease.at) < soon {
		return end, nil
	}
	if pause := p.pause(host); pause > maxWait {
		return end, &pausedError{pause: pause}
	}
	booked, err := p.turn(ctx, Turn{Host: host, Interval: interval, Most: maxWait, For: p.longest + turnMargin + interval, Leased: lease != nil})
	if err != nil {
		return end, err
	}
	if booked.Ends {
		end = func() { p.end(ctx, host) }
	}
	return end, sleep(ctx, booked.Pause)
}

// turn books a turn, and waits where the host is busy.
func (p *pacer) turn(ctx context.Context, turn Turn) (Booked, error) {
	began, poll := time.Now(), firstBusy
	for {
		booked, err := p.turns.Book(ctx, turn)
		switch {
		case ctx.Err() != nil:
			return booked, ctx.Err()
		case err != nil: // not the host's fault
			return booked, &pausedError{err: locales.Errorf("unfetched.turn", err)}
		case !booked.Busy && booked.Pause > turn.Most:
			return booked, &pausedError{pause: booked.Pause}
		case !booked.Busy:
			return booked, nil
		case time.Since(began) > busyWait:
			return booked, &pausedError{err: locales.Errorf("unfetched.busy", busyWait)}
		}
		if err := sleep(ctx, poll); err != nil {
			return booked, err
		}
		poll = min(2*poll, lastBusy)
	}
}

// end reports that the request of a turn is over, and how long the host rests as far as this process
// knows.
func (p *pacer) end(ctx context.Context, host string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	if err := p.turns.End(ctx, host, p.pause(host)); err != nil {
		p.log.Warn("the end of a request was not recorded in the frontier; its host is visited again later", "host", host, "error", err)
	}
}

// sleep waits until pause has passed or ctx ends.
func sleep(ctx context.Context, pause time.Duration) error {
	if pause <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
