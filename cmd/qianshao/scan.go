package main

import (
	"bufio"
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/ingest/input"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/scan"
	"github.com/qianshao/qianshao/locales"
)

// scanCmd assesses what the operator already has, or fetches one URL that an
// authorisation covers. It stores nothing.
type scanCmd struct {
	Inputs        []string `arg:"" name:"input"`
	Format        string   `enum:"jsonl,table" default:"jsonl"`
	As            string   `enum:"auto,message,page" default:"auto"`
	Flagged       bool
	FailOnFlagged bool
	fetchFlags
}

// asAuto is the value of scanCmd.As that makes the input decide.
const asAuto = "auto"

func (c scanCmd) Run(env *environment) error {
	analyzer, err := env.rules.Compile(env.warn)
	if err != nil {
		return err
	}
	if err := analyzer.Engine().Prepare(); err != nil {
		return err
	}
	app.LimitMemory(app.ScanLimit) // only now, since a single file needs no more memory than the rules do
	out := bufio.NewWriter(env.out)
	printer := terminal.NewAnswers(out, env.lang, c.Format)
	progress := terminal.NewProgress(env.err, env.told)
	sum := scan.NewSummary()
	err = scan.InOrder(env.ctx, c.entries(env), func(e input.Entry) scan.Answer {
		if c.As != asAuto {
			e.Page.As = qianshao.Form(c.As)
		}
		return scan.Assess(analyzer, e)
	}, func(line scan.Answer) error {
		progress.Add(1)
		sum.Add(line)
		if c.Flagged && line.Category == nil {
			return nil
		}
		return printer.Print(line)
	})
	progress.Finish()
	isInterrupted := errors.Is(err, context.Canceled)
	if isInterrupted {
		err = nil
	}
	err = errors.Join(err, printer.Flush(), out.Flush())
	terminal.Scan(env.err, env.told, sum)
	if isInterrupted {
		return errors.Join(err, interrupted(locales.M("cli.scan.rest", locales.Counted("count.inputs", sum.Inputs))))
	}
	if err == nil && c.FailOnFlagged && sum.Flagged > 0 {
		return mismatchError(locales.Errorf("cli.scan.flagged", sum.Flagged, locales.Counted("count.inputs", sum.Inputs)))
	}
	if err == nil && sum.Errors > 0 {
		err = locales.Errorf("cli.scan.unread", sum.Errors, locales.Counted("count.inputs", sum.Inputs))
	}
	return err
}

// entries yields the pages of all inputs in order.
func (c scanCmd) entries(env *environment) iter.Seq[input.Entry] {
	return func(yield func(input.Entry) bool) {
		for _, name := range c.Inputs {
			for entry := range c.source(env, name) {
				if env.ctx.Err() != nil || !yield(entry) {
					return
				}
			}
		}
	}
}

func (c scanCmd) source(env *environment, name string) iter.Seq[input.Entry] {
	switch {
	case name == "-":
		return input.Stream("-", env.in)
	case strings.HasPrefix(name, "http://"), strings.HasPrefix(name, "https://"):
		return func(yield func(input.Entry) bool) {
			page, err := app.FetchPage(env.ctx, env.folder(), app.FetchOptions(c.fetchFlags), name)
			yield(input.Entry{Input: name, Page: page, Err: err})
		}
	}
	return input.Path(name)
}
