package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/internal/scan"
)

// Answers writes the answers of a scan, as lines of JSON or as a table.
type Answers struct {
	json  *json.Encoder
	table *Table
}

// NewAnswers returns a writer of answers in a format: table, or jsonl.
func NewAnswers(w io.Writer, format string) *Answers {
	if format == "table" {
		return &Answers{table: NewTable(w, "LEVEL", "SCORE", "CATEGORY", "HIDDEN", "RULE", "EVIDENCE", "INPUT")}
	}
	return &Answers{json: NewEncoder(w)}
}

// Print writes an answer, or adds it to the table.
func (p *Answers) Print(line scan.Answer) error {
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
		rows = append(rows, []string{f.Level.String(), strconv.Itoa(f.Score), string(f.Category), HiddenHow(f), f.Rule, EvidenceInWords(f), l.Input})
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

// Flush writes the table.
func (p *Answers) Flush() error {
	if p.table == nil {
		return nil
	}
	return p.table.Flush()
}

// Scan writes the last lines of a scan: how much was flagged, and how much could not be read.
func Scan(w io.Writer, sum *scan.Summary) {
	fmt.Fprintf(w, "%s, %d flagged, %s\n", Counted(sum.Inputs, "input"), sum.Flagged, Counted(sum.Errors, "error"))
	if reasons := byCount(sum.Unread); len(reasons) > 0 {
		total := 0
		for i, reason := range reasons {
			total += sum.Unread[reason]
			reasons[i] = fmt.Sprintf("%d %s", sum.Unread[reason], reason)
		}
		fmt.Fprintf(w, "not read: %d (%s), whole or in part; nothing is known of what was not read\n", total, strings.Join(reasons, ", "))
	}
	if sum.Allowed > 0 {
		fmt.Fprintf(w, "%s with alerts that the allow-list holds back; the lines say which entry\n", Counted(sum.Allowed, "input"))
	}
	for _, reason := range byCount(sum.Rules) {
		fmt.Fprintf(w, "%6d  %s\n", sum.Rules[reason], reason)
	}
}
