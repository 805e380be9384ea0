package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	figures "github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/report/document"
	"github.com/qianshao/qianshao/store"
)

// reportCmd writes the report of a period. It may run beside a server.
type reportCmd struct {
	Week    bool   `xor:"kind" help:"The last complete week, Monday to Sunday; this is what is written without a period."`
	Month   bool   `xor:"kind" help:"The last complete month."`
	Quarter bool   `xor:"kind" help:"The last complete quarter of the year."`
	Of      string `help:"The week, month or quarter in which this day falls, perhaps not complete yet." placeholder:"2026-11-26"`
	From    string `help:"The first day, with --to in place of week, month and quarter." placeholder:"2026-11-01"`
	To      string `help:"The last day." placeholder:"2026-11-26"`

	Authorisation string          `help:"What was found under this authorisation only." placeholder:"ID"`
	Format        document.Format `enum:"html,docx,csv" default:"html" help:"Format: html (one file, to print on A4), docx, or csv."`
	Lang          string          `enum:"zh,en" default:"zh" help:"Language: zh or en."`
	Output        string          `short:"o" help:"The file to write, or - for standard output. Default: a name with the period, in this folder. A file that is there is not written over." placeholder:"FILE"`
}

// choice is what the flags say of the period.
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
	period, err := c.choice().Period(time.Now(), env.zone())
	if err != nil {
		return usageError(err)
	}
	language, _ := locales.Parse(c.Lang)
	return env.readFolder(func(f *datafolder.Folder) error {
		r, err := f.Report(env.ctx, figures.Query{Period: period, Sight: qianshao.SeeAll(), Authorisation: c.Authorisation})
		if errors.Is(err, store.ErrNotFound) {
			return usageError(fmt.Errorf("there is no authorisation %q; see \"qianshao scope list\"", c.Authorisation))
		}
		if err != nil {
			return err
		}
		d := document.New(r, document.Options{Language: language, Version: versionString()})
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
	fmt.Fprintf(env.out, "%s: %s to %s, %s\n", name, days[0].Format(time.DateOnly), days[len(days)-1].Format(time.DateOnly), terminal.Counted(r.Volume.Findings, "finding"))
	return nil
}
