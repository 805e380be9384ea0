package app

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestRested: a reading that takes long is made rarely, whether it fails or not, but at least every
// minute.
func TestRested(t *testing.T) {
	t.Parallel()
	now, read, takes, fails := time.Unix(0, 0), 0, time.Second, errors.New("disk full")
	r := &rested[int]{now: func() time.Time { return now }, read: func(context.Context) (int, error) {
		now = now.Add(takes)
		read++
		return read, fails
	}}
	for _, step := range []struct {
		after time.Duration // the last
		takes time.Duration
		want  int
	}{
		{0, time.Second, 1}, {0, time.Second, 1}, {restFactor*time.Second - 1, time.Second, 1}, {1, time.Second, 2}, {time.Second, time.Second, 2},
		{time.Hour, 10 * time.Second, 3}, {longestRest - 1, time.Second, 3}, {1, time.Second, 4},
	} {
		now, takes = now.Add(step.after), step.takes
		if n, err := r.get(t.Context()); n != step.want || !errors.Is(err, fails) {
			t.Errorf("after %s more: got %d, %v; want %d", step.after, n, err, step.want)
		}
	}
}
