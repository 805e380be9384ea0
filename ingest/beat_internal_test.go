package ingest

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// distant is a frontier whose database is an hour ahead, and takes a while to answer.
type distant struct {
	Frontier
	there, back time.Duration
}

const distantAhead = time.Hour

func (d *distant) Clock(context.Context) (time.Time, error) {
	time.Sleep(d.there)
	at := time.Now().Add(distantAhead)
	time.Sleep(d.back)
	return at, nil
}

// TestClockIsBounded: a leased item is due, and a rest that is over has passed, by the database's
// clock too, however long question and answer take.
func TestClockIsBounded(t *testing.T) {
	t.Parallel()
	for _, d := range []distant{{nil, 0, 0}, {nil, 2 * time.Second, 0}, {nil, 0, 2 * time.Second}, {nil, time.Second, time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			var c clock
			if err := c.set(t.Context(), &d); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				at := time.Now().Add(distantAhead)
				if now, latest := c.now(), c.latest(); now.After(at) || latest.Before(at) || latest.Sub(now) != d.there+d.back {
					t.Errorf("%+v: from %s to %s at %s", d, now, latest, at)
				}
				time.Sleep(time.Minute)
			}
		})
	}
}

// TestHeld: an outcome whose lease has expired does not stop the beat for the next lease of its host.
func TestHeld(t *testing.T) {
	t.Parallel()
	h := held{urls: map[string]string{}}
	first, second := Item{Host: "a", URL: "http://a/1"}, Item{Host: "a", URL: "http://a/2"}
	h.add(first)
	h.add(second)
	if h.drop(first); !slices.Equal(h.list(), []string{"a"}) {
		t.Errorf("held %q while its second item is visited", h.list())
	}
	if h.drop(second); len(h.list()) > 0 {
		t.Errorf("held %q after all", h.list())
	}
}
