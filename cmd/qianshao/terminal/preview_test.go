package terminal_test

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao/analyze/backtest"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/locales"
)

// TestPreview: a preview says in the reader's language how many stored pages it could not compare, and
// why; for each rule it shows a number of texts and counts the others.
func TestPreview(t *testing.T) {
	t.Parallel()
	report := &backtest.Report{Inputs: 3, NoLongerFlagged: 2, NotCompared: backtest.NotCompared{NeverFlagged: 1, NoLongerFlagged: 1}}
	for _, path := range []string{"a", "b"} {
		report.Changes = append(report.Changes, backtest.Change{Kind: backtest.Lost, Rule: "r-1", Title: "赌\x1b[2J", Input: "https://a.example/" + path, Text: "百家乐"})
	}
	for language, want := range map[locales.Lang][]string{
		locales.English: {
			"Not compared: 2 of the stored pages, since an unflagged page leaves no text (1 never flagged, 1 no longer).",
			"FINDINGS THAT ARE GONE (2)\n", "https://a.example/a:", "[百家乐]", "and 1 more; --show 2 lists them all",
		},
		locales.Chinese: {"已存网页里有 2 个没有比较：没有被标记的网页不留文字（从未标记 1 个，不再标记 1 个）", "消失的发现 (2)\n", "还有 1 处；--show 2 可全部列出"},
	} {
		var table strings.Builder
		if err := terminal.Preview(&table, language, report, 1); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(table.String(), text) {
				t.Errorf("%v: the table does not say %q:\n%s", language, text, table.String())
			}
		}
		if strings.Contains(table.String(), "\x1b") || strings.Contains(table.String(), "example/b") {
			t.Errorf("%v: unwanted text in:\n%s", language, table.String())
		}
	}
}
