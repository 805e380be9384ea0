package ingest

import (
	"context"
	"time"

	"github.com/qianshao/qianshao/ingest/fetch"
)

// Turn is a request for a host's next turn in a frontier.
type Turn struct {
	fetch.Turn
	Holder string
	Now    time.Time
}

// turns are the hosts' turns in a frontier, in the form that a fetcher asks for.
type turns struct {
	frontier Frontier
	holder   string
	now      func() time.Time
}

// NewTurns returns the hosts' turns in a frontier, for fetch.Options. The holder is that of the
// crawler for which the requests are made, or else another name.
func NewTurns(frontier Frontier, holder string, now func() time.Time) fetch.Turns {
	return &turns{frontier, holder, now}
}

func (t *turns) Book(ctx context.Context, turn fetch.Turn) (fetch.Booked, error) {
	return t.frontier.Turn(ctx, Turn{turn, t.holder, t.now()})
}

func (t *turns) End(ctx context.Context, host string, rest time.Duration) error {
	return t.frontier.EndTurn(ctx, t.holder, host, t.now(), rest)
}
