package main

import (
	"errors"
	"io"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	figures "github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/report/document"
	"github.com/qianshao/qianshao/store"
)

// reportCmd writes the report of a period. It may run beside a server.
type reportCmd struct {
	Week    bool   `xor:"kind"`
	Month   bool   `xor:"kind"`
	Quarter bool   `xor:"kind"`
	Of      string `placeholder:"2026-11-26"`
	From    string `placeholder:"2026-11-01"`
	To      string `placeholder:"2026-11-26"`

	Authorisation string          `placeholder:"ID"`
	Format        document.Format `enum:"html,docx,csv" default:"html"`
	Output        string          `short:"o" placeholder:"FILE"`
}

// choice is the period that the flags choose.
func (c *reportCmd) choice() figures.Choice {
	choice := figures.Choice{Of: c.Of, From: c.From, To: c.To}
	switch {
	case c.Week:
		choice.Kind = figures.KindWeek
	case c.Month:
		choice.Kind = figures.KindMonth
	case c.Quarter:
		choice.Kind = figures.KindQuarter
	}
	return choice
}

func (c reportCmd) Run(env *environment) error {
	if (c.From == "") != (c.To == "") {
		return usageError(locales.Errorf("cli.report.half"))
	}
	period, err := c.choice().Period(time.Now(), env.zone())
	if err != nil {
		return usageError(err)
	}
	return env.readFolder(func(f *datafolder.Folder) error {
		r, err := f.Report(env.ctx, figures.Query{Period: period, Sight: qianshao.SeeAll(), Authorisation: c.Authorisation})
		if errors.Is(err, store.ErrNotFound) {
			return usageError(locales.Errorf("cli.report.authorisation", c.Authorisation))
		}
		if err != nil {
			return err
		}
		d := document.New(r, document.Options{Language: env.document, Version: versionString()})
		return c.write(env, d, r)
	})
}

func (c reportCmd) write(env *environment, d *document.Document, r *figures.Report) error {
	write := func(w io.Writer) error { return d.Write(w, c.Format) }
	if c.Output == "-" {
		return write(env.verbatim)
	}
	name := c.Output
	if name == "" {
		name = d.FileName(c.Format)
	}
	if err := writeNew(name, write); err != nil {
		return err
	}
	days := r.Query.Period.Days()
	env.print("cli.report.written", name, days[0].Format(time.DateOnly), days[len(days)-1].Format(time.DateOnly), locales.Counted("count.findings", r.Volume.Findings))
	return nil
}
