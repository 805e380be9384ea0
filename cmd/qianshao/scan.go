package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/internal/app"
)

// scanCmd assesses what the operator already has, or fetches one URL that an
// authorisation covers. It stores nothing.
type scanCmd struct {
	Inputs        []string `arg:"" name:"input" help:"Files, folders, WARC archives (.warc, .warc.gz), JSON lines (.jsonl) of {\"text\": …}, an authorised URL, or - for standard input."`
	Format        string   `enum:"jsonl,table" default:"jsonl" help:"Output: jsonl, a line for every input in input order; or table."`
	As            string   `enum:"auto,message,page" default:"auto" help:"Judge the inputs as messages or as pages: message, page, or auto: JSON lines are messages, all else pages."`
	Flagged       bool     `help:"Only inputs flagged, that is of level medium or above."`
	FailOnFlagged bool     `help:"Exit with 3 if an input is flagged, for pipelines."`
	fetchFlags
}

// asAuto is the value of scanCmd.As that leaves it to the input.
const asAuto = "auto"

// scanLine is the answer to one input.
type scanLine struct {
	Input      string              `json:"input"`
	URL        string              `json:"url,omitempty"`
	Category   *qianshao.Category  `json:"category"` // the primary one; null if not flagged
	Categories []qianshao.Category `json:"categories"`
	Level      qianshao.Level      `json:"level"`
	Score      int                 `json:"score"`
	Findings   []qianshao.Finding  `json:"findings"`
	Contexts   []string            `json:"contexts,omitempty"`
	Allowed    []qianshao.Allowed  `json:"allowed,omitempty"` // alerts that the overlay's allow-list holds back
	Notes      []qianshao.Note     `json:"notes,omitempty"`
	// NotRead says why the input, or a part of it, was not read: see unread.
	NotRead string `json:"not_read,omitempty"`
	Error   string `json:"error,omitempty"`
}

func (c scanCmd) Run(env *environment) error {
	analyzer, err := env.rules.Compile(env.warn)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(env.out)
	printer := newLinePrinter(out, c.Format)
	progress := newProgress(env.err)
	sum := scanSummary{unread: map[string]int{}, rules: map[string]int{}}
	err = inOrder(env.ctx, c.entries(env), func(e ingest.Entry) scanLine {
		if c.As != asAuto {
			e.Page.As = qianshao.Form(c.As)
		}
		return assessEntry(analyzer, e)
	}, func(line scanLine) error {
		progress.Add(1)
		sum.add(line)
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
	sum.print(env.err)
	if isInterrupted {
		return errors.Join(err, env.interrupted("what comes after "+counted(sum.inputs, "input")+" was not looked at"))
	}
	if err == nil && c.FailOnFlagged && sum.flagged > 0 {
		return mismatchError(fmt.Errorf("%d of %s flagged", sum.flagged, counted(sum.inputs, "input")))
	}
	if err == nil && sum.errors > 0 {
		err = fmt.Errorf("%d of %s could not be read; the output says why", sum.errors, counted(sum.inputs, "input"))
	}
	return err
}

// entries yields the pages of all inputs in order.
func (c scanCmd) entries(env *environment) iter.Seq[ingest.Entry] {
	return func(yield func(ingest.Entry) bool) {
		for _, input := range c.Inputs {
			for entry := range c.source(env, input) {
				if env.ctx.Err() != nil || !yield(entry) {
					return
				}
			}
		}
	}
}

func (c scanCmd) source(env *environment, input string) iter.Seq[ingest.Entry] {
	switch {
	case input == "-":
		return ingest.Stream("-", env.in)
	case strings.HasPrefix(input, "http://"), strings.HasPrefix(input, "https://"):
		return func(yield func(ingest.Entry) bool) {
			page, err := app.FetchPage(env.ctx, env.folder(), app.FetchOptions(c.fetchFlags), input)
			yield(ingest.Entry{Input: input, Page: page, Err: err})
		}
	}
	return ingest.Path(input)
}

func assessEntry(analyzer *analyze.Analyzer, e ingest.Entry) scanLine {
	line := scanLine{Input: e.Input, URL: e.Page.URL, Categories: []qianshao.Category{}, Findings: []qianshao.Finding{}}
	if e.Err != nil {
		line.Error = e.Err.Error()
		return line
	}
	doc, a := analyzer.Assess(e.Page)
	line.Level, line.Score, line.Contexts, line.Notes, line.Allowed = a.Level, a.Score, a.Contexts, doc.Notes, a.Allowed
	line.NotRead = unread(e.Page.Body, doc)
	line.Categories = append(line.Categories, a.Categories...)
	line.Findings = append(line.Findings, a.Findings...)
	if a.Flagged() {
		line.Category = &a.Category
	}
	return line
}

// unread says why an input, or a part of it, was not read: what it is as
// ingest.Unread says it, binary for what is no text either, truncated where it was
// longer than is read, too_many_regions where it had more parts than are kept; ""
// if all of it was read.
func unread(body []byte, doc *qianshao.Document) string {
	if kind := ingest.Unread(body); kind != "" {
		return kind
	}
	for _, note := range []qianshao.Note{qianshao.NoteBinary, qianshao.NoteTruncated, qianshao.NoteTooMany} {
		if slices.Contains(doc.Notes, note) {
			return string(note)
		}
	}
	return ""
}

// inOrder assesses entries on all cores and emits the answers in the order of
// the entries. At most two entries a core are in memory. When ctx ends it
// returns at once, though a read of a pipe to which nobody writes goes on.
func inOrder[T any](ctx context.Context, entries iter.Seq[ingest.Entry], assess func(ingest.Entry) T, emit func(T) error) error {
	cores := runtime.GOMAXPROCS(0)
	answers := make(chan chan T, cores)
	stop := make(chan struct{})
	go func() {
		defer close(answers)
		slots := make(chan struct{}, cores)
		for entry := range entries {
			answer := make(chan T, 1)
			select {
			case answers <- answer:
			case <-stop:
				return
			}
			slots <- struct{}{}
			go func() {
				answer <- assess(entry)
				<-slots
			}()
		}
	}()
	defer close(stop)
	for {
		answer, ok := next(ctx, answers)
		if !ok {
			return ctx.Err()
		}
		line, ok := next(ctx, answer)
		if !ok {
			return ctx.Err()
		}
		if err := emit(line); err != nil {
			return err
		}
	}
}

// next receives; ok is false when the channel is closed or ctx has ended.
func next[T any](ctx context.Context, from <-chan T) (v T, ok bool) {
	select {
	case v, ok = <-from:
		return v, ok
	case <-ctx.Done():
		return v, false
	}
}

// newProgress shows a counter on a terminal and nothing elsewhere. The spinner
// turns with the counter alone: turned by the library's own goroutine it is a
// data race (progressbar v3.19).
func newProgress(w io.Writer) *progressbar.ProgressBar {
	file, ok := w.(*os.File)
	return progressbar.NewOptions(-1, progressbar.OptionSetWriter(w), progressbar.OptionSetVisibility(ok && term.IsTerminal(int(file.Fd()))),
		progressbar.OptionSetSpinnerChangeInterval(0), progressbar.OptionThrottle(progressInterval),
		progressbar.OptionSetDescription("scanning"), progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish())
}

// progressInterval is about what an eye can follow.
const progressInterval = 100 * time.Millisecond

// linePrinter writes the answers in the chosen format.
type linePrinter struct {
	json  *json.Encoder
	table *tableWriter
}

func newLinePrinter(w io.Writer, format string) *linePrinter {
	if format == "table" {
		return &linePrinter{table: newTable(w, "LEVEL", "SCORE", "CATEGORY", "HIDDEN", "RULE", "EVIDENCE", "INPUT")}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // evidence is read by people, too
	return &linePrinter{json: encoder}
}

func (p *linePrinter) print(line scanLine) error {
	if p.json != nil {
		return p.json.Encode(line.masked())
	}
	p.table.row(line.cells()...)
	return nil
}

// masked is the line without resident identity numbers in its URLs and file names.
func (l scanLine) masked() scanLine {
	l.Input, l.URL, l.Error = mask.String(l.Input), mask.String(l.URL), mask.String(l.Error)
	l.Findings = append([]qianshao.Finding{}, l.Findings...)
	for i := range l.Findings {
		l.Findings[i].URL = mask.String(l.Findings[i].URL)
	}
	return l
}

// cells are the line as a row of the table.
func (l scanLine) cells() []string {
	if l.Error != "" {
		return []string{"error", "", "", "", "", l.Error, l.Input}
	}
	if len(l.Findings) == 0 && len(l.Allowed) > 0 {
		by := l.Allowed[0]
		return []string{"allowed", strconv.Itoa(by.Score), string(by.Category), "-", by.Rule, by.By, l.Input}
	}
	if len(l.Findings) == 0 && l.NotRead != "" {
		return []string{"not read", "", "", "", "", l.NotRead, l.Input}
	}
	if len(l.Findings) == 0 {
		return []string{l.Level.String(), "0", "-", "-", "-", "-", l.Input}
	}
	f, category := l.Findings[0], "-"
	if l.Category != nil {
		category = string(*l.Category)
	}
	return []string{l.Level.String(), strconv.Itoa(l.Score), category, hiddenHow(f), f.Rule, evidenceInWords(f), l.Input}
}

func (p *linePrinter) flush() error {
	if p.table == nil {
		return nil
	}
	return p.table.flush()
}

// evidenceInWords is the primary evidence as a table shows it.
func evidenceInWords(f qianshao.Finding) string {
	e, ok := f.Primary()
	if !ok {
		return "-"
	}
	text := fmt.Sprintf("%s %d:%d", e.Text, e.Line, e.Column)
	if len(e.Steps) > 0 {
		text += " = " + e.Term
	}
	return text
}

// scanSummary is what the last lines on standard error say.
type scanSummary struct {
	inputs, flagged, errors int
	allowed                 int            // inputs with alerts that the allow-list holds back
	unread                  map[string]int // inputs that were not read, or not whole, by reason
	rules                   map[string]int // flagged inputs by primary rule
}

func (sum *scanSummary) add(line scanLine) {
	sum.inputs++
	if line.Error != "" {
		sum.errors++
	}
	if len(line.Allowed) > 0 {
		sum.allowed++
	}
	if line.NotRead != "" {
		sum.unread[line.NotRead]++
	}
	if line.Category == nil {
		return
	}
	sum.flagged++
	sum.rules[string(*line.Category)+"  "+line.Findings[0].Rule]++
}

func (sum *scanSummary) print(w io.Writer) {
	fmt.Fprintf(w, "%s, %d flagged, %s\n", counted(sum.inputs, "input"), sum.flagged, counted(sum.errors, "error"))
	if reasons := byCount(sum.unread); len(reasons) > 0 {
		total := 0
		for i, reason := range reasons {
			total += sum.unread[reason]
			reasons[i] = fmt.Sprintf("%d %s", sum.unread[reason], reason)
		}
		fmt.Fprintf(w, "not read, or not whole: %d (%s); nothing is known of what they hold\n", total, strings.Join(reasons, ", "))
	}
	if sum.allowed > 0 {
		fmt.Fprintf(w, "%s with alerts that the allow-list holds back; the lines say which entry\n", counted(sum.allowed, "input"))
	}
	for _, reason := range byCount(sum.rules) {
		fmt.Fprintf(w, "%6d  %s\n", sum.rules[reason], reason)
	}
}

// readPage reads a single page from a file or, for "-", from in.
func readPage(in io.Reader, input string) (qianshao.Page, error) {
	entries := ingest.Path(input)
	if input == "-" {
		entries = ingest.Stream("-", in)
	}
	for e := range entries {
		return e.Page, e.Err
	}
	return qianshao.Page{}, fmt.Errorf("%s holds no page", input)
}
