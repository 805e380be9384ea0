package fetch

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// book is a Turns that gives prepared answers one after the other, and repeats the last.
type book struct {
	answers []Booked
	err     error
	asked   []Turn
	ended   []time.Duration // the rest given with each
}

func (b *book) Book(_ context.Context, t Turn) (Booked, error) {
	b.asked = append(b.asked, t)
	answer := b.answers[0]
	if len(b.answers) > 1 {
		b.answers = b.answers[1:]
	}
	return answer, b.err
}

func (b *book) End(_ context.Context, _ string, rest time.Duration) error {
	b.ended = append(b.ended, rest)
	return nil
}

func shared(b *book) *pacer {
	p := newPacer(time.Now)
	p.turns, p.longest, p.log = b, time.Minute, slog.New(slog.DiscardHandler)
	return p
}

// TestShare: a request waits for its turn, a busy host is looked at again, and the turn's end
// reports how long the host rests as far as this process knows.
func TestShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &book{answers: []Booked{{Busy: true}, {Busy: true}, {Pause: 3 * time.Second, Ends: true}}}
		p := shared(b)
		began := time.Now()
		leave, err := p.enter(t.Context(), "a", 2*time.Second)
		if took := time.Since(began); err != nil || took != firstBusy+2*firstBusy+3*time.Second {
			t.Errorf("the turn came after %s, %v", took, err)
		}
		time.Sleep(500 * time.Millisecond)
		p.postpone("a", 5*time.Second)
		leave()
		leave()
		if len(b.asked) != 3 || b.asked[0] != (Turn{Host: "a", Interval: 2 * time.Second, Most: maxWait, For: time.Minute + turnMargin + 2*time.Second}) {
			t.Errorf("asked for %+v", b.asked)
		}
		if len(b.ended) != 1 || b.ended[0] != 5*time.Second || len(p.busy) != 0 {
			t.Errorf("rests %v, %d gates are left", b.ended, len(p.busy))
		}
	})
}

// TestShareRefuses: if a host stays busy, a turn is too far away or booking fails, no request is made,
// and the host is not blamed. A booked turn is ended when the wait for it is cancelled.
func TestShareRefuses(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]*book{
		"busy": {answers: []Booked{{Busy: true}}}, "far": {answers: []Booked{{Pause: maxWait + time.Second}}},
		"broken": {answers: []Booked{{}}, err: errors.New("no connection")},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := shared(b)
			var paused *pausedError
			if _, err := p.enter(t.Context(), "a", time.Second); !errors.As(err, &paused) {
				t.Errorf("%s: %v", name, err)
			}
			if len(p.busy) != 0 || len(b.ended) != 0 {
				t.Errorf("%s: %d gates are left, %d turns ended", name, len(p.busy), len(b.ended))
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		b := &book{answers: []Booked{{Pause: time.Minute, Ends: true}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := shared(b).enter(ctx, "a", time.Second); !errors.Is(err, context.DeadlineExceeded) || len(b.ended) != 1 {
			t.Errorf("%v, %d turns ended", err, len(b.ended))
		}
	})
}

// TestLeased: the first request of a visit uses the turn of its lease, if it comes soon. All others
// are booked as the visit's own, except those to other hosts.
func TestLeased(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &book{answers: []Booked{{}}}
		p := shared(b)
		enter := func(ctx context.Context, host string) {
			leave, err := p.enter(ctx, host, time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			leave()
		}
		ctx := Leased(t.Context(), "a")
		enter(ctx, "a")
		if len(b.asked) != 0 {
			t.Errorf("the first request was booked twice: %+v", b.asked)
		}
		enter(ctx, "a")
		enter(ctx, "b")
		late := Leased(t.Context(), "c")
		time.Sleep(soon)
		enter(late, "c")
		var got []bool
		for _, turn := range b.asked {
			got = append(got, turn.Leased)
		}
		if len(got) != 3 || !got[0] || got[1] || !got[2] {
			t.Errorf("asked for %+v", b.asked)
		}
	})
}
