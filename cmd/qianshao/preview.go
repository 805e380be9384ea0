package main

import (
	"cmp"
	"fmt"
	"iter"
	"strings"

	"github.com/qianshao/qianshao/analyze/backtest"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/ingest/input"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/internal/scan"
	"github.com/qianshao/qianshao/locales"
)

// rulesPreviewCmd shows what a draft of the rules would have flagged that the
// rules in force do not, and vice versa, on given texts and on the flagged
// pages of the data folder. It changes nothing.
type rulesPreviewCmd struct {
	Draft      string   `placeholder:"DIR"`
	DraftRules string   `placeholder:"DIR"`
	Inputs     []string `arg:"" optional:"" name:"input"`
	Stored     bool
	JSON       bool `name:"json"`
	Show       int  `default:"5" placeholder:"N"`
}

func (c rulesPreviewCmd) Run(env *environment) error {
	if c.Draft == "" && c.DraftRules == "" {
		return usageError(locales.Errorf("cli.preview.draft_missing"))
	}
	inForce, err := env.rules.Compile(env.warn)
	if err != nil {
		return locales.Errorf("cli.preview.in_force", err)
	}
	folders := env.rules
	folders.Dir, folders.Overlay = cmp.Or(c.DraftRules, folders.Dir), cmp.Or(c.Draft, folders.Overlay)
	draft, err := folders.Compile(env.warn)
	if err != nil {
		return locales.Errorf("cli.preview.draft", err)
	}
	if draft.Rules().Digest() == inForce.Rules().Digest() {
		env.tell("cli.preview.identical")
	}
	entries, err := c.entries(env)
	if err != nil {
		return err
	}
	comparison, progress := backtest.Comparison{Before: inForce, After: draft}, terminal.NewProgress(env.err, env.told)
	compare := func(e input.Entry) backtest.Outcome {
		if e.Err != nil {
			return backtest.Outcome{Err: fmt.Errorf("%s: %w", e.Input, e.Err)}
		}
		return comparison.Compare(e.Input, e.Page)
	}
	var outcomes []backtest.Outcome
	var unread error // the first one
	err = scan.InOrder(env.ctx, entries, compare, func(o backtest.Outcome) error {
		progress.Add(1)
		outcomes, unread = append(outcomes, o), cmp.Or(unread, o.Err)
		return nil
	})
	progress.Finish()
	if err != nil {
		return err
	}
	report := backtest.Summarise(outcomes)
	if c.stored() {
		if report.NotCompared, err = notCompared(env); err != nil {
			return err
		}
	}
	return c.print(env, report, unread)
}

// stored says whether the stored pages are among the inputs.
func (c rulesPreviewCmd) stored() bool { return c.Stored || len(c.Inputs) == 0 }

// notCompared counts the stored pages that have no text for a comparison.
func notCompared(env *environment) (n backtest.NotCompared, err error) {
	err = env.withFolder(func(f *datafolder.Folder) error {
		all, once, err := f.Store.TextlessPages(env.ctx)
		n = backtest.NotCompared{NeverFlagged: all - once, NoLongerFlagged: once}
		return err
	})
	return n, err
}

func (c rulesPreviewCmd) print(env *environment, r *backtest.Report, unread error) error {
	var err error
	if c.JSON {
		encoder := terminal.NewEncoder(env.out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(r)
	} else {
		err = terminal.Preview(env.out, env.lang, r, max(c.Show, 0))
	}
	switch {
	case err != nil:
		return err
	case unread != nil:
		return locales.Errorf("cli.preview.unread", len(r.Errors), locales.Counted("count.inputs", r.Inputs), unread)
	case len(r.Changes) > 0:
		return mismatchError(locales.Errorf("cli.preview.changes", locales.Counted("count.answers", len(r.Changes))))
	}
	return nil
}

// entries yields the inputs and, if asked for, the stored pages.
func (c rulesPreviewCmd) entries(env *environment) (iter.Seq[input.Entry], error) {
	for _, name := range c.Inputs {
		if strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://") {
			return nil, usageError(locales.Errorf("cli.preview.request", name))
		}
	}
	if c.stored() && !env.folder().HasStore() {
		return nil, usageError(locales.Errorf("cli.preview.no_pages", env.data))
	}
	return func(yield func(input.Entry) bool) {
		for _, name := range c.Inputs {
			source := input.Path(name)
			if name == "-" {
				source = input.Stream("-", env.in)
			}
			for entry := range source {
				if env.ctx.Err() != nil || !yield(entry) {
					return
				}
			}
		}
		if c.stored() {
			storedPages(env, yield)
		}
	}, nil
}

// storedPages yields the flagged pages of the data folder, beside a server if one runs.
func storedPages(env *environment, yield func(input.Entry) bool) {
	f, err := datafolder.Open(env.ctx, env.folder())
	if err != nil {
		yield(input.Entry{Input: env.data, Err: err})
		return
	}
	defer f.Close()
	for page, err := range f.Store.FlaggedPages(env.ctx) {
		if !yield(input.Entry{Input: page.URL, Page: page, Err: err}) {
			return
		}
	}
}
