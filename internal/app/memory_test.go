package app

import (
	"runtime"
	"testing"
	"time"
)

func TestIsRest(t *testing.T) {
	t.Parallel()
	var r rest
	for i, test := range []struct {
		collections int64
		want        bool
	}{{40, true}, {42, true}, {45, true}, {49, false}, {200, false}, {203, true}} {
		if got := r.isRest(test.collections); got != test.want {
			t.Errorf("interval %d, after %d collections: at rest %v, want %v", i, test.collections, got, test.want)
		}
	}
}

// TestReturnMemory: the garbage of the start is returned to the system.
func TestReturnMemory(t *testing.T) {
	const size = 64 << 20
	garbage := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		garbage[i] = 1
	}
	runtime.KeepAlive(garbage)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() { defer close(ended); returnMemory(t.Context(), ticks) }()
	t.Cleanup(func() { <-ended })
	ticks <- time.Time{} // received only when everything has been returned
	runtime.ReadMemStats(&after)
	if used, then := before.HeapSys-before.HeapReleased, after.HeapSys-after.HeapReleased; then+size/2 > used {
		t.Errorf("%d bytes are held, %d before", then, used)
	}
}
