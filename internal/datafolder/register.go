package datafolder

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

const (
	// registerAge is how long a process uses the register without checking for changes. Whether an
	// authorisation has expired is checked at every request.
	registerAge = time.Second
	// settleTime is how long after a change another process may still use the former register: it
	// may have permitted a request that has not started yet.
	settleTime = 2 * registerAge
	// registerPatience is how long reading the register from a server is retried: a standby takes
	// over within seconds. registerPause is the pause between two tries.
	registerPatience = 15 * time.Second
	registerPause    = 100 * time.Millisecond
)

// Register is the authorisations in force, as the store has them. If they cannot be read, nothing
// is authorised. It is safe for concurrent use.
type Register struct {
	store *Store
	log   *slog.Logger

	patience time.Duration // how long an unreadable store is retried

	mu    sync.Mutex
	scope *ingest.Scope
	known bool      // scope is what the store had at mark
	mark  int64     // see Store.RegisterMark
	asked time.Time // before the store gave its last answer
}

// errSlowRegister means that no answer was recent enough.
var errSlowRegister = fmt.Errorf("each answer took longer than %s, and was out of date when it came", registerAge)

// Scope returns the register as it was in the store at most registerAge ago.
func (r *Register) Scope() *ingest.Scope {
	r.mu.Lock()
	defer r.mu.Unlock()
	for began := time.Now(); !r.fresh(); { // repeated if the answer took longer than it is valid
		// The fetcher calls this in the middle of a request and has no context to pass.
		err := r.renew(context.Background())
		if err == nil && !r.fresh() && time.Since(began) > registerPatience {
			err = errSlowRegister
		}
		if err != nil {
			r.log.Error("the register of authorisations cannot be read; nothing is fetched", "error", err)
			r.scope, r.known, r.asked = &ingest.Scope{}, false, time.Now()
			break
		}
	}
	return r.scope
}

// fresh reports whether the register need not be checked. It must be fresh by both clocks: the
// monotonic one stops while the machine sleeps, and the other one may be set back.
func (r *Register) fresh() bool {
	now := time.Now()
	since, byWall := now.Sub(r.asked), now.Round(0).Sub(r.asked.Round(0))
	return since < registerAge && byWall >= 0 && byWall < registerAge
}

// renew checks whether the register has changed, and reads it if so.
func (r *Register) renew(ctx context.Context) error {
	for until := time.Now().Add(r.patience); ; time.Sleep(registerPause) {
		asked := time.Now()
		mark, changed, err := r.store.RegisterMark(ctx, r.mark)
		if err == nil && r.known && !changed {
			r.mark, r.asked = mark, asked
			return nil
		}
		var list []qianshao.Authorisation
		if err == nil {
			list, err = r.store.Authorisations(ctx)
		}
		if err != nil && time.Now().Before(until) {
			continue
		}
		if err != nil {
			return err
		}
		scope, err := ingest.NewScope(list)
		if err == nil {
			r.scope, r.known, r.mark, r.asked = scope, true, mark, asked
		}
		return err
	}
}

// Forget makes the next Scope read the register again: an authorisation that was ended then gets no
// more requests.
func (r *Register) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known, r.asked = false, time.Time{}
}

// RegisterChanged returns once no process uses the register as it was before a change. If the store
// is in the folder, only the process that runs on the folder can still use it: commands read the
// register before each request.
func (f *Folder) RegisterChanged(ctx context.Context) error {
	f.Register.Forget()
	if f.runs && !f.opts.Backends.Store.Elsewhere() || f.opts.idle() {
		return nil
	}
	select {
	case <-time.After(settleTime):
		return nil
	case <-ctx.Done():
		return locales.Errorf("data.register_former", settleTime, context.Cause(ctx))
	}
}

// Read reads the register now.
func (r *Register) Read(ctx context.Context) (*ingest.Scope, error) {
	authorisations, err := r.store.Authorisations(ctx)
	if err != nil {
		return nil, err
	}
	return ingest.NewScope(authorisations)
}

// Submit records the report of a page, at the time of the call. The page is fetched if an
// authorisation of scope covers it. Otherwise the report waits for one. The error may wrap
// qianshao.ErrBadURL, or one of the store's errors for refused reports.
func (f *Folder) Submit(ctx context.Context, scope *ingest.Scope, report store.Report) (qianshao.Submission, error) {
	report.At = time.Now()
	item, skip, err := ingest.Place(scope, report.URL, report.At)
	if err != nil {
		return qianshao.Submission{}, err
	}
	report.URL = item.URL
	if skip != "" {
		return f.Store.Submit(ctx, report, nil, skip)
	}
	return f.Store.Submit(ctx, report, &item, "")
}

// QueueSubmissions moves waiting reports that an authorisation now covers into the frontier, and removes
// expired reports and expired answers to repeated API requests.
func (f *Folder) QueueSubmissions(ctx context.Context, scope *ingest.Scope) error {
	if err := f.Store.ExpireAnswers(ctx, time.Now()); err != nil {
		return err
	}
	if _, err := f.Store.ExpireSubmissions(ctx, time.Now()); err != nil {
		return err
	}
	urls, err := f.Store.WaitingSubmissions(ctx)
	if err != nil {
		return err
	}
	for _, url := range urls {
		item, skip, err := ingest.Place(scope, url, time.Now())
		if err != nil || skip != "" {
			continue
		}
		if err := f.Store.QueueSubmission(ctx, item); err != nil {
			return err
		}
	}
	return nil
}
