// Package confined runs a program on hostile input: a large reader in C++, such as those of
// PDF and of pictures, in a process of its own with bounds.
package confined

import (
	"context"
	"errors"
	"time"
)

// Program is a program to run, with its bounds. All are required.
type Program struct {
	Path string
	Args []string
	// Env is the whole environment; nothing of ours is added.
	Env    []string
	Time   time.Duration // by the clock, and of the processor
	Memory uint64        // bytes of address space
	Output int           // bytes of standard output
}

// Errors of Run, beside those of the program's own end (*exec.ExitError).
var (
	// ErrOutput: the program wrote more than it may.
	ErrOutput = errors.New("the program wrote more than it may")
	// ErrTime: the program took longer than it may.
	ErrTime = errors.New("the program took longer than it may")
	// ErrUnsupported: this system cannot bound a process before it is given a byte.
	ErrUnsupported = errors.New("a process can be confined only on Linux")
)

// capped keeps the first bytes that are written, and calls full at one more.
type capped struct {
	text   []byte
	most   int
	full   context.CancelFunc
	isFull bool
}

func (c *capped) Write(p []byte) (int, error) {
	room := c.most - len(c.text)
	c.text = append(c.text, p[:min(len(p), room)]...)
	if len(p) > room {
		c.isFull = true
		c.full()
	}
	return len(p), nil
}
