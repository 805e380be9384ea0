//go:build race

package main

// raceDetector says that the binary under test keeps a shadow of its memory,
// some times as large: what it takes is no measure of the program.
const raceDetector = true
