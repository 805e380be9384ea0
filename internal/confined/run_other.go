//go:build !linux

package confined

import (
	"context"
	"io"
)

// Run always fails: only Linux can confine a program.
func (p Program) Run(context.Context, []byte, io.Writer) ([]byte, error) { return nil, ErrUnsupported }
