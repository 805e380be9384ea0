package main

import (
	"errors"
	"io"
	"os"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

type evidenceExportCmd struct {
	Finding string `arg:""`
	Output  string `short:"o" placeholder:"FILE"`
}

func (c evidenceExportCmd) Run(env *environment) error {
	if !datafolder.IsFindingID(c.Finding) {
		return usageError(locales.Errorf("cli.evidence.not_id", c.Finding))
	}
	return env.readFolder(func(f *datafolder.Folder) error {
		report, err := f.FindingReport(env.ctx, c.Finding)
		if errors.Is(err, store.ErrNotFound) {
			return locales.Errorf("cli.evidence.unknown", c.Finding)
		}
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
		env.print("cli.evidence.exported", name, locales.Counted("count.captures", len(report.Captures)), terminal.Printable(report.Finding.URL))
		return nil
	})
}

// writeNew writes a file that only its owner may read, whole or not at all.
func writeNew(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usageError(locales.Errorf("cli.file_exists", name))
	}
	if err != nil {
		return locales.Errorf("cli.file_not_made", err)
	}
	if err = errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}
