package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/ingest/input"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/scan"
)

// scanCmd assesses what the operator already has, or fetches one URL that an
// authorisation covers. It stores nothing.
type scanCmd struct {
	Inputs        []string `arg:"" name:"input" help:"Files, folders, archives (.zip, .tar, .tar.gz, .gz), PDF and Office documents, WARC archives (.warc, .warc.gz), JSON lines (.jsonl) of {\"text\": …}, an authorised URL, or - for standard input."`
	Format        string   `enum:"jsonl,table" default:"jsonl" help:"Output: jsonl, a line for every input in input order; or table."`
	As            string   `enum:"auto,message,page" default:"auto" help:"Judge the inputs as messages or as pages: message, page, or auto: JSON lines are messages, all else pages."`
	Flagged       bool     `help:"Only inputs flagged, that is of level medium or above."`
	FailOnFlagged bool     `help:"Exit with 3 if an input is flagged, for pipelines."`
	fetchFlags
}

// asAuto is the value of scanCmd.As that leaves it to the input.
const asAuto = "auto"

func (c scanCmd) Run(env *environment) error {
	app.LimitMemory(app.ScanLimit)
	analyzer, err := env.rules.Compile(env.warn)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(env.out)
	printer := newLinePrinter(out, c.Format)
	progress := terminal.NewProgress(env.err)
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
		return printer.print(line)
	})
	progress.Finish()
	isInterrupted := errors.Is(err, context.Canceled)
	if isInterrupted {
		err = nil
	}
	err = errors.Join(err, printer.flush(), out.Flush())
	printSummary(env.err, sum)
	if isInterrupted {
		return errors.Join(err, env.interrupted("what comes after "+terminal.Counted(sum.Inputs, "input")+" was not looked at"))
	}
	if err == nil && c.FailOnFlagged && sum.Flagged > 0 {
		return mismatchError(fmt.Errorf("%d of %s flagged", sum.Flagged, terminal.Counted(sum.Inputs, "input")))
	}
	if err == nil && sum.Errors > 0 {
		err = fmt.Errorf("%d of %s could not be read; the output says why", sum.Errors, terminal.Counted(sum.Inputs, "input"))
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

// linePrinter writes the answers in the chosen format.
type linePrinter struct {
	json  *json.Encoder
	table *terminal.Table
}

func newLinePrinter(w io.Writer, format string) *linePrinter {
	if format == "table" {
		return &linePrinter{table: terminal.NewTable(w, "LEVEL", "SCORE", "CATEGORY", "HIDDEN", "RULE", "EVIDENCE", "INPUT")}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // evidence is read by people, too
	return &linePrinter{json: encoder}
}

func (p *linePrinter) print(line scan.Answer) error {
	if p.json != nil {
		return p.json.Encode(line.Masked())
	}
	for _, row := range rows(line) {
		p.table.Row(row...)
	}
	return nil
}

// rows are an answer in the table: its findings, the alerts that are held back, and
// what was not read.
func rows(l scan.Answer) (rows [][]string) {
	if l.Error != "" {
		return [][]string{{"error", "", "", "", "", l.Error, l.Input}}
	}
	for _, f := range l.Findings {
		rows = append(rows, []string{f.Level.String(), strconv.Itoa(f.Score), string(f.Category), terminal.HiddenHow(f), f.Rule, terminal.EvidenceInWords(f), l.Input})
	}
	for _, by := range l.Allowed {
		rows = append(rows, []string{"allowed", strconv.Itoa(by.Score), string(by.Category), "-", by.Rule, by.By, l.Input})
	}
	if l.NotRead != "" {
		rows = append(rows, []string{"not read", "", "", "", "", l.NotRead.Words(), l.Input})
	}
	if len(rows) == 0 {
		rows = append(rows, []string{l.Level.String(), "0", "-", "-", "-", "-", l.Input})
	}
	return rows
}

func (p *linePrinter) flush() error {
	if p.table == nil {
		return nil
	}
	return p.table.Flush()
}

// printSummary writes the last lines on standard error.
func printSummary(w io.Writer, sum *scan.Summary) {
	fmt.Fprintf(w, "%s, %d flagged, %s\n", terminal.Counted(sum.Inputs, "input"), sum.Flagged, terminal.Counted(sum.Errors, "error"))
	if reasons := terminal.ByCount(sum.Unread); len(reasons) > 0 {
		total := 0
		for i, reason := range reasons {
			total += sum.Unread[reason]
			reasons[i] = fmt.Sprintf("%d %s", sum.Unread[reason], reason)
		}
		fmt.Fprintf(w, "not read: %d (%s), whole or in part; nothing is known of what was not read\n", total, strings.Join(reasons, ", "))
	}
	if sum.Allowed > 0 {
		fmt.Fprintf(w, "%s with alerts that the allow-list holds back; the lines say which entry\n", terminal.Counted(sum.Allowed, "input"))
	}
	for _, reason := range terminal.ByCount(sum.Rules) {
		fmt.Fprintf(w, "%6d  %s\n", sum.Rules[reason], reason)
	}
}
