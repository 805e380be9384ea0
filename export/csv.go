package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/qianshao/qianshao/internal/untrusted"
	"github.com/qianshao/qianshao/locales"
)

// csvTime is a time with its offset; no program reads it as a formula.
const csvTime = "2006-01-02 15:04:05-07:00"

// byteOrderMark tells Excel that a file is UTF-8; without it, Excel reads Chinese as GBK.
const byteOrderMark = "\uFEFF"

// Sheet writes CSV for spreadsheets, without any cell that is evaluated as a formula.
type Sheet struct{ csv *csv.Writer }

// NewSheet begins a table with the names of its columns.
func NewSheet(w io.Writer, names []string) (*Sheet, error) {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return nil, err
	}
	s := &Sheet{csv.NewWriter(w)}
	s.csv.UseCRLF = true // RFC 4180
	err := s.Row(names)
	return s, err
}

// Row writes a row.
func (s *Sheet) Row(cells []string) error {
	row := make([]string, len(cells))
	for i := range cells {
		row[i] = inert(cells[i])
	}
	return s.csv.Write(row)
}

// End writes the buffered rest.
func (s *Sheet) End() error {
	s.csv.Flush()
	return s.csv.Error()
}

// table writes findings as CSV, one per row, with column names in the reader's language.
type table struct {
	*Sheet
	l locales.Lang
}

func newTable(w io.Writer, l locales.Lang) (*table, error) {
	var names []string
	for _, name := range columns() {
		names = append(names, l.Text("export.column."+name))
	}
	s, err := NewSheet(w, names)
	return &table{s, l}, err
}

// columns are the columns of the table, in the order of row.
func columns() []string {
	return []string{
		"id", "site", "url", "title", "category", "level", "score", "state", "verdict", "reason", "evidence", "place", "first", "last", "gone",
		"rule", "rule_title", "law", "indicators", "authorisation", "campaigns",
	}
}

func (t *table) row(r *Row) error {
	l := t.l
	return t.Row([]string{
		r.ID, untrusted.DefangHost(r.Site), r.Defanged, r.PageTitle, l.Named("category.", string(r.Category)), l.Named("level.", r.Level.String()),
		strconv.Itoa(r.Score), l.Named("state.", string(r.State)), verdictName(l, r), reasonName(l, r), r.Evidence.Before + r.Evidence.Text + r.Evidence.After, place(l, &r.Evidence),
		cellTime(r.FirstSeen), cellTime(r.LastSeen), cellTime(r.GoneAt), r.Rule, r.RuleTitle, strings.Join(r.Law, "; "), handles(l, r, "; "), r.Authorisation,
		strings.Join(r.Campaigns, " "),
	})
}

func (t *table) end() error { return t.End() }

func cellTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(csvTime)
}

// inert returns a cell that no spreadsheet evaluates as a formula: the author of a page chooses its title,
// and =HYPERLINK(…) or =cmd|… would reach the reader in our file. An apostrophe before it makes it text, as
// OWASP's page on CSV injection recommends. It is put before any leading sign, including full-width ones,
// which Excel treats alike, and after leading blanks; and after each character that is a separator in some
// country's settings, since the text after it would begin a cell there.
func inert(s string) string {
	var b strings.Builder
	begins := true
	for _, r := range s {
		if begins && strings.ContainsRune("=+-@\t\r＝＋－＠﹦﹢﹣﹫−", r) {
			b.WriteByte('\'')
		}
		b.WriteRune(r)
		switch {
		case strings.ContainsRune(",;|\t\r\n\"，；", r):
			begins = true
		case !unicode.IsSpace(r):
			begins = false
		}
	}
	return b.String()
}

func verdictName(l locales.Lang, r *Row) string {
	switch r.Verdict {
	case "":
		return ""
	case InReview:
		return l.Text("export.in_review")
	}
	name := l.Named("verdict.", r.Verdict)
	if r.Stale {
		name = l.Text("export.stale", name)
	}
	return name
}

func reasonName(l locales.Lang, r *Row) string {
	if r.Reason == "" {
		return ""
	}
	return l.Named("verdict.reason.", string(r.Reason))
}

// place says where the evidence is.
func place(l locales.Lang, e *Excerpt) string {
	if e.Line == 0 {
		return ""
	}
	parts := []string{l.Text("export.place", e.Line, e.Column), l.Named("region.", string(e.Region))}
	if e.Hidden != "" {
		parts = append(parts, l.Named("hidden.", string(e.Hidden)))
	}
	if e.View != "" {
		parts = append(parts, l.Named("who.", string(e.View)))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// handles lists the indicators of a row.
func handles(l locales.Lang, r *Row, between string) string {
	var list []string
	for _, h := range r.Indicators {
		list = append(list, fmt.Sprintf("%s: %s", l.Named("indicator.", string(h.Kind)), h.Value))
	}
	return strings.Join(list, between)
}
