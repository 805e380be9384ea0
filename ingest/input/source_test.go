package input_test

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"go.uber.org/goleak"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/input"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answer is an entry as the tests compare it.
type answer struct {
	Input, Type, Body string
	Status            int
	Err               string // a part of the error's message
}

func answers(seq iter.Seq[input.Entry]) (list []answer) {
	for e := range seq {
		a := answer{Input: e.Input, Type: e.Page.ContentType, Body: string(e.Page.Body), Status: e.Page.Status}
		if e.Err != nil {
			a.Err = e.Err.Error()
		}
		list = append(list, a)
	}
	return list
}

func write(t testing.TB, path string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body, 0o644); err != nil {
		t.Fatal(err)
	}
}

// httpRecord is a WARC response record.
func httpRecord(uri, header, body string) string {
	block := "HTTP/1.1 " + header + "\r\n\r\n" + body
	return fmt.Sprintf("WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: %s\r\nWARC-Date: 2026-11-23T08:00:00Z\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", uri, len(block), block)
}

func zipped(body string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(body))
	_ = w.Close()
	return b.String()
}

func TestPath(t *testing.T) {
	root := t.TempDir()
	archive := httpRecord("http://a.example/1", "200 OK\r\nContent-Type: text/html; charset=gbk", "<p>one") +
		httpRecord("http://a.example/2", "302 Found\r\nLocation: /x", "") +
		httpRecord("http://a.example/3", "200 OK\r\nContent-Type: image/png", "\x89PNG") +
		httpRecord("http://a.example/4", "404 Not Found\r\nContent-Type: text/html\r\nContent-Encoding: gzip", zipped("<p>four"))
	files := map[string]string{
		"a.html": "<p>a", "b/c.txt": "c", "b/d.xml": "<d/>", "b/none": "<!doctype html><p>d", "e.bin": "\x00\x01\x02\x03",
		"empty.html": "", "f.jsonl": "{\"text\":\"一\",\"label\":3}\n\n{\"html\":\"<p>二\",\"url\":\"http://x.example/\"}\nbad\n{\"url\":\"x\"}\n{\"text\":\"last\"}",
		"g.warc": archive, "h.warc.gz": zipped(httpRecord("http://a.example/5", "200 OK", "<html>five")) + zipped(httpRecord("http://a.example/6", "200 OK\r\nContent-Type: text/plain", "six"))[:30],
		"i.warc": "", "j.ndjson": "\n",
	}
	for name, body := range files {
		write(t, filepath.Join(root, name), []byte(body))
	}
	if err := os.Symlink("/etc", filepath.Join(root, "k-link")); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(root, name) }
	fourth := strings.Index(archive, "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/4")
	second := len(zipped(httpRecord("http://a.example/5", "200 OK", "<html>five")))
	want := []answer{
		{Input: at("a.html"), Type: "text/html", Body: "<p>a"},
		{Input: at("b/c.txt"), Type: "text/plain", Body: "c"},
		{Input: at("b/d.xml"), Type: "text/xml", Body: "<d/>"},
		{Input: at("b/none"), Type: "text/html", Body: "<!doctype html><p>d"},
		{Input: at("e.bin"), Type: "application/octet-stream", Body: "\x00\x01\x02\x03"},
		{Input: at("empty.html"), Type: "text/html"},
		{Input: at("f.jsonl:1"), Type: "text/plain; charset=utf-8", Body: "一"},
		{Input: at("f.jsonl:3"), Type: "text/html; charset=utf-8", Body: "<p>二"},
		{Input: at("f.jsonl:4"), Err: "line 4: not a JSON object"},
		{Input: at("f.jsonl:5"), Err: `line 5: no "text"`},
		{Input: at("f.jsonl:6"), Type: "text/plain; charset=utf-8", Body: "last"},
		{Input: at("g.warc#0"), Type: "text/html; charset=gbk", Body: "<p>one", Status: 200},
		{Input: at(fmt.Sprintf("g.warc#%d", fourth)), Type: "text/html", Body: "<p>four", Status: 404},
		{Input: at("h.warc.gz#0"), Body: "<html>five", Status: 200},
		{Input: at("h.warc.gz"), Err: fmt.Sprintf("record at byte %d", second)},
		{Input: at("i.warc"), Err: "the archive is empty"},
		{Input: at("j.ndjson"), Err: "no lines"},
	}
	same := cmp.Comparer(func(a, b answer) bool {
		message := strings.Contains(a.Err, b.Err) || strings.Contains(b.Err, a.Err)
		errs := (a.Err == "") == (b.Err == "") && message
		a.Err, b.Err = "", ""
		return errs && a == b
	})
	if diff := cmp.Diff(want, answers(input.Path(root)), same); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if got := answers(input.Path(at("nothing"))); len(got) != 1 || !strings.Contains(got[0].Err, "check the path") {
		t.Errorf("%+v", got)
	}
	if got := answers(input.Path(at("k-link"))); len(got) == 0 {
		t.Error("a link that is named explicitly must be followed")
	}
	for name := range files { // leaving the loop at any entry must work
		for range input.Path(at(name)) {
			break
		}
	}
	for range input.Path(root) {
		break
	}
}

func TestPathDetails(t *testing.T) {
	root := t.TempDir()
	at := filepath.Join(root, "x.html")
	write(t, at, bytes.Repeat([]byte("x"), input.MaxFileBody+1))
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := os.Chtimes(at, when, when); err != nil {
		t.Fatal(err)
	}
	for e := range input.Path(at) {
		if e.Err != nil || !e.Page.Truncated || len(e.Page.Body) != input.MaxFileBody || !e.Page.FetchedAt.Equal(when) || e.Page.URL != at || e.Page.Source != qianshao.SourceFolder {
			t.Errorf("%v: %d bytes, truncated %v, %s, %s", e.Err, len(e.Page.Body), e.Page.Truncated, e.Page.FetchedAt, e.Page.URL)
		}
	}
	for e := range input.WARC("w", strings.NewReader(httpRecord("http://a.example/", "200 OK", "<p>"))) {
		if p := e.Page; p.URL != "http://a.example/" || p.Source != qianshao.SourceWARC || !p.FetchedAt.Equal(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)) {
			t.Errorf("%+v", p)
		}
	}
}

func TestStream(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"page", "<html><p>x", "- text/html <html><p>x"},
		{"text", "只是文字", "- text/plain 只是文字"},
		{"nothing", "", "- text/plain "},
		{"lines", "\ufeff {\"text\":\"x\"}\n", "-:1 text/plain; charset=utf-8 x"},
		{"archive", httpRecord("http://a.example/", "200 OK\r\nContent-Type: text/html", "<p>"), "-#0 text/html <p>"},
		{"packed archive", zipped(httpRecord("http://a.example/", "200 OK\r\nContent-Type: text/html", "<p>")), "-#0 text/html <p>"},
	} {
		got := answers(input.Stream("-", strings.NewReader(tc.in)))
		if len(got) != 1 || got[0].Input+" "+got[0].Type+" "+got[0].Body != tc.want || got[0].Err != "" {
			t.Errorf("%s: %+v, want %s", tc.name, got, tc.want)
		}
	}
}

func TestLongLine(t *testing.T) {
	in := `{"text":"` + strings.Repeat("x", input.MaxLine) + "\"}\n{\"text\":\"short\"}\n"
	got := answers(input.Lines("f", strings.NewReader(in)))
	if len(got) != 2 || !strings.Contains(got[0].Err, "f: line 1: longer than") || got[1].Body != "short" {
		t.Errorf("%.200v", got)
	}
}

// TestWARCMemory: an archive of 200 MB is read with one record in memory.
func TestWARCMemory(t *testing.T) {
	page := httpRecord("http://a.example/", "200 OK\r\nContent-Type: text/html", strings.Repeat("<p>text</p>", 10_000))
	n, peak := 0, uint64(0)
	for e := range input.WARC("w", &repeated{text: page, times: 2000}) {
		if e.Err != nil {
			t.Fatal(e.Err)
		}
		if n++; n%200 == 0 {
			var m runtime.MemStats
			runtime.GC() // count only live memory
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	if n != 2000 || peak > 64<<20 {
		t.Errorf("%d pages, %d MB of heap", n, peak>>20)
	}
}

// repeated reads a text many times over.
type repeated struct {
	text  string
	at    int
	times int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.at == len(r.text) {
		r.at = 0
		r.times--
	}
	if r.times == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.text[r.at:])
	r.at += n
	return n, nil
}

func BenchmarkWARC(b *testing.B) {
	page := httpRecord("http://a.example/", "200 OK\r\nContent-Type: text/html", strings.Repeat("<p>一段文字</p>", 1000))
	file := strings.Repeat(zipped(page), 100)
	b.SetBytes(int64(100 * len(page)))
	b.ReportAllocs()
	for b.Loop() {
		for e := range input.WARC("w", strings.NewReader(file)) {
			if e.Err != nil {
				b.Fatal(e.Err)
			}
		}
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "pages/s")
}
