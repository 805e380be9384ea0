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
	read, fails := 0, errors.New("disk full")
	r := &rested[int]{read: func(context.Context) (int, error) { read++; return read, fails }}
	for range 3 {
		r.until = time.Time{}
		_, _ = r.get(t.Context())
	}
	if read != 3 {
		t.Errorf("read %d times, want 3", read)
	}
	r.read = func(context.Context) (int, error) {
		read++
		time.Sleep(5 * time.Millisecond)
		return read, fails
	}
	r.until = time.Time{}
	began := time.Now()
	for range 100 {
		if n, err := r.get(t.Context()); n != 4 || !errors.Is(err, fails) {
			t.Fatalf("got %d, %v", n, err)
		}
	}
	if rest := r.until.Sub(began); rest < restFactor*5*time.Millisecond {
		t.Errorf("it rests for %s, want %d times what it took", rest, restFactor)
	}
}
