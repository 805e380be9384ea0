// Package terminal writes for people at a terminal, and asks them questions: tables of
// Chinese and Latin text, counts, the log, a progress counter, names and passwords.
// Texts of pages cannot control the terminal.
package terminal

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
	"golang.org/x/text/width"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/locales"
)

// maxCell bounds a table's cell, in terminal columns, so that a row stays a row.
const maxCell = 48

// Table lays out rows of Chinese and Latin text; text/tabwriter counts
// a wide character as one column and gets Chinese tables wrong.
type Table struct {
	w    io.Writer
	rows [][]string
}

// NewTable returns a table with a header, to be written by Flush.
func NewTable(w io.Writer, header ...string) *Table {
	return &Table{w: w, rows: [][]string{header}}
}

// Row adds a row; its cells but the last are clipped.
func (t *Table) Row(cells ...string) {
	for i, cell := range cells[:len(cells)-1] { // the last one may be long
		cells[i] = Clip(Printable(cell), maxCell)
	}
	cells[len(cells)-1] = Printable(cells[len(cells)-1])
	t.rows = append(t.rows, cells)
}

// Len returns the number of rows, the header not counted.
func (t *Table) Len() int { return len(t.rows) - 1 }

// Flush writes the table.
func (t *Table) Flush() error {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], Columns(cell))
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-Columns(cell)+2))
			}
		}
		if _, err := fmt.Fprintln(t.w, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// Printable keeps a hostile page from controlling the terminal, and puts a text
// on one line: line ends and invisible characters become spaces, and other
// control characters are shown as \u001b. Resident identity numbers are masked,
// such as those in a page's URL.
func Printable(s string) string {
	var b strings.Builder
	for _, r := range mask.String(s) {
		switch {
		case unicode.IsControl(r) && unicode.IsSpace(r), unicode.In(r, unicode.Cf):
			b.WriteByte(' ')
		case unicode.IsControl(r):
			b.WriteString(escaped(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Clip cuts a text at a number of terminal columns.
func Clip(s string, limit int) string {
	used := 0
	for i, r := range s {
		if used += runeColumns(r); used > limit {
			return s[:i] + "…"
		}
	}
	return s
}

// Columns returns how many columns of a terminal a text takes.
func Columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if unicode.Is(unicode.Mn, r) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// byCount returns the keys, most frequent first.
func byCount[K ~string](counts map[K]int) []K {
	keys := slices.Collect(maps.Keys(counts))
	slices.SortFunc(keys, func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return keys
}

// NewEncoder returns an encoder of JSON that writes <, > and & as they are, since people read it, too.
func NewEncoder(w io.Writer) *json.Encoder {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder
}

// EvidenceInWords is the primary evidence as a table shows it.
func EvidenceInWords(f qianshao.Finding) string {
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

// Named is a code as a table shows it. In Chinese it is the console's name for the code. English
// tables show the code itself: it can be read, and is what flags take and JSON has.
func Named(lang locales.Lang, prefix, code string) string {
	if lang == locales.English || code == "" {
		return code
	}
	return lang.Named(prefix, code)
}

// HiddenHow says how a finding's evidence is concealed from visitors: a way of
// hiding, or the only view that has it.
func HiddenHow(lang locales.Lang, f qianshao.Finding) string {
	for _, e := range f.Evidence {
		if e.View != "" {
			return Named(lang, "view.", string(e.View))
		}
	}
	for _, e := range f.Evidence {
		if e.Hidden.Concealed() {
			return Named(lang, "hidden.", string(e.Hidden))
		}
	}
	return "-"
}

// NewProgress shows a counter on a terminal and nothing elsewhere. The spinner
// turns only with the counter: turned by the library's own goroutine it would
// be a data race (progressbar v3.19).
func NewProgress(w io.Writer, lang locales.Lang) *progressbar.ProgressBar {
	if v, ok := w.(visible); ok { // it would make visible the characters that return to the line's beginning
		w = v.to
	}
	file, ok := w.(*os.File)
	return progressbar.NewOptions(-1, progressbar.OptionSetWriter(w), progressbar.OptionSetVisibility(ok && term.IsTerminal(int(file.Fd()))),
		progressbar.OptionSetSpinnerChangeInterval(0), progressbar.OptionThrottle(progressInterval),
		progressbar.OptionSetDescription(lang.Text("cli.scan.scanning")), progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish())
}

// progressInterval is about as fast as the eye can follow.
const progressInterval = 100 * time.Millisecond

// NewLogger returns the log of the process on w, as text or as JSON, one object on each
// line. Resident identity numbers in it are masked, and the queries of URLs cut; its times
// are in the zone.
func NewLogger(w io.Writer, verbose bool, format string, zone func() *time.Location) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return inZone(discreetAttr(a), zone) }}
	logger := slog.New(slog.NewTextHandler(w, opts))
	if format == "json" {
		logger = slog.New(slog.NewJSONHandler(w, opts))
	}
	// net/http writes to the standard logger what a server sends unasked. Here
	// it is quoted, and shown only in a verbose log.
	log.SetFlags(0)
	log.SetOutput(slog.NewLogLogger(logger.Handler(), slog.LevelDebug).Writer())
	return logger
}

// JSONLines returns a writer that turns every line into an object of the log on w.
func JSONLines(w io.Writer, zone func() *time.Location) io.Writer {
	opts := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return inZone(a, zone) }}
	return slog.NewLogLogger(slog.NewJSONHandler(w, opts), slog.LevelInfo).Writer()
}

// inZone converts a logged time to the zone.
func inZone(a slog.Attr, zone func() *time.Location) slog.Attr {
	if a.Value.Kind() == slog.KindTime {
		a.Value = slog.TimeValue(a.Value.Time().In(zone()))
	}
	return a
}

// discreetAttr removes from logged values, such as a page's URL, what nobody needs to know about an
// innocent page.
func discreetAttr(a slog.Attr) slog.Attr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(Discreet(v.String()))
	case slog.KindAny:
		switch x := v.Any().(type) {
		case error:
			a.Value = slog.StringValue(Discreet(x.Error()))
		case fmt.Stringer:
			a.Value = slog.StringValue(Discreet(x.String()))
		}
	}
	return a
}

// Discreet is a text as it may be logged: resident identity numbers are masked, and
// the queries of URLs cut.
func Discreet(s string) string { return mask.String(withoutQueries(s)) }

// Lines yields the arguments, and for "-" the lines of standard input that are not blank.
func Lines(in io.Reader, args []string) func(yield func(string, error) bool) {
	return func(yield func(string, error) bool) {
		for _, arg := range args {
			if arg != "-" {
				if !yield(arg, nil) {
					return
				}
				continue
			}
			text := bufio.NewScanner(in)
			for text.Scan() {
				if line := strings.TrimSpace(text.Text()); line != "" && !yield(line, nil) {
					return
				}
			}
			if err := text.Err(); err != nil && !yield("", locales.Errorf("cli.lines", err)) {
				return
			}
		}
	}
}
