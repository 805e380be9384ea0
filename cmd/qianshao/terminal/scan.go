package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/scan"
	"github.com/qianshao/qianshao/locales"
)

// Answers writes the answers of a scan, as lines of JSON or as a table.
type Answers struct {
	json  *json.Encoder
	table *Table
	lang  locales.Lang // of the table
}

// NewAnswers returns a writer of answers in a format: table, or jsonl.
func NewAnswers(w io.Writer, lang locales.Lang, format string) *Answers {
	if format == "table" {
		return &Answers{lang: lang, table: NewTable(w, lang.Text("cli.col.level"), lang.Text("cli.col.score"), lang.Text("cli.col.category"),
			lang.Text("cli.col.hidden"), lang.Text("cli.col.rule"), lang.Text("cli.col.evidence"), lang.Text("cli.col.input"))}
	}
	return &Answers{json: NewEncoder(w)}
}

// Print writes an answer, or adds it to the table.
func (p *Answers) Print(line scan.Answer) error {
	if p.json != nil {
		return p.json.Encode(line.Masked())
	}
	for _, row := range p.rows(line) {
		p.table.Row(row...)
	}
	return nil
}

// rows are the table's rows for an answer: its findings, the suppressed alerts, and
// what was not read.
func (p *Answers) rows(l scan.Answer) (rows [][]string) {
	if l.Err != nil {
		return [][]string{{p.lang.Text("cli.scan.row.error"), "", "", "", "", p.lang.Error(l.Err), l.Input}}
	}
	for _, f := range l.Findings {
		rows = append(rows, []string{Named(p.lang, "level.", f.Level.String()), strconv.Itoa(f.Score), Named(p.lang, "category.", string(f.Category)), HiddenHow(p.lang, f), f.Rule, EvidenceInWords(f), l.Input})
	}
	for _, a := range l.Allowed {
		by := a.By
		if entry, ok := a.Entry.(locales.Speaker); ok {
			by = entry.In(p.lang)
		}
		rows = append(rows, []string{p.lang.Text("cli.scan.row.allowed"), strconv.Itoa(a.Score), Named(p.lang, "category.", string(a.Category)), "-", a.Rule, by, l.Input})
	}
	if l.NotRead != "" {
		rows = append(rows, []string{p.lang.Text("cli.scan.row.not_read"), "", "", "", "", unread(p.lang, l.NotRead), l.Input})
	}
	if len(rows) == 0 {
		rows = append(rows, []string{Named(p.lang, "level.", l.Level.String()), "0", "-", "-", "-", "-", l.Input})
	}
	return rows
}

// Flush writes the table.
func (p *Answers) Flush() error {
	if p.table == nil {
		return nil
	}
	return p.table.Flush()
}

func unread(lang locales.Lang, reason qianshao.Unread) string {
	return lang.Named("unread.", string(reason))
}

// Scan writes the last lines of a scan in a language: how much was flagged, and how much
// could not be read.
func Scan(w io.Writer, lang locales.Lang, sum *scan.Summary) {
	fmt.Fprintln(w, lang.Text("cli.scan.counts", locales.Counted("count.inputs", sum.Inputs), sum.Flagged, locales.Counted("count.errors", sum.Errors)))
	if reasons := byCount(sum.Unread); len(reasons) > 0 {
		total, list := 0, locales.List{}
		for _, reason := range reasons {
			total += sum.Unread[reason]
			list = append(list, lang.Text("cli.scan.reason", sum.Unread[reason], unread(lang, reason)))
		}
		fmt.Fprintln(w, lang.Text("cli.scan.not_read", total, list))
	}
	if sum.Allowed > 0 {
		fmt.Fprintln(w, lang.Text("cli.scan.allowed", locales.Counted("count.inputs", sum.Allowed)))
	}
	for _, reason := range byCount(sum.Rules) {
		fmt.Fprintf(w, "%6d  %s\n", sum.Rules[reason], reason)
	}
}
