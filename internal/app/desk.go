package app

import (
	"context"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// newDesk returns the desk of the folder.
func newDesk(a *App) (*desk.Desk, error) {
	return desk.New(desk.Options{
		Store: wakingReview{a.Folder.Review, a.feeder.wake}, Account: a.Folder.Account, Mask: mask.String, Sample: a.Folder.Accounts.SecondReviewShare,
		Rules: func() string { return a.rules.Load().Name },
	})
}

// wakingReview wakes the feeder when somebody has acted, so that acts can be searched as soon as
// the crawl's findings.
type wakingReview struct {
	*datafolder.Review
	wake func()
}

// Do calls the store's Do.
func (r wakingReview) Do(ctx context.Context, q desk.Question, judge func(*desk.State) (desk.Change, error)) (qianshao.Act, error) {
	act, err := r.Review.Do(ctx, q, judge)
	if err == nil && act.Seq != 0 {
		r.wake()
	}
	return act, err
}

// Step calls the store's Step.
func (r wakingReview) Step(ctx context.Context, id int64, limit int, now time.Time, judge func(*desk.Batch, []desk.MemberState) ([]desk.Outcome, error)) (more bool, err error) {
	more, err = r.Review.Step(ctx, id, limit, now, judge)
	r.wake()
	return more, err
}

// workOnBatches carries out acts on many findings at a time, until ctx ends. It begins with batches
// that a previous process left unfinished.
func (a *App) workOnBatches(ctx context.Context) {
	a.Desk.Work(ctx, func(err error) { a.opts.Log.Error("a batch failed; trying again", "error", err) })
}
