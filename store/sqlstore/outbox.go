package sqlstore

import (
	"context"
	"time"

	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/notices"
	"github.com/qianshao/qianshao/store/sqlstore/outbox"
)

// Pending returns the changed findings that a consumer has yet to process, in the order of their last
// change, after a Seq, at most limit.
func (s *Store) Pending(ctx context.Context, c store.Consumer, after int64, limit int) ([]store.Pending, error) {
	return outbox.Pending(ctx, s.db, c, after, limit)
}

// Settle records that a consumer has processed findings. A finding changed since Pending returned it stays
// pending. What the index has processed is handed over to the consumer of notices, once if several
// processes have done it.
func (s *Store) Settle(ctx context.Context, c store.Consumer, told []store.Pending) error {
	if len(told) == 0 {
		return nil
	}
	return s.db.Update(ctx, database.Ordered, "settle the outbox of", func(tx *database.Tx) error {
		settled, err := outbox.Settle(ctx, tx, c, told)
		if err != nil || c != store.ConsumerIndex {
			return err
		}
		return notices.HandOver(ctx, tx, settled, time.Now())
	})
}

// Backlog returns how much a consumer has yet to process.
func (s *Store) Backlog(ctx context.Context, c store.Consumer) (store.Backlog, error) {
	return outbox.Backlog(ctx, s.db, c)
}
