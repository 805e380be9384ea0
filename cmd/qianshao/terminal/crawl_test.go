package terminal_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// TestCrawl: a summary says in the reader's language what was not fetched, why,
// and what to do.
func TestCrawl(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 5, 0, 0, 0, time.UTC)
	s := app.Summary{
		Next:      at,
		Replanned: ingest.Replanned{URLs: 3, Hosts: 1, Findings: 2},
		Skipped:   []app.Skipped{{Reason: qianshao.SkipAddress, URLs: 7, Hosts: []string{"a.example", "b.example:81"}, MoreHosts: 2}},
		Before:    []app.Skipped{{Reason: "new_reason", URLs: 1, Hosts: []string{"c.example\x1b[2J"}}},
	}
	for i := range 22 {
		s.Waiting = append(s.Waiting, store.WaitingHost{Host: fmt.Sprintf("h%d.example", i), URLs: 4, Skip: qianshao.SkipUnreachable, Since: at, Next: at.Add(time.Hour)})
	}
	for language, want := range map[locales.Lang][]string{
		locales.English: {
			"0 pages fetched", "rescheduled: URLs 3, hosts 1. Findings with times in the future, to be corrected when their pages are next visited: 2.", "7  skipped: address_blocked: a.example, b.example:81 and 2 more\n",
			"set allow_private: true in scope.yaml", "1  skipped before: new_reason: c.example\\x1b[2J\n", "due at 2026-11-26 13:00:00 (UTC+8)",
			"22 hosts fail", "h19.example", "2026-11-26 14:00:00", "unreachable", "and 2 more",
		},
		locales.Chinese: {"时钟曾经超前", "请在 scope.yaml 写 allow_private: true", "另有 2 个主机", "22 个主机暂时失败", "下一个在 2026-11-26 13:00:00"},
	} {
		var out bytes.Buffer
		if err := terminal.Crawl(&out, language, s, qianshao.ChinaTime()); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%v: no %q in:\n%s", language, text, out.String())
			}
		}
		if strings.Contains(out.String(), "h20.example") || strings.Contains(out.String(), "\x1b") {
			t.Errorf("%v: unwanted text in:\n%s", language, out.String())
		}
	}
}
