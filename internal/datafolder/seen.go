package datafolder

import (
	"context"
	"log/slog"

	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/desk"
)

// seenBatch is how many findings are filled in one transaction.
const seenBatch = 500

// fillSeen sets the Seen of findings that an older version saved. If it is interrupted, it
// continues when the folder is next opened.
func fillSeen(ctx context.Context, db *Store, log *slog.Logger) error {
	for done := 0; ; {
		list, err := db.Unseen(ctx, seenBatch)
		if err != nil || len(list) == 0 {
			return err
		}
		if done == 0 {
			log.Info("findings were saved by an older version: recording once what each shows, so that verdicts can refer to it")
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
