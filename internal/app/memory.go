package app

import (
	"os"
	"runtime/debug"
)

// Bounds on the memory of a process that crawls for months beside others.
const (
	// memoryLimit is where the garbage collector begins to work harder; the
	// program and what it maps come on top. GOMEMLIMIT sets another.
	memoryLimit = 160 << 20
	// garbage is how much garbage may gather below the limit, in percent of what
	// is in use. The limit holds the peaks, so it need not be collected as often
	// as Go does by itself. GOGC sets another.
	garbage = 300
)

// limitMemory applies the bounds, unless the operator has set limits.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" && os.Getenv("GOGC") == "" {
		debug.SetMemoryLimit(memoryLimit)
		debug.SetGCPercent(garbage)
	}
}
