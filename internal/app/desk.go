package app

import (
	"context"
	"errors"
	"log/slog"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/store"
)

// newDesk returns the desk over the folder.
func newDesk(a *App) (*desk.Desk, error) {
	return desk.New(desk.Options{
		Store: a.Folder.Review, Account: a.Folder.account, Mask: mask.String, Sample: desk.DefaultSample,
		Rules: func() string { return a.rules.Load().Name },
	})
}

// account returns an account for the desk.
func (f *Folder) account(ctx context.Context, name string) (qianshao.Account, error) {
	record, err := f.Store.Account(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		err = desk.ErrNotFound
	}
	return record.Account, err
}

// workOnBatches works on what people have ordered for many findings, until ctx ends; first
// on what a dead process has left.
func (a *App) workOnBatches(ctx context.Context) {
	a.Desk.Work(ctx, func(err error) { a.opts.Log.Error("a batch is not done yet; tried again", "error", err) })
}

// seenBatch findings are filled in one transaction.
const seenBatch = 500

// fillSeen says of findings that an older program has saved what they show. It may be
// interrupted, and goes on when the folder is next opened.
func fillSeen(ctx context.Context, db *Store, log *slog.Logger) error {
	for done := 0; ; {
		list, err := db.Unseen(ctx, seenBatch)
		if err != nil || len(list) == 0 {
			return err
		}
		if done == 0 {
			log.Info("an older version has saved the findings; what they show is noted once, for people's verdicts to be about")
		}
		for i := range list {
			list[i].Seen = desk.Seen(list[i].Evidence, fold.String)
		}
		if err := db.PutSeen(ctx, list); err != nil {
			return err
		}
		if done += len(list); len(list) < seenBatch {
			log.Info("noted", "findings", done)
			return nil
		}
	}
}
