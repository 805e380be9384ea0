package app_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/scan"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// TestScanAPI: a page, and posts as JSON lines, are judged by the rules in force. Input that is too
// large is refused, and nothing that was sent is kept or logged.
func TestScanAPI(t *testing.T) {
	t.Parallel()
	const post = "百家乐开户，注册送88元彩金，微信 kaihu888"
	var log bytes.Buffer
	data := sqlitetest.Folder(t)
	a := apptest.New(t, app.Options{
		Data: data, Version: "test", Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"},
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	a.Start(t.Context())
	get(t, a, "api/v1/openapi.json") // makes the account
	token, _, err := a.Folder.Accounts.NewToken(t.Context(), "test", "root", "test", []qianshao.Scope{qianshao.Scope(qianshao.PowerSubmit)}, 24*3600e9)
	if err != nil {
		t.Fatal(err)
	}
	send := func(contentType, query, body string) (int, string) {
		t.Helper()
		r := curlRequest{method: http.MethodPost, url: a.ConsoleURL() + "api/v1/scan" + query, body: body, header: http.Header{
			"Authorization": {"Bearer " + token}, "Content-Type": {contentType},
		}}
		status, answer := r.do(t.Context(), t)
		return status, string(answer)
	}
	answerOf := func(line string) (answer scan.Answer) {
		t.Helper()
		if err := json.Unmarshal([]byte(line), &answer); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		return answer
	}
	status, text := send("text/plain; charset=utf-8", "?as=message", post)
	if one := answerOf(text); status != http.StatusOK || one.Category == nil || *one.Category != qianshao.Gambling || one.Input != "body" {
		t.Errorf("a message: %d %s", status, text)
	}
	page := `<p>校园</p><div style="display:none"><a href="http://casino.example">` + post + `</a></div>`
	if status, text := send("text/html", "", page); status != http.StatusOK || !answerOf(text).Findings[0].Hidden {
		t.Errorf("a page: %d %s", status, text)
	}
	lines := `{"text": "` + post + `", "url": "https://forum.example/1?id=11010519491231002X"}` + "\n" + `{"text": "今天开运动会"}` + "\n" + `{"name": "x"}` + "\n"
	status, text = send("application/jsonl", "", lines)
	parts := strings.Split(strings.TrimSpace(text), "\n")
	if status != http.StatusOK || len(parts) != 3 || strings.Contains(text, "11010519491231002X") {
		t.Fatalf("lines: %d %s", status, text)
	}
	if first, second, third := answerOf(parts[0]), answerOf(parts[1]), answerOf(parts[2]); first.Category == nil || second.Category != nil || third.Error == "" {
		t.Errorf("lines: %s", text)
	}
	for _, tc := range []struct {
		contentType, body string
		want              int
	}{
		{"application/jsonl", strings.Repeat("{}\n", api.MaxScanLines+1), http.StatusRequestEntityTooLarge},
		{"application/jsonl", strings.Repeat("{}\n", api.MaxScanLines), http.StatusOK},
		{"text/plain", strings.Repeat("a", api.MaxScan), http.StatusOK},
		{"text/plain", strings.Repeat("a", api.MaxScan+1), http.StatusRequestEntityTooLarge},
		{"application/zip", "PK", http.StatusUnsupportedMediaType},
		{"", "x", http.StatusUnsupportedMediaType},
		{"text/plain", "", http.StatusBadRequest},
	} {
		if status, text := send(tc.contentType, "", tc.body); status != tc.want {
			t.Errorf("%d bytes of %s: %d, want %d: %.200s", len(tc.body), tc.contentType, status, tc.want, text)
		}
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(data, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		if bytes.Contains(content, []byte("kaihu888")) {
			t.Errorf("%s contains what was scanned", name)
		}
		return err
	})
	if err != nil || strings.Contains(log.String(), "kaihu888") {
		t.Errorf("%v; the log: %s", err, log.String())
	}
}
