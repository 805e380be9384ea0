package desk_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
)

// fullDisk is a store whose calls all fail.
type fullDisk struct{ desk.Store }

var errFull = errors.New("the disk is full")

func (fullDisk) Unfinished(context.Context) ([]int64, error) { return nil, errFull }
func (fullDisk) DropUnused(context.Context, time.Time) error { return errFull }
func (fullDisk) ChangeBatch(context.Context, int64, func(*desk.Batch) error) (desk.Batch, error) {
	return desk.Batch{}, errFull
}

// TestWorkRests: on a full disk, a worker that is woken all the time tries again only now
// and then.
func TestWorkRests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, err := desk.New(desk.Options{
			Store: fullDisk{}, Mask: func(s string) string { return s }, Rules: func() string { return "r" },
			Account: func(context.Context, string) (qianshao.Account, error) { return qianshao.Account{}, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		failures := 0
		go d.Work(ctx, func(error) { failures++ })
		for ctx.Err() == nil {
			_, _ = d.UndoBatch(ctx, qianshao.Account{}, 1, "") // this wakes the worker
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if failures < 10 || failures > 20 { // after 1, 2, 4 … 32 s, then each minute
			t.Errorf("%d failures in ten minutes", failures)
		}
	})
}
