package app

import (
	"os"
	"runtime/debug"
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
