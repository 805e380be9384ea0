package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/outbox"
)

// BenchmarkSettle measures the cost, for each finding, of settling a batch of 200 for the index: the
// statements alone, without an alert, and with one.
func BenchmarkSettle(b *testing.B) {
	for _, name := range []string{"statements", "no alert", "alert"} {
		b.Run(name, func(b *testing.B) {
			s, ctx := temp(b), b.Context()
			var ids []string
			for i := range 200 {
				ids = append(ids, fmt.Sprintf("%016x", i*2654435761))
			}
			by := store.Signed{By: "ann", At: base}
			if name == "alert" {
				check(b, s.PutChannel(ctx, by, notify.Channel{ID: "c", Name: "c"}))
				check(b, s.PutAlert(ctx, by, notify.Alert{ID: "a", Name: "a", Channel: "c", Events: notify.Events(), Every: time.Minute, Hourly: 1}))
			}
			var took []time.Duration
			for b.Loop() {
				check(b, s.db.Update(ctx, database.Ordered, "note in", func(tx *database.Tx) error { return outbox.Note(ctx, tx, store.ConsumerIndex, ids, base) }))
				told, err := s.Pending(ctx, store.ConsumerIndex, 0, 200)
				check(b, err)
				settle := s.Settle
				if name == "statements" {
					settle = func(ctx context.Context, c store.Consumer, told []store.Pending) error {
						return s.db.Update(ctx, database.Ordered, "settle in", func(tx *database.Tx) error { _, err := outbox.Settle(ctx, tx, c, told); return err })
					}
				}
				started := time.Now()
				check(b, settle(ctx, store.ConsumerIndex, told))
				took = append(took, time.Since(started))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/200, "ns/finding")
		})
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
