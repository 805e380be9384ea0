//go:build !amd64

package main

// counted is not made for this architecture: count refuses before it comes here.
func counted(string, func()) {}
