package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/evaluate"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/ingest/input"
	"github.com/qianshao/qianshao/locales"
)

// evalCmd measures the rules on labelled messages and pages; package evaluate
// describes the folder's layout.
type evalCmd struct {
	Folder      string `arg:"" type:"existingdir"`
	JSON        bool   `name:"json"`
	Golden      string `placeholder:"FILE"`
	Update      bool
	Misses      int `placeholder:"N"`
	FalseAlarms int `placeholder:"N"`
	SingleSite  bool
}

func (c evalCmd) Run(env *environment) error {
	if c.Update && c.Golden == "" {
		return usageError(locales.Errorf("cli.eval.update"))
	}
	analyzer, err := env.rules.Compile(env.warn)
	if err != nil {
		return err
	}
	report, err := evaluate.Run(os.DirFS(c.Folder), analyzer, evaluate.Options{Archive: archivePages})
	if err != nil {
		return usageError(fmt.Errorf("%s: %w", c.Folder, err))
	}
	figures, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	figures = append(figures, '\n')
	if c.JSON {
		if _, err := env.out.Write(figures); err != nil {
			return err
		}
	} else {
		report.Print(env.out)
		c.printOutcomes(env, analyzer, report)
		c.printSingleSite(env, report)
	}
	return c.holdAgainstGolden(figures)
}

// archivePages reads an archive for package evaluate, which does not read pages itself.
func archivePages(name string, r io.Reader) iter.Seq2[qianshao.Page, error] {
	return func(yield func(qianshao.Page, error) bool) {
		for entry := range input.WARC(name, r) {
			if !yield(entry.Page, entry.Err) {
				return
			}
		}
	}
}

func (c evalCmd) holdAgainstGolden(figures []byte) error {
	if c.Golden == "" {
		return nil
	}
	if c.Update {
		return replaceFile(c.Golden, figures)
	}
	golden, err := os.ReadFile(c.Golden)
	if err != nil {
		return err
	}
	if !bytes.Equal(golden, figures) {
		return mismatchError(locales.Errorf("cli.eval.differ", c.Golden))
	}
	return nil
}

func (c evalCmd) printOutcomes(env *environment, analyzer *analyze.Analyzer, report *evaluate.Report) {
	for i, o := range report.Misses[:min(c.Misses, len(report.Misses))] {
		if i == 0 {
			env.print("cli.eval.misses")
		}
		env.print("cli.eval.miss", o.Sample.Page.URL, o.Sample.Label, o.Category, o.Assessment.Score, sampleText(o))
	}
	for i, o := range report.FalseAlarms[:min(c.FalseAlarms, len(report.FalseAlarms))] {
		if i == 0 {
			env.print("cli.eval.false_alarms")
		}
		env.print("cli.eval.false_alarm", o.Sample.Page.URL, o.Sample.Label, sampleText(o))
		fmt.Fprint(env.out, analyzer.Explain(o.Sample.Page, o.Assessment.Findings[0].Rule))
	}
}

func (c evalCmd) printSingleSite(env *environment, report *evaluate.Report) {
	if !c.SingleSite {
		return
	}
	env.print("cli.eval.single_site")
	for _, t := range report.SingleSite {
		fmt.Fprintf(env.out, "%4d  %-12s  %-40s  %s\n", t.Pages, terminal.Clip(t.Site, 12), t.Rule, terminal.Clip(t.Term, maxTerm))
	}
}

// maxTerm is how much of a regular expression is shown to recognise it, in columns.
const maxTerm = 60

// maxSampleText is how much of a text fits on a few lines of a terminal, in columns.
const maxSampleText = 400

func sampleText(o evaluate.Outcome) string {
	return terminal.Clip(terminal.Printable(string(o.Sample.Page.Body)), maxSampleText)
}
