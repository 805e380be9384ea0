package app

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

// Bounds on the memory of a process.
const (
	// crawlLimit is the memory from which the garbage collector works harder in a process that
	// crawls for months beside other programs. It does not include the program itself and its
	// memory maps. GOMEMLIMIT overrides it.
	crawlLimit = 160 << 20
	// ScanLimit is the same for commands that judge pages and end. With less, the collector would
	// run all the time while a slow page of the largest size is judged: with 200 MB, finding
	// contacts took twice the CPU.
	ScanLimit = 300 << 20
	// garbage is how much garbage may accumulate below the limit, in per cent of the memory in use.
	// Since the limit bounds the peaks, it can be collected less often than by Go's default. GOGC
	// overrides it.
	garbage = 300
)

// LimitMemory applies the bounds, unless the operator has set limits.
func LimitMemory(limit int64) {
	if os.Getenv("GOMEMLIMIT") == "" && os.Getenv("GOGC") == "" {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(garbage)
	}
}

// An idle process returns its memory to the system. Left to itself, the runtime would keep it,
// since the heap may grow to four times the memory in use before it is collected.
const (
	restInterval = 5 * time.Minute
	// restCollections is how often an idle heap is collected in that time: every two minutes by the
	// runtime, and once by returnMemory.
	restCollections = 3
)

// returnMemory returns the garbage of the start to the system, and later that of each burst of work
// once it is over, until ctx ends.
func returnMemory(ctx context.Context, ticks <-chan time.Time) {
	for last := (rest{}); ; {
		if last.isRest(collections()) {
			debug.FreeOSMemory()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
	}
}

// rest tells idle intervals from busy ones. The first counts as idle.
type rest struct {
	isStarted   bool
	collections int64 // at the end of the last interval
}

// isRest reports whether the interval that has just ended was idle, judging by the number of
// collections since the start of the process.
func (r *rest) isRest(collections int64) bool {
	is := !r.isStarted || collections-r.collections <= restCollections
	*r = rest{true, collections}
	return is
}

func collections() int64 {
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	return stats.NumGC
}
