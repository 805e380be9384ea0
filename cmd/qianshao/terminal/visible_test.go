package terminal_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
)

func TestVisible(t *testing.T) {
	t.Parallel()
	const hostile = "a\x1b[2J\u009b1m\u202eb\x00\r\x7f 注\u200d册\xff\tc\n"
	var out bytes.Buffer
	n, err := terminal.Visible(&out).Write([]byte(hostile))
	const want = `a\u001b[2J\u009b1m\u202eb\u0000\u000d\u007f 注` + "\u200d册\xff\tc\n"
	if err != nil || n != len(hostile) || out.String() != want {
		t.Errorf("%d, %v: %q, want %q", n, err, out.String(), want)
	}
	out.Reset()
	valid := strings.ReplaceAll(hostile, "\xff", "")
	if err := json.NewEncoder(terminal.Visible(&out)).Encode(valid); err != nil {
		t.Fatal(err)
	}
	var back string
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back != valid || strings.ContainsAny(out.String(), "\x1b\u009b\u202e") {
		t.Errorf("JSON: %q, %v", out.String(), err)
	}
	if got := terminal.Printable("a\x1b[2J\nb\u200bc"); got != `a\u001b[2J b c` {
		t.Errorf("in a table: %q", got)
	}
}

// TestLogHasNoQueries: neither the text nor the JSON of the log contains the query
// of a page's URL, in whatever value the URL is.
func TestLogHasNoQueries(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log := terminal.NewLogger(&out, true, format, func() *time.Location { return time.UTC })
		log.Info("skipped", "url", "http://a.example/p?sid=GEHEIM", "error", errorOf(`Get "https://a.example/x?sid=GEHEIM&a=1": refused (see http://a.example/y?sid=GEHEIM)`))
		if got := out.String(); strings.Contains(got, "GEHEIM") || !strings.Contains(got, "http://a.example/p?…") || !strings.Contains(got, ": refused (see http://a.example/y?…)") {
			t.Errorf("%s: %s", format, got)
		}
	}
}

type errorOf string

func (e errorOf) Error() string { return string(e) }
