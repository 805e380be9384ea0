package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/backtest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

// TestPreviewStored tries a draft on the flagged pages of a data folder.
func TestPreviewStored(t *testing.T) {
	t.Parallel()
	data, draft := t.TempDir(), t.TempDir()
	analyzer, err := datafolder.RuleFolders{}.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := openFolder(t, data)
	const ad, clean = "<p>新用户注册送彩金，百家乐、老虎机任您玩，首存送一百，返水无上限</p>", "<p>门诊时间为每日八时至十七时</p>"
	for _, visit := range [][2]string{
		{"https://a.example/1", ad}, {"https://a.example/2", ad}, {"https://b.example/1", ad},
		{"https://c.example/never", clean}, {"https://c.example/once", ad}, {"https://c.example/once", clean},
	} {
		page := qianshao.Page{URL: visit[0], RequestedURL: visit[0], Status: 200, ContentType: "text/html", FetchedAt: time.Now(), Body: []byte(visit[1])}
		doc, assessment := analyzer.Assess(page)
		if _, err := f.Store.SavePage(t.Context(), store.Save{Page: page, Document: doc, Assessment: assessment}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	allow := "hosts:\n  - {host: a.example, reason: 试一试}\n"
	if err := os.WriteFile(filepath.Join(draft, "allow.yaml"), []byte(allow), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	code := run([]string{"--data", data, "rules", "preview", "--draft", draft, "--json"}, strings.NewReader(""), &out, &errOut)
	var got backtest.Report
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("exit %d: %v\n%s\n%s", code, err, out.Bytes(), errOut.Bytes())
	}
	if code != exitMismatch || got.Inputs != 3 || got.NoLongerFlagged != 2 || len(got.Sites) != 1 || got.Sites[0].Site != "a.example" {
		t.Errorf("exit %d, %+v", code, got)
	}
	if got.NotCompared != (backtest.NotCompared{NeverFlagged: 1, NoLongerFlagged: 1}) {
		t.Errorf("not compared: %+v", got.NotCompared)
	}
}
