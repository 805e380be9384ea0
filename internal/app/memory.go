package app

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

// Bounds on the memory of a process.
const (
	// crawlLimit is where the garbage collector begins to work harder in a process that
	// crawls for months beside others; the program and what it maps come on top.
	// GOMEMLIMIT sets another.
	crawlLimit = 160 << 20
	// ScanLimit is the same for commands that judge pages and end. Below it, a page of the
	// largest size that takes long would be collected all the time: with 200 MB, contacts
	// took twice their CPU.
	ScanLimit = 300 << 20
	// garbage is how much garbage may gather below the limit, in percent of what
	// is in use. The limit holds the peaks, so it need not be collected as often
	// as Go does by itself. GOGC sets another.
	garbage = 300
)

// LimitMemory applies the bounds, unless the operator has set limits.
func LimitMemory(limit int64) {
	if os.Getenv("GOMEMLIMIT") == "" && os.Getenv("GOGC") == "" {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(garbage)
	}
}

// A process that rests gives back what it has used. The runtime by itself keeps it, since
// the heap may grow to four times what is in use before it is collected.
const (
	restInterval = 5 * time.Minute
	// restCollections is how often a heap at rest is collected in that time: every two
	// minutes by the runtime, and once below.
	restCollections = 3
)

// returnMemory gives the garbage of the start back to the system, and then that of each
// burst of work once it is over, until ctx ends.
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

// rest tells intervals of rest from those of work. The first is one of rest.
type rest struct {
	isStarted   bool
	collections int64 // at the end of the last interval
}

// isRest says whether the interval that ends was one of rest, by the collections since the
// start of the process.
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
