//go:build race

package main

// raceDetector says that the binary under test keeps a shadow of its memory,
// several times as large, so that its memory says nothing about the program.
const raceDetector = true
