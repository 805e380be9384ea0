package turns_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/qianshao/qianshao/internal/turns"
)

// TestOrder: pages that fit are processed at the same time, and the next one waits. Pages after a
// large one wait for it, even if they would fit. Small ones never wait.
func TestOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		room := turns.New(100, 10)
		var order []string
		ends := map[string]func(){}
		ask := func(name string, size int64) {
			go func() {
				done, err := room.Wait(t.Context(), size)
				if err != nil {
					t.Error(err)
					return
				}
				order, ends[name] = append(order, name), done
			}()
			synctest.Wait()
		}
		begun := func(want ...string) {
			t.Helper()
			synctest.Wait()
			if len(order) != len(want) {
				t.Fatalf("%q have their turn, want %q", order, want)
			}
			for i := range want {
				if order[i] != want[i] {
					t.Fatalf("%q have their turn, want %q", order, want)
				}
			}
		}
		ask("half", 50)
		ask("other half", 50)
		ask("larger than all", 1000)
		ask("behind it", 20)
		begun("half", "other half")
		ask("small", 10)
		begun("half", "other half", "small")
		ends["half"]()
		begun("half", "other half", "small")
		ends["other half"]()
		begun("half", "other half", "small", "larger than all")
		ends["small"]() // frees nothing, as it took nothing
		begun("half", "other half", "small", "larger than all")
		ends["larger than all"]()
		begun("half", "other half", "small", "larger than all", "behind it")
		ends["behind it"]()
	})
}

// TestWaitEnds: a caller that waits gets an error when its context ends, and takes up no bytes.
func TestWaitEnds(t *testing.T) {
	t.Parallel()
	room := turns.New(100, 0)
	done, err := room.Wait(t.Context(), 60)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := room.Wait(ctx, 60); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	done()
	if done, err = room.Wait(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	done()
}
