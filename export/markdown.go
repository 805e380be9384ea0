package export

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/qianshao/qianshao/locales"
)

// text writes Markdown, for a ticket. All text from pages, rule files and accounts is in code: nothing in
// code is markup, a link, a mention or HTML, in any dialect.
type text struct {
	w    *bufio.Writer
	l    locales.Lang
	zone *time.Location
	n    int
}

// newText begins the report. of says what was requested, by whom.
func newText(w io.Writer, l locales.Lang, zone *time.Location, of, by string, at time.Time) (*text, error) {
	t := &text{w: bufio.NewWriter(w), l: l, zone: zone}
	t.line("# " + l.Text("export.report"))
	t.line("")
	t.item("export.of", code(of))
	t.item("export.by", code(by))
	t.item("export.at", at.In(zone).Format(csvTime))
	return t, nil
}

func (t *text) line(s string) { _, _ = t.w.WriteString(s + "\n") } // end returns the error

// item writes a line of the list; value is Markdown.
func (t *text) item(key, value string) {
	if value != "" {
		t.line("- " + t.l.Text("export.item", t.l.Text(key), value))
	}
}

func (t *text) row(r *Row) error {
	l := t.l
	t.n++
	t.line("")
	t.line(fmt.Sprintf("## %d. %s · %s %d", t.n, escape(l.Named("category.", string(r.Category))), escape(l.Named("level.", r.Level.String())), r.Score))
	t.line("")
	t.item("export.column.url", code(r.Defanged))
	t.item("export.column.title", code(r.PageTitle))
	t.item("export.column.state", escape(l.Named("state.", string(r.State))))
	t.item("export.column.verdict", escape(strings.TrimSpace(verdictName(l, r)+" "+reasonName(l, r))))
	t.item("export.column.rule", strings.TrimSpace(code(r.RuleTitle)+" "+code(r.Rule)))
	for _, provision := range r.Law {
		t.item("export.column.law", code(provision))
	}
	t.item("export.column.place", escape(place(l, &r.Evidence)))
	for _, h := range r.Indicators {
		t.item("export.column.indicators", escape(l.Named("indicator.", string(h.Kind)))+" "+code(h.Value))
	}
	t.item("export.column.first", cellTime(r.FirstSeen))
	t.item("export.column.last", cellTime(r.LastSeen))
	t.item("export.column.gone", cellTime(r.GoneAt))
	t.item("export.column.authorisation", code(r.Authorisation))
	t.item("export.column.campaigns", code(strings.Join(r.Campaigns, " ")))
	t.item("export.column.id", code(r.ID))
	if evidence := r.Evidence.Before + r.Evidence.Text + r.Evidence.After; evidence != "" {
		fence := strings.Repeat("`", max(3, longestRun(evidence)+1))
		t.line("")
		t.line(fence + "text\n" + evidence + "\n" + fence)
	}
	return t.w.Flush()
}

func (t *text) end() error {
	t.line("")
	t.line(t.l.Count("export.total", t.n))
	return t.w.Flush()
}

// code writes one line of text as code; "" stays empty. The fence is longer than any run of backticks in
// it.
func code(s string) string {
	if s == "" {
		return ""
	}
	fence := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// longestRun is the length of the longest run of backticks.
func longestRun(s string) (longest int) {
	run := 0
	for _, r := range s {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// escape escapes our own words so that no character in them is markup.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]()<>#+-.!|~:@&$=\"'", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
