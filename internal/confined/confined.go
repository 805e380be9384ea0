// Package confined runs programs on hostile input in a process of their own, within bounds: large
// readers in C++, such as those of PDF and of pictures.
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
	// Env is the whole environment. Nothing of our own environment is added.
	Env    []string
	Time   time.Duration // limits both wall-clock and processor time
	Memory uint64        // bytes of address space
	Output int           // bytes of standard output
}

// Errors of Run, besides *exec.ExitError for how the program itself ended.
var (
	// ErrOutput means that the program wrote more than it may.
	ErrOutput = errors.New("the program wrote more than it may")
	// ErrTime means that the program took longer than it may.
	ErrTime = errors.New("the program took longer than it may")
	// ErrUnsupported means that this system cannot bound a process before it reads its first byte.
	ErrUnsupported = errors.New("a process can be confined only on Linux")
)

// capped keeps the first bytes that are written, and calls full as soon as there are more.
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
