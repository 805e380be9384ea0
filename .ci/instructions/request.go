//go:build amd64

package main

import "unsafe"

// Requests to callgrind, from valgrind/callgrind.h.
const (
	zeroCounts = 0x43540001
	dumpCounts = 0x43540003 // with a name, into a file of its own
	startCount = 0x43540004
	stopCount  = 0x43540005
)

// request sends a request to the machine that valgrind emulates. On a real machine it does nothing.
//
//go:noescape
func request(code, argument uintptr)

// counted makes callgrind count the instructions of run under a name.
func counted(name string, run func()) {
	text := append([]byte(name), 0)
	request(startCount, 0)
	request(zeroCounts, 0)
	run()
	request(dumpCounts, uintptr(unsafe.Pointer(&text[0])))
	request(stopCount, 0)
}
