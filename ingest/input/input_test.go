package input_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/qianshao/qianshao/ingest/input"
)

// zipOf writes a zip file; files are names and contents in turn.
func zipOf(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		header := &zip.FileHeader{Name: files[i], Method: zip.Deflate}
		if strings.HasPrefix(files[i], "secret") {
			header.Flags |= 1 // encrypted
		}
		f, err := w.CreateHeader(header)
		if err == nil {
			_, err = f.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarOf(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		err := w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o600, Size: int64(len(files[i+1]))})
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// told returns a line for each entry: input, type, kind of document, why it was
// not read, and the page.
func told(entries func(func(input.Entry) bool)) []string {
	var lines []string
	for e := range entries {
		line := fmt.Sprintf("%s %s", e.Input, e.Page.ContentType)
		if e.TextOf != "" {
			line += " text of " + e.TextOf
		}
		if e.NotRead != "" {
			line += " " + e.NotRead.Error()
		}
		if e.Err != nil {
			line += " error " + e.Err.Error()
		}
		if len(e.Page.Body) < 100 {
			line += fmt.Sprintf(" %q", e.Page.Body)
		}
		lines = append(lines, line)
	}
	return lines
}

// TestContainers: archives and Office documents are recognised whatever their
// names, as a file, as a stream and inside an archive.
func TestContainers(t *testing.T) {
	t.Parallel()
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("首页.html")
	if err != nil {
		t.Fatal(err)
	}
	docx := zipOf(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<w:document><w:p><w:t>百家乐</w:t></w:p></w:document>",
		"word/media/image1.png", "\x89PNG\r\n\x1a\n", "word/afchunk.html", "<p>inserted")
	inner := zipOf(t, "deep.html", "<p>deep", "deeper.zip", zipOf(t, "x.html", "<p>"), "deeper.html.gz", zipped("<p>"))
	for _, tc := range []struct {
		name, file string
		want       []string
	}{
		{"site.zip", zipOf(t, "inner/page.html", "<p>一", gbk, "<p>二", "../../etc/passwd", "三", "a.png", "\x89PNG\r\n\x1a\n\x00", "secret.html", "<p>", "l.jsonl", `{"text":"四"}`,
			"w.warc", httpRecord("http://a.example/", "200 OK\r\nContent-Type: text/html", "<p>五"), "letter.docx", docx), []string{
			`!inner/page.html text/html "<p>一"`, `!首页.html text/html "<p>二"`, `!etc/passwd text/plain "三"`, `!a.png image/png not read: picture "\x89PNG\r\n\x1a\n\x00"`,
			`!secret.html  not read: encrypted ""`, `!l.jsonl:1 text/plain; charset=utf-8 "四"`, `!w.warc#0 text/html "<p>五"`,
			`!letter.docx text/plain; charset=utf-8 text of docx "百家乐\n\n"`, `!letter.docx!word/afchunk.html text/html "<p>inserted"`,
		}},
		{"site.html", inner, []string{ // named wrongly
			`!deep.html text/html "<p>deep"`, `!deeper.zip!x.html text/html "<p>"`, `!deeper.html.gz text/html "<p>"`,
		}},
		{"outer.zip", zipOf(t, "inner.zip", inner), []string{
			`!inner.zip!deep.html text/html "<p>deep"`, `!inner.zip!deeper.zip  not read: nested too deep ""`, `!inner.zip!deeper.html.gz  not read: nested too deep ""`,
		}},
		{"site.tar", tarOf(t, "a.html", "<p>一", "b.tar", tarOf(t, "c.txt", "二")), []string{`!a.html text/html "<p>一"`, `!b.tar!c.txt text/plain "二"`}},
		{"site.tar.gz", zipped(tarOf(t, "a.html", "<p>一", "b.tar.gz", zipped(tarOf(t, "c.txt", "二")))), []string{`!a.html text/html "<p>一"`, `!b.tar.gz!c.txt text/plain "二"`}},
		{"page.html.gz", zipped("<p>一"), []string{` text/html "<p>一"`}},
		{"texts.jsonl.gz", zipped(`{"text":"一"}`), []string{`:1 text/plain; charset=utf-8 "一"`}},
		{"records.gz", zipped(httpRecord("http://a.example/", "200 OK\r\nContent-Type: text/html", "<p>五")), []string{`#0 text/html "<p>五"`}},
		{"empty.zip", zipOf(t), []string{` text/plain ""`}},
		{"cut.zip", inner[:100], []string{` application/zip not read: damaged`}},
		{"cut.html.gz", zipped(strings.Repeat("<p>一", 1000))[:40], []string{` text/html not read: damaged`}},
		{"report", docx, []string{` text/plain; charset=utf-8 text of docx "百家乐\n\n"`, `!word/afchunk.html text/html "<p>inserted"`}},
		{"plain.zip", "<p>not a zip file", []string{` text/html "<p>not a zip file"`}},
	} {
		path := filepath.Join(t.TempDir(), tc.name)
		if err := os.WriteFile(path, []byte(tc.file), 0o600); err != nil {
			t.Fatal(err)
		}
		for root, got := range map[string][]string{path: told(input.Path(path)), tc.name: told(input.Stream(tc.name, strings.NewReader(tc.file)))} {
			for i, line := range got {
				got[i] = strings.TrimPrefix(line, root)
				if strings.Contains(line, "damaged") {
					got[i], _, _ = strings.Cut(got[i], ` "`) // without what was read of the page
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", root, diff)
			}
		}
		for range input.Path(path) { // leaving the loop at any entry must work
			break
		}
	}
}

// TestBombs: a file that expands without end is given up, with the reason.
func TestBombs(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("\x00", input.MaxFileBody+2)
	bomb := zipOf(t, "a", zeros, "b", "x")
	for name, tc := range map[string]struct {
		file string
		want []string
	}{
		"zip":          {bomb, []string{"-!a truncated", "- expands_too_far"}},
		"zip in a zip": {zipOf(t, "a.zip", bomb, "c", "x"), []string{"-!a.zip!a expands_too_far", "-!a.zip expands_too_far", "- expands_too_far"}},
		"tar":          {zipped(tarOf(t, "a", zeros, "b", "x")), []string{"-!a truncated", "- expands_too_far"}},
		"gzip":         {zipped(zeros), []string{"- truncated"}},
	} {
		var got []string
		for e := range input.Stream("-", strings.NewReader(tc.file)) {
			why := string(e.NotRead)
			if e.Page.Truncated {
				why += "truncated"
			}
			got = append(got, e.Input+" "+why)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// FuzzStream: every input gets an answer, and none causes a panic.
func FuzzStream(f *testing.F) {
	f.Add(zipOf(f, "a.html", "<p>", "b.zip", zipOf(f, "c.html", "<p>")))
	f.Add(zipped(tarOf(f, "a.html", "<p>", "b.jsonl", `{"text":"x"}`)))
	f.Add(zipOf(f, "[Content_Types].xml", "<Types/>", "xl/worksheets/sheet1.xml", "<worksheet><row><c><v>1</v></c></row></worksheet>"))
	f.Add("%PDF-1.4\n")
	f.Setenv("PATH", f.TempDir()) // no pdftotext
	f.Fuzz(func(t *testing.T, file string) {
		entries := 0
		for range input.Stream("-", strings.NewReader(file)) {
			entries++
		}
		if entries == 0 && !strings.Contains(file, "WARC") {
			t.Errorf("no answer for %q", file)
		}
	})
}
