//go:build !linux

package confined

import (
	"context"
	"io"
)

// Run runs nothing here.
func (p Program) Run(context.Context, []byte, io.Writer) ([]byte, error) { return nil, ErrUnsupported }
