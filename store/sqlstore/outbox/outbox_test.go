package outbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/sqlstore/outbox"
)

// TestNumbersAreGivenAlone: whatever gives out numbers requires an exclusive transaction.
func TestNumbersAreGivenAlone(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, open databasetest.Open) {
		db := open(t)
		for name, note := range map[string]func(context.Context, *database.Tx) error{
			"changed": func(ctx context.Context, tx *database.Tx) error { return outbox.Changed(ctx, tx, "f", time.Now()) },
			"deleted": func(ctx context.Context, tx *database.Tx) error { return outbox.Deleted(ctx, tx, "f", time.Now()) },
			"reviewed": func(ctx context.Context, tx *database.Tx) error {
				return outbox.Reviewed(ctx, tx, []string{"f"}, time.Now())
			},
			"all": func(ctx context.Context, tx *database.Tx) error {
				return outbox.NoteAll(ctx, tx, store.ConsumerIndex, time.Now())
			},
		} {
			for _, alone := range []bool{true, false} {
				var isAlone bool
				err := db.Write(t.Context(), database.Ordered, alone, func(tx *database.Tx) error {
					isAlone = tx.Alone
					return note(t.Context(), tx)
				})
				if refused := err != nil; refused == isAlone {
					t.Errorf("%s, exclusive %v: %v", name, isAlone, err)
				}
			}
		}
	})
}
