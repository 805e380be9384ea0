package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/datafolder"
)

type evidenceExportCmd struct {
	Finding string `arg:"" help:"The finding's id: 16 hex digits, as the console's address has it."`
	Output  string `short:"o" help:"The zip to write, or - for standard output. Default: FINDING.zip. A file that is there is not written over." placeholder:"FILE"`
}

func (c evidenceExportCmd) Run(env *environment) error {
	if !datafolder.IsFindingID(c.Finding) {
		return usageError(fmt.Errorf("%q is no finding's id; it has 16 hex digits", c.Finding))
	}
	return env.readFolder(func(f *datafolder.Folder) error {
		report, err := f.FindingReport(env.ctx, c.Finding)
		if err != nil {
			return err
		}
		write := func(w io.Writer) error { return f.Export(env.ctx, w, report) }
		if c.Output == "-" {
			return write(env.out)
		}
		name := c.Output
		if name == "" {
			name = c.Finding + ".zip"
		}
		if err := writeNew(name, write); err != nil {
			return err
		}
		fmt.Fprintf(env.out, "%s: %s of %s\n", name, terminal.Counted(len(report.Captures), "capture"), terminal.Printable(report.Finding.URL))
		return nil
	})
}

// writeNew writes a file that only its owner may read, whole or not at all.
func writeNew(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usageError(fmt.Errorf("%s is there already; name another file with -o", name))
	}
	if err != nil {
		return err
	}
	if err = errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}
