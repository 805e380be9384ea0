package app

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// TestWorkersRest: a worker that is woken all the time, and always fails, logs a few of its
// failures and not each one.
func TestWorkersRest(t *testing.T) {
	t.Parallel()
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: sqlitetest.Folder(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil { // from now on, every reading fails
		t.Fatal(err)
	}
	type worker interface {
		wake()
		run(ctx context.Context)
	}
	for name, newWorker := range map[string]func(*slog.Logger) worker{
		"feeder":  func(log *slog.Logger) worker { return newFeeder(nil, f.Store, metrics.New(), func() {}, log) },
		"grouper": func(log *slog.Logger) worker { return newGrouper(f.Review, func() {}, log) },
	} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			w := newWorker(slog.New(slog.NewTextHandler(&log, nil)))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			go w.run(ctx)
			for ctx.Err() == nil {
				w.wake()
				time.Sleep(100 * time.Millisecond)
			}
			synctest.Wait()
			if n := bytes.Count(log.Bytes(), []byte("\n")); n < 10 || n > 40 { // after 1, 2, 4 … 32 s, then each minute; the grouper logs two steps
				t.Errorf("%s: %d lines in ten minutes", name, n)
			}
		})
	}
}
