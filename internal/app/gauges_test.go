package app

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestRested: a slow reading is made rarely, whether it fails or not. A single reading that hangs
// does not count.
func TestRested(t *testing.T) {
	t.Parallel()
	now, read, takes, fails := time.Unix(0, 0), 0, time.Second, errors.New("disk full")
	r := &rested[int]{now: func() time.Time { return now }, read: func(context.Context) (int, error) {
		now = now.Add(takes)
		read++
		return read, fails
	}}
	const second = time.Second
	for _, step := range []struct {
		after, takes time.Duration // since the last step; takes is how long a reading takes, if there is one
		want         int
	}{
		{0, 10 * second, 1}, {0, second, 1}, {firstRest - 1, second, 1}, {1, second, 2}, // from a cold disk
		{restFactor*second - 1, second, 2}, {1, second, 3}, {second, second, 3},
		{time.Hour, 10 * second, 4}, {restFactor*second - 1, second, 4}, // hung once
		{1, 10 * second, 5}, {10*restFactor*second - 1, second, 5}, {1, second, 6}, // and again: now that is how long it takes
	} {
		now, takes = now.Add(step.after), step.takes
		if n, err := r.get(t.Context()); n != step.want || !errors.Is(err, fails) {
			t.Errorf("after %s more: got %d, %v; want %d", step.after, n, err, step.want)
		}
	}
}
