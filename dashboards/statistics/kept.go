package statistics

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/qianshao/qianshao/report"
)

// Bounds of the reports that are kept.
const (
	// maxKept is how many reports are kept or being made, each of some 50 kB: enough for a few
	// people who look at several periods.
	maxKept = 32
	// maxAge is how old a report may be and still be shown; the page says when it was made.
	maxAge = 10 * time.Minute
	// maxMaking bounds the time to make a report: a year with a million findings takes a minute.
	maxMaking = 5 * time.Minute
	// patience is how long a page waits for a report before it says that it is being made.
	patience = 100 * time.Millisecond
	// filePatience is how long the export as a file waits: most of a request's time, leaving enough
	// for sending it.
	filePatience = 15 * time.Second
	// abandoned is the time after which nobody is waiting for a report any more: a page reloads
	// every two seconds, a file waits for filePatience. If a reader pages through the weeks of a
	// year, only the last one is still wanted.
	abandoned = filePatience + 5*time.Second
)

// errMaking says that a report is not ready yet.
var errMaking = errors.New("the report is being made")

// kept are the reports that were made recently, and those that are being made.
type kept struct {
	make    func(context.Context, report.Query) (*report.Report, error)
	now     func() time.Time
	closing <-chan struct{}
	turn    chan struct{} // held while a report is made: all of them read the same rows

	mu   sync.Mutex
	list map[string]*making
}

// making is a report that is being made or, once done is closed, is ready. A finished report does
// not change.
type making struct {
	done   chan struct{}
	report *report.Report
	err    error
	at     time.Time // when it was first requested
	used   time.Time // when it was last requested
}

func newKept(produce func(context.Context, report.Query) (*report.Report, error), now func() time.Time, closing <-chan struct{}) *kept {
	return &kept{make: produce, now: now, closing: closing, turn: make(chan struct{}, 1), list: map[string]*making{}}
}

// key identifies a query by everything that affects the report, above all the sight: accounts with
// the same sight share reports.
func key(q *report.Query) string {
	ids := slices.Sorted(slices.Values(q.Sight.Authorisations))
	text, _ := json.Marshal([]any{q.Sight.All, ids, q.Authorisation, q.Period.Kind, q.Period.From.Unix(), q.Period.To.Unix(), q.Period.Zone.String()}) // they are all strings, numbers and booleans, so this cannot fail
	return string(text)
}

// get returns the report of a query, which may not be ready yet; nil if too many are being made.
func (k *kept) get(q report.Query) *making {
	k.mu.Lock()
	defer k.mu.Unlock()
	id, now := key(&q), k.now()
	if m := k.list[id]; m != nil && (!m.isDone() || now.Sub(m.at) < maxAge) {
		m.used = now
		return m
	}
	if delete(k.list, id); len(k.list) >= maxKept && !k.dropOldest() {
		return nil
	}
	m := &making{done: make(chan struct{}), at: now, used: now}
	k.list[id] = m
	go k.work(id, m, q)
	return m
}

// dropOldest drops the report that was requested the longest ago; it returns false if somebody is
// waiting for each of them.
func (k *kept) dropOldest() bool {
	oldest, now := "", k.now()
	for id, m := range k.list {
		if (m.isDone() || m.isAbandoned(now)) && (oldest == "" || m.used.Before(k.list[oldest].used)) {
			oldest = id
		}
	}
	delete(k.list, oldest)
	return oldest != ""
}

// isWanted says whether somebody is still waiting for a report when its turn has come.
func (k *kept) isWanted(id string, m *making) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.list[id] == m && !m.isAbandoned(k.now())
}

// work makes a report when its turn has come. A failure is passed to those who are waiting, and not
// kept.
func (k *kept) work(id string, m *making, q report.Query) {
	ctx, cancel := context.WithTimeout(context.Background(), maxMaking)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-k.closing:
			cancel()
		case <-stop:
		}
	}()
	select {
	case k.turn <- struct{}{}:
		if m.err = errMaking; k.isWanted(id, m) {
			m.report, m.err = k.make(ctx, q)
		}
		<-k.turn
	case <-ctx.Done():
		m.err = ctx.Err()
	}
	if m.err != nil {
		k.mu.Lock()
		if k.list[id] == m {
			delete(k.list, id)
		}
		k.mu.Unlock()
	}
	close(m.done)
}

func (m *making) isDone() bool {
	select {
	case <-m.done:
		return true
	default:
		return false
	}
}

// isAbandoned says whether nobody is waiting for it any more; the caller must hold kept.mu.
func (m *making) isAbandoned(now time.Time) bool { return now.Sub(m.used) > abandoned }

// wait returns the report, or errMaking if it is not ready in time.
func (m *making) wait(ctx context.Context, most time.Duration) (*report.Report, error) {
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-m.done:
		return m.report, m.err
	case <-late.C:
		return nil, errMaking
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
