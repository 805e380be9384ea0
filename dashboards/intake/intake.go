// Package intake takes submissions, that is pages that somebody reports, from the console's form
// and from the API, and passes them to the function that queues them.
package intake

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

const (
	// MaxBody bounds the body of a submission, in bytes: the longest address that is followed, and
	// a category.
	MaxBody = 16 << 10
	// Rate and Burst bound the submissions of all clients together, a second and at once: a portal
	// passes reports on one by one, a script sends them in batches.
	Rate  = 20
	Burst = 200
)

// Submit queues a page if an authorisation covers it, and returns the resulting submission. The
// submitter is told about errors that wrap qianshao.ErrBadURL, store.ErrTooManyWaiting,
// store.ErrTooManyQueued or store.ErrTooManyOfOrigin. report has no time yet; its By and Origin say
// who submits it, and by which way.
type Submit func(ctx context.Context, report store.Report) (qianshao.Submission, error)

// FromForm is the origin of submissions from the console's form, if the account sees everything.
const FromForm = "form"

// Origin is the origin of an account's submissions. For an account that sees everything, it is the
// way they took, FromForm or the result of FromAPI. Any other account is an origin of its own, and
// reads only its own reports while they wait.
func Origin(who qianshao.Account, way string) string {
	if who.Sight.All {
		return way
	}
	return fromAccount(who.Name)
}

func fromAccount(name string) string { return "account " + name }

// Reader is the account as a reader of reports.
func Reader(who qianshao.Account) store.Reader {
	if who.Sight.All {
		return store.Everything()
	}
	return store.Reader{Sight: who.Sight, Origin: fromAccount(who.Name)}
}

// Senders are recorded by network: a block of 256 IPv4 addresses, or the IPv6 addresses that one
// customer of a provider has. That tells one portal from another without identifying a machine.
const (
	networkBits4 = 24
	networkBits6 = 48
)

// FromAPI is the origin of a program's submissions, by the address that they come from. Submissions
// from this machine, or through a proxy on it, have no network.
func FromAPI(remoteAddr string) string {
	const api = "api"
	from, err := netip.ParseAddrPort(remoteAddr)
	if err != nil || from.Addr().Unmap().IsLoopback() {
		return api
	}
	ip, bits := from.Addr().Unmap().WithZone(""), networkBits6
	if ip.Is4() {
		bits = networkBits4
	}
	network, err := ip.Prefix(bits)
	if err != nil {
		return api
	}
	return api + " " + network.String()
}

// Intake takes submissions. It is safe for concurrent use.
type Intake struct {
	submit  Submit
	limiter *rate.Limiter
	now     func() time.Time
	log     *slog.Logger
}

// New returns an intake that passes submissions to submit.
func New(submit Submit, now func() time.Time, log *slog.Logger) *Intake {
	return &Intake{submit: submit, limiter: rate.NewLimiter(Rate, Burst), now: now, log: log}
}

// Refusal says why a submission was not taken.
type Refusal struct {
	Status int // HTTP status
	// Code is stable: bad_category, bad_url, too_many_reports, too_many_waiting,
	// too_many_queued, too_many_of_origin or internal.
	Code    string
	Message string // for programs
}

// Take passes on what an account submits. way is FromForm or the result of FromAPI; category may be
// empty.
func (in *Intake) Take(ctx context.Context, who qianshao.Account, way, url, category string) (qianshao.Submission, *Refusal) {
	var suspected qianshao.Category
	if category != "" {
		var err error
		if suspected, err = qianshao.ParseCategory(category); err != nil {
			return qianshao.Submission{}, &Refusal{http.StatusBadRequest, "bad_category", err.Error()}
		}
	}
	if !in.limiter.AllowN(in.now(), 1) {
		return qianshao.Submission{}, &Refusal{http.StatusTooManyRequests, "too_many_reports", "too many reports at once; wait a little"}
	}
	submission, err := in.submit(ctx, store.Report{URL: url, Suspected: suspected, By: who.Name, Origin: Origin(who, way)})
	switch {
	case err == nil:
		return submission, nil
	case errors.Is(err, qianshao.ErrBadURL):
		return submission, &Refusal{http.StatusBadRequest, "bad_url", err.Error() + "; write it whole, as https://school.example/page.html"}
	case errors.Is(err, store.ErrTooManyWaiting):
		return submission, &Refusal{http.StatusServiceUnavailable, "too_many_waiting", store.ErrTooManyWaiting.Error()}
	case errors.Is(err, store.ErrTooManyQueued):
		return submission, &Refusal{http.StatusServiceUnavailable, "too_many_queued", store.ErrTooManyQueued.Error()}
	case errors.Is(err, store.ErrTooManyOfOrigin):
		return submission, &Refusal{http.StatusTooManyRequests, "too_many_of_origin", store.ErrTooManyOfOrigin.Error()}
	}
	in.log.Error("a report was not taken", "error", err)
	return submission, &Refusal{http.StatusInternalServerError, "internal", "the report was not taken; the server's log has the cause"}
}
