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
	// registerAge is how long a process works with the register without asking whether it has
	// changed. Expiry is checked at every request.
	registerAge = time.Second
	// settleTime is how long after a change the register as it was may still be worked with in
	// another process: a request that it has just permitted has yet to be begun.
	settleTime = 2 * registerAge
	// registerPatience is how long a register on a server that cannot be read is asked for again: a
	// standby takes over within seconds. registerPause lies between two tries.
	registerPatience = 15 * time.Second
	registerPause    = 100 * time.Millisecond
)

// Register is the authorisations in force as the store has them. If they cannot
// be read, nothing is authorised. It is safe for concurrent use.
type Register struct {
	store *Store
	log   *slog.Logger

	patience time.Duration // with a store that cannot be read

	mu    sync.Mutex
	scope *ingest.Scope
	known bool      // scope is as the store had it at mark
	mark  int64     // see Store.RegisterMark
	asked time.Time // before the store last answered
}

// errSlowRegister says that no answer was as fresh as it must be.
var errSlowRegister = fmt.Errorf("each answer took longer than %s, after which it no longer holds", registerAge)

// Scope returns the register as the store had it registerAge ago or later.
func (r *Register) Scope() *ingest.Scope {
	r.mu.Lock()
	defer r.mu.Unlock()
	for began := time.Now(); !r.fresh(); { // again where the answer took longer than it holds
		// The fetcher asks in the middle of a request and has no context to hand in.
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

// fresh says whether the register need not be asked for. Both clocks must say so: the monotonic
// one stands still while the machine sleeps, and the other one may be put back.
func (r *Register) fresh() bool {
	now := time.Now()
	since, byWall := now.Sub(r.asked), now.Round(0).Sub(r.asked.Round(0))
	return since < registerAge && byWall >= 0 && byWall < registerAge
}

// renew asks whether the register has changed, and reads it if so.
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

// Forget makes the next Scope read the register anew: what has ended gets no request from
// then on.
func (r *Register) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known, r.asked = false, time.Time{}
}

// RegisterChanged returns when nobody works with the register as it was before a change. Of a
// store in the folder that can be only the process that runs on it, if one does: commands read the
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

// Submit records the report of a page, at the time of the call. It is fetched when an authorisation of
// scope covers it, and otherwise waits for one. The error wraps qianshao.ErrBadURL,
// or one of those with which the store refuses a report, where it is one of these.
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

// QueueSubmissions puts the waiting reports that an authorisation covers by now
// into the frontier, and lets those go whose term is over; so it does with the answers
// that are kept for repeated requests to the API.
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
