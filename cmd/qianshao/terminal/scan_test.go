package terminal

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/internal/scan"
	"github.com/qianshao/qianshao/locales"
)

// TestScanInChinese: the table of a scan says in the reader's language why something was not
// read, could not be read, or is not flagged.
func TestScanInChinese(t *testing.T) {
	allowance := &rule.Allowance{Kind: rule.AllowHost, What: "news.example.cn", Reason: "报社", Place: "own/allow.yaml:2:5"}
	broken := locales.Errorf("input.no_text")
	var table, summary strings.Builder
	printer, sum := NewAnswers(&table, locales.Chinese, "table"), scan.NewSummary()
	for _, line := range []scan.Answer{
		{Input: "a.doc", NotRead: qianshao.UnreadOffice},
		{Input: "b.jsonl:1", Error: broken.Error(), Err: broken},
		{Input: "c.html", Allowed: []qianshao.Allowed{{Rule: "r-1", By: allowance.String(), Entry: allowance}}},
	} {
		sum.Add(line)
		if err := printer.Print(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := printer.Flush(); err != nil {
		t.Fatal(err)
	}
	Scan(&summary, locales.Chinese, sum)
	for _, want := range []string{"旧格式的 Office 文档 ", `没有 "text"；请写成`, "主机 news.example.cn（报社），own/allow.yaml:2:5"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &table)
		}
	}
	if !strings.Contains(summary.String(), "1 份（旧格式的 Office 文档 1 份）") {
		t.Errorf("the summary is %s", &summary)
	}
}

// TestUnread: every reason has its words, in English those of the error.
func TestUnread(t *testing.T) {
	for _, reason := range qianshao.Unreads() {
		if got := unread(locales.English, reason); got != reason.Words() || unread(locales.Chinese, reason) == string(reason) {
			t.Errorf("%s is said as %q", reason, got)
		}
	}
}
