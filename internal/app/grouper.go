package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// groupPause is how long the grouper waits for more changes, so that the findings of one page, and
// of pages that are fetched at the same time, share a transaction. It is shorter than feedPause, so
// that most findings are indexed only once, together with their campaigns.
const groupPause = 200 * time.Millisecond

// grouper puts findings into campaigns when they change, and brings parked findings back when their
// day has come.
type grouper struct {
	review *datafolder.Review
	log    *slog.Logger
	// grouped is called when findings have changed campaigns or have come back.
	grouped func()
	signal
}

func newGrouper(review *datafolder.Review, grouped func(), log *slog.Logger) *grouper {
	return &grouper{review: review, grouped: grouped, log: log, signal: make(signal, 1)}
}

// run groups until ctx ends.
func (g *grouper) run(ctx context.Context) {
	tick := time.NewTicker(feedInterval)
	defer tick.Stop()
	var pause time.Duration
	for more := true; more; {
		if pause = desk.Rest(ctx, g.group(ctx), pause); pause == 0 || ctx.Err() != nil {
			more = g.wait(ctx, tick.C, groupPause)
		}
	}
}

// group handles all pending changes. A change that fails stays in the outbox and is tried again.
// failed says that one did, and that no other change could be handled.
func (g *grouper) group(ctx context.Context) (failed bool) {
	done := 0
	for _, step := range []func(context.Context) (int, error){g.review.Campaigns.GroupPending, g.review.Campaigns.WakeParked} {
		for n := 1; n > 0; {
			var err error
			if n, err = step(ctx); err != nil && ctx.Err() == nil {
				failed = true
				g.log.Error("changed findings are not grouped into campaigns yet; nothing is lost, trying again", "error", err)
			}
			done += n
		}
	}
	if done > 0 {
		g.grouped()
	}
	return failed && done == 0
}

// finish groups for the last time, within lastFeed.
func (g *grouper) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), lastFeed)
	defer cancel()
	g.group(ctx)
}
