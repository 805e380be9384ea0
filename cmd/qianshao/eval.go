package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/evaluate"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/ingest/input"
)

// evalCmd measures the rules on labelled messages and pages; package evaluate
// says how they lie in the folder.
type evalCmd struct {
	Folder      string `arg:"" type:"existingdir" help:"Folder of labelled sets."`
	JSON        bool   `name:"json" help:"Print the figures as JSON."`
	Golden      string `help:"Compare the figures with this file; exit code 3 if they differ." placeholder:"FILE"`
	Update      bool   `help:"Write the figures into the golden file."`
	Misses      int    `help:"Show so many malicious texts of the tuning half that were not found." placeholder:"N"`
	FalseAlarms int    `help:"Show so many innocent texts of the tuning half that were flagged, and why." placeholder:"N"`
	SingleSite  bool   `help:"List the terms that hit malicious pages of one site of the tuning half and nothing else that is malicious."`
}

func (c evalCmd) Run(env *environment) error {
	if c.Update && c.Golden == "" {
		return usageError(errors.New("--update needs --golden FILE"))
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

// archivePages reads an archive for package evaluate, which brings no pages in itself.
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
		return mismatchError(fmt.Errorf("the figures differ from %s; look at what moved, then run again with --update", c.Golden))
	}
	return nil
}

func (c evalCmd) printOutcomes(env *environment, analyzer *analyze.Analyzer, report *evaluate.Report) {
	for i, o := range report.Misses[:min(c.Misses, len(report.Misses))] {
		if i == 0 {
			fmt.Fprintln(env.out, "\nmisses")
		}
		fmt.Fprintf(env.out, "%s  is %s, taken for %q, score %d\n  %s\n", o.Sample.Page.URL, o.Sample.Label, o.Category, o.Assessment.Score, sampleText(o))
	}
	for i, o := range report.FalseAlarms[:min(c.FalseAlarms, len(report.FalseAlarms))] {
		if i == 0 {
			fmt.Fprintln(env.out, "\nfalse alarms")
		}
		fmt.Fprintf(env.out, "%s  is %s\n  %s\n%s", o.Sample.Page.URL, o.Sample.Label, sampleText(o), analyzer.Explain(o.Sample.Page, o.Assessment.Findings[0].Rule))
	}
}

func (c evalCmd) printSingleSite(env *environment, report *evaluate.Report) {
	if !c.SingleSite {
		return
	}
	fmt.Fprintln(env.out, "\nterms on one site only: pages, site, rule, term")
	for _, t := range report.SingleSite {
		fmt.Fprintf(env.out, "%4d  %-12s  %-40s  %s\n", t.Pages, terminal.Clip(t.Site, 12), t.Rule, terminal.Clip(t.Term, maxTerm))
	}
}

// maxTerm is what of a regular expression tells which it is, in columns.
const maxTerm = 60

// maxSampleText is what of a text fits a few lines of a terminal, in columns.
const maxSampleText = 400

func sampleText(o evaluate.Outcome) string {
	return terminal.Clip(terminal.Printable(string(o.Sample.Page.Body)), maxSampleText)
}
