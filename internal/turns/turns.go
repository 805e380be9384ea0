// Package turns makes pages wait for each other, so that those processed at the same time fit into memory.
package turns

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// Turns bounds the bytes of all pages processed at the same time. Turns are given in the order of
// the requests, so that a stream of small pages does not hold up a large one for ever. It is safe
// for concurrent use.
type Turns struct {
	room       *semaphore.Weighted
	most, free int64
}

// New returns turns for pages of up to most bytes in total. Pages of up to free bytes do not wait
// and are not counted, so there must be few of them at a time.
func New(most, free int64) *Turns {
	return &Turns{room: semaphore.NewWeighted(most), most: most, free: free}
}

// Wait waits for the turn of a page of size bytes. The turn lasts until done is called, once. A
// page of more than most bytes is processed alone. The error is that of ctx.
func (t *Turns) Wait(ctx context.Context, size int64) (done func(), err error) {
	if size <= t.free {
		return func() {}, nil
	}
	size = min(size, t.most)
	if err := t.room.Acquire(ctx, size); err != nil {
		return nil, err
	}
	return func() { t.room.Release(size) }, nil
}
