package pipeline

import (
	"context"
	"runtime/debug"

	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/internal/turns"
)

// Judging a page takes some twelve times its size in memory, and saving it some more. So pages of
// more than largePage bytes take turns, at most maxWorked bytes at a time: one of the largest, or
// several smaller ones. Most pages are smaller than a tenth of largePage. Those of all workers
// together need less than a single page of the largest size.
const (
	largePage = 512 << 10
	maxWorked = fetch.DefaultMaxBody
)

// turn is a page's turn to be processed. A page gives it up while it waits for the network: then
// only the fetched bytes of a large page are in memory.
type turn struct {
	turns *turns.Turns
	x     *analyze.Extraction
	done  func() // nil while the page has no turn
}

// take waits for the turn.
func (t *turn) take(ctx context.Context) (err error) {
	if t.done, err = t.turns.Wait(ctx, size(t.x)); err == nil && isLarge(t.x) {
		debug.FreeOSMemory() // otherwise garbage from earlier pages would add to what this one takes
	}
	return err
}

// end ends the turn, if the page has it.
func (t *turn) end() {
	if t.done == nil {
		return
	}
	if isLarge(t.x) {
		t.x.Forget()
	}
	t.done()
	t.done = nil
}

// leave ends the turn of a page with the result j before it waits for the network. The result of a
// large page is not kept during the wait.
func (t *turn) leave(j *judged) {
	if isLarge(t.x) {
		j.doc = nil
	}
	t.end()
}

// size returns the total size of the bodies of a page and its other views, in bytes.
func size(x *analyze.Extraction) int64 {
	n := len(x.Page.Body)
	for _, other := range x.Others {
		n += len(other.Page.Body)
	}
	return int64(n)
}

func isLarge(x *analyze.Extraction) bool { return size(x) > largePage }
