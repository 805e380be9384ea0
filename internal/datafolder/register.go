package datafolder

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// registerAge is how long a change of the register may take to be noticed by a
// running crawl. Expiry is checked at every request.
const registerAge = 10 * time.Second

// Register is the authorisations in force as the store has them. If they cannot
// be read, nothing is authorised. It is safe for concurrent use.
type Register struct {
	store *Store
	log   *slog.Logger

	mu    sync.Mutex
	scope *ingest.Scope
	read  time.Time
}

// Scope returns the register, read anew when it is older than registerAge.
func (r *Register) Scope() *ingest.Scope {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.scope != nil && time.Since(r.read) < registerAge {
		return r.scope
	}
	// The fetcher asks in the middle of a request and has no context to hand in.
	scope, err := r.Read(context.Background())
	if err != nil {
		r.log.Error("the register of authorisations cannot be read; nothing is fetched", "error", err)
		scope = &ingest.Scope{}
	}
	r.scope, r.read = scope, time.Now()
	return scope
}

// Forget makes the next Scope read the register anew: what has ended gets no request from
// then on.
func (r *Register) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scope = nil
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
