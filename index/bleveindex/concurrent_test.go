package bleveindex

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// TestConcurrent writes, deletes and searches concurrently, and closes the index meanwhile.
func TestConcurrent(t *testing.T) {
	x := open(t, t.TempDir(), Options{})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 10 {
				id := fmt.Sprint(w, "-", i)
				if err := x.Put(context.Background(), []qianshao.FindingRecord{record(id, "注册送"), record(id+"x", "注册送")}, 0); err != nil {
					t.Error(err)
				}
				if err := x.Delete(context.Background(), []string{id + "x"}, 0); err != nil {
					t.Error(err)
				}
				if got := total(t, x); got < i+1 { // at least its own records
					t.Errorf("%d records are found, want %d at least", got, i+1)
				}
			}
		})
	}
	wg.Wait()
	if got := total(t, x); got != 40 {
		t.Errorf("%d records are found in the end, want 40", got)
	}
	for range 3 { // none of these may panic or hang
		wg.Go(func() {
			_ = x.Put(context.Background(), []qianshao.FindingRecord{record("late", "注册送")}, 0)
			_, _ = x.Search(context.Background(), index.Request{Sight: qianshao.SeeAll(), Limit: 5})
		})
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}
