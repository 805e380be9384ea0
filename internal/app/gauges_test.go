package app

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestRested: what takes long is read rarely, whether it fails or not.
func TestRested(t *testing.T) {
	t.Parallel()
	now, read, fails := time.Unix(0, 0), 0, errors.New("disk full")
	r := &rested[int]{now: func() time.Time { return now }, read: func(context.Context) (int, error) {
		now = now.Add(2 * time.Second)
		read++
		return read, fails
	}}
	for _, step := range []struct {
		after time.Duration // the last
		want  int
	}{{0, 1}, {0, 1}, {2*restFactor*time.Second - 1, 1}, {1, 2}, {time.Second, 2}, {time.Hour, 3}} {
		now = now.Add(step.after)
		if n, err := r.get(t.Context()); n != step.want || !errors.Is(err, fails) {
			t.Errorf("after %s more: got %d, %v; want %d", step.after, n, err, step.want)
		}
	}
}
