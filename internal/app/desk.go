package app

import (
	"context"

	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/desk"
)

// newDesk returns the desk over the folder.
func newDesk(a *App) (*desk.Desk, error) {
	return desk.New(desk.Options{
		Store: a.Folder.Review, Account: a.Folder.Account, Mask: mask.String, Sample: a.Folder.Accounts.SecondReviewShare,
		Rules: func() string { return a.rules.Load().Name },
	})
}

// workOnBatches works on what people have ordered for many findings, until ctx ends; first
// on what a dead process has left.
func (a *App) workOnBatches(ctx context.Context) {
	a.Desk.Work(ctx, func(err error) { a.opts.Log.Error("a batch is not done yet; tried again", "error", err) })
}
