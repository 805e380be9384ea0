package document

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/qianshao/qianshao"
)

// pdfOf writes a PDF of one page whose font has the encoding GBK-EUC-H, is not embedded and has no
// ToUnicode table: only a reader that knows Adobe-GB1 can decode its text.
func pdfOf(t testing.TB, text string, times int) []byte {
	t.Helper()
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	line := fmt.Sprintf("BT /F1 12 Tf 72 720 Td <%s> Tj ET\n", hex.EncodeToString([]byte(gbk)))
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var offsets []int
	for i, object := range []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%sendstream", len(line)*times, strings.Repeat(line, times)),
		"<< /Type /Font /Subtype /Type0 /BaseFont /SimSun /Encoding /GBK-EUC-H /DescendantFonts [6 0 R] >>",
		"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /SimSun /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 /FontDescriptor 7 0 R >>",
		"<< /Type /FontDescriptor /FontName /SimSun /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 859 /Descent -141 /CapHeight 683 /StemV 80 >>",
	} {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, xref)
	return b.Bytes()
}

func needPdftotext(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("there is no pdftotext (Debian: poppler-utils, poppler-data)")
	}
}

func TestPDF(t *testing.T) {
	needPdftotext(t)
	const casino = "澳门百家乐开户，注册送彩金"
	text, err := PDF(pdfOf(t, casino, 1))
	if errors.Is(err, qianshao.UnreadNoPopplerData) {
		t.Skip("there is no poppler-data")
	}
	if err != nil || !strings.Contains(string(text), casino) {
		t.Errorf("%q, %v", text, err)
	}
	if text, err := PDF(pdfOf(t, " ", 1)); !errors.Is(err, qianshao.UnreadNoText) {
		t.Errorf("a page without text: %q, %v", text, err)
	}
	if text, err := PDF([]byte("%PDF-1.7\nno such thing")); !errors.Is(err, qianshao.UnreadDamaged) {
		t.Errorf("not a PDF: %q, %v", text, err)
	}
}

// TestPDFMemory: a page that would take more memory than it is allowed ends the
// child, and does no harm to the machine.
func TestPDFMemory(t *testing.T) {
	needPdftotext(t)
	body := pdfOf(t, "春天来了", 300_000)
	text, err := bounds{time: 30 * time.Second, memory: 160 << 20, text: MaxText}.pdf(body)
	if !errors.Is(err, qianshao.UnreadTooCostly) {
		t.Errorf("%d bytes of text, %v", len(text), err)
	}
}

// pretend replaces pdftotext by a script.
func pretend(t *testing.T, script string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "pdftotext"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
}

func TestPDFWithoutProgram(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if text, err := PDF(pdfOf(t, "春天", 1)); text != nil || !errors.Is(err, qianshao.UnreadNoPdftotext) {
		t.Errorf("%q, %v", text, err)
	}
}

// TestConfined: the child gets the bytes on standard input, the limits, an
// empty environment and none of our folders; and no network where network
// namespaces are available.
func TestConfined(t *testing.T) {
	t.Setenv("SECRET", "of the parent")
	pretend(t, `PATH=/usr/bin:/bin
cat; pwd; env; ulimit -v; ulimit -f; ulimit -n; ulimit -c; ulimit -t
readlink /proc/self/ns/net
(echo x > "$0.written") 2>/dev/null || echo refused`)
	text, err := bounds{time: 7 * time.Second, memory: 64 << 20, text: 4096}.pdf([]byte("%PDF-bytes\n"))
	got := string(text)
	if err != nil || !strings.HasPrefix(got, "%PDF-bytes\n/\n") || strings.Contains(got, "SECRET") || !strings.Contains(got, "\n65536\n0\n64\n0\n7\n") || !strings.HasSuffix(got, "refused\n") {
		t.Errorf("%v\n%s", err, got)
	}
	ours, _ := os.Readlink("/proc/self/ns/net")
	unshare := exec.Command("/bin/true")
	unshare.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET}
	if unshare.Run() == nil && strings.Contains(got, ours) {
		t.Errorf("the child has our network:\n%s", got)
	}
}

// TestEnds checks the reason given for each way in which a child can end.
func TestEnds(t *testing.T) {
	for _, tc := range []struct {
		name, script string
		text         string
		err          error
	}{
		{"reads nothing", "echo text", "text\n", nil},
		{"writes without end", "while :; do echo 0123456789; done", strings.Repeat("0123456789\n", 100)[:1000], qianshao.UnreadTruncated},
		{"complains without end", "i=0; while [ $i -lt 20000 ]; do echo 'Syntax Error' >&2; i=$((i+1)); done; echo ok", "ok\n", nil},
		{"asks for a password", "echo 'Command Line Error: Incorrect password' >&2; exit 1", "", qianshao.UnreadEncrypted},
		{"lacks poppler-data", "echo \"Syntax Error: Missing language pack for 'Adobe-GB1' mapping\" >&2; echo abc", "abc\n", qianshao.UnreadNoPopplerData},
		{"refuses", "exit 1", "", qianshao.UnreadDamaged},
		{"is killed", "kill -KILL $$", "", qianshao.UnreadTooCostly},
		{"crashes", "echo half; kill -SEGV $$", "half\n", qianshao.UnreadDamaged},
		{"says nothing", "printf '\\f'", "\f", qianshao.UnreadNoText},
	} {
		t.Run(tc.name, func(t *testing.T) {
			pretend(t, tc.script)
			body := bytes.Repeat([]byte("%PDF-1.4\n"), 100_000) // more than a pipe's buffer holds
			text, err := bounds{time: 20 * time.Second, memory: 64 << 20, text: 1000}.pdf(body)
			if !errors.Is(err, tc.err) || string(text) != tc.text {
				t.Errorf("%.80q, %v", text, err)
			}
		})
	}
}

// TestHanging: a child that takes too long is killed with all the processes that
// it has started; its output is kept.
func TestHanging(t *testing.T) {
	pretend(t, "echo half; /bin/sleep 60 & echo $!; wait")
	start := time.Now()
	text, err := bounds{time: time.Second, memory: 64 << 20, text: 1000}.pdf(make([]byte, 1<<20))
	if took := time.Since(start); !errors.Is(err, qianshao.UnreadTooCostly) || !strings.HasPrefix(string(text), "half\n") || took > 10*time.Second {
		t.Errorf("%q, %v after %s", text, err, took)
	}
	gone(t, string(text))
}

// gone checks that the process whose id is the last word of text has ended.
func gone(t *testing.T, text string) {
	t.Helper()
	words := strings.Fields(text)
	pid, err := strconv.Atoi(words[len(words)-1])
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	for range 100 {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d is still there", pid)
}
