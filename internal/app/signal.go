package app

import (
	"context"
	"time"
)

// signal tells a worker that findings have changed: once, however often they change before it
// looks. It has room for one.
type signal chan struct{}

// wake gives the signal.
func (s signal) wake() {
	select {
	case s <- struct{}{}:
	default: // it was already given
	}
}

// wait waits for the signal, and then pause long for more changes, or for a tick. ok is false if
// ctx ended first.
func (s signal) wait(ctx context.Context, tick <-chan time.Time, pause time.Duration) (ok bool) {
	select {
	case <-ctx.Done():
		return false
	case <-tick:
		return true
	case <-s:
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}
