package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/archive"
)

func TestShown(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("网站/昞页.html") // 昞 ends with a backslash's byte
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"inner/page.html": "inner/page.html", "/etc/passwd": "etc/passwd", "../../a": "a", "a/../../../b": "b", `..\..\windows\a.htm`: "windows/a.htm",
		"": "(no name)", "..": "(no name)", "a\x1b[31m\nb": "a\uFFFD[31m\uFFFDb", "a\u202Egpj.exe": "a\uFFFDgpj.exe", "一\u3000二": "一\u3000二",
		gbk: "网站/昞页.html", "\xff\xfe": "\uFFFD\uFFFD", strings.Repeat("一", 2000): strings.Repeat("一", 341) + "…",
	} {
		if got := archive.Shown(name); got != want {
			t.Errorf("%q is shown as %q, want %q", name, got, want)
		}
	}
}

// zipped writes a zip file, deflated, whose headers prepare may change.
func zipped(t testing.TB, names []string, body []byte, prepare func(*zip.FileHeader)) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate}
		if prepare != nil {
			prepare(header)
		}
		f, err := w.CreateHeader(header)
		if err == nil && body != nil {
			_, err = f.Write(body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readAll reads the files of a zip, and returns how many there were and the error that stopped it.
func readAll(file []byte) (files int, total int64, err error) {
	z, err := archive.OpenZip(bytes.NewReader(file), int64(len(file)), archive.NewBudget(int64(len(file))))
	if err != nil {
		return 0, 0, err
	}
	for f, err := range z.Files() {
		if err != nil {
			return files, total, err
		}
		n, err := io.Copy(io.Discard, f.Body)
		files, total = files+1, total+n
		if err != nil {
			return files, total, err
		}
	}
	return files, total, nil
}

func TestZip(t *testing.T) {
	names := []string{"folder/", "folder/a.html", "b.html"}
	if files, total, err := readAll(zipped(t, names[1:], []byte("<p>"), nil)); files != 2 || total != 6 || err != nil {
		t.Errorf("%d files, %d bytes, %v", files, total, err)
	}
	if files, _, err := readAll(zipped(t, names[:1], nil, nil)); files != 0 || err != nil {
		t.Errorf("a folder alone: %d files, %v", files, err)
	}
	if _, _, err := readAll(zipped(t, names[1:], []byte("secret"), func(h *zip.FileHeader) { h.Flags |= 1 })); !errors.Is(err, qianshao.UnreadEncrypted) {
		t.Errorf("encrypted: %v", err)
	}
	lzma := bytes.ReplaceAll(zipped(t, []string{"a"}, []byte("x"), nil), []byte("\x08\x00\x08\x00"), []byte("\x08\x00\x0e\x00"))
	if _, _, err := readAll(lzma); !errors.Is(err, qianshao.UnreadPacking) {
		t.Errorf("compressed by LZMA: %v", err)
	}
	if _, _, err := readAll([]byte("PK\x03\x04 and no more")); !errors.Is(err, qianshao.UnreadDamaged) {
		t.Errorf("not a zip: %v", err)
	}
}

// TestZipBounds: decompression bombs are stopped early.
func TestZipBounds(t *testing.T) {
	bomb := zipped(t, []string{"a", "b"}, make([]byte, 17<<20), nil)
	files, total, err := readAll(bomb)
	if files != 2 || total >= 34<<20 || !errors.Is(err, qianshao.UnreadExpands) {
		t.Errorf("%d bytes: %d files, %d bytes, %v", len(bomb), files, total, err)
	}
	many := zipped(t, strings.Split(strings.Repeat("a ", 50_001), " ")[:50_001], nil, func(h *zip.FileHeader) { h.Method = zip.Store })
	if files, _, err := readAll(many); files != 50_000 || !errors.Is(err, qianshao.UnreadFiles) {
		t.Errorf("%d files, %v", files, err)
	}
	long := zipped(t, strings.Split(strings.Repeat(strings.Repeat("a", 60_000)+" ", 150), " ")[:150], nil, nil)
	if files, _, err := readAll(long); files != 0 || !errors.Is(err, qianshao.UnreadFiles) {
		t.Errorf("a directory of 9 MB: %d files, %v", files, err)
	}
}

func TestTar(t *testing.T) {
	var b bytes.Buffer
	packed := gzip.NewWriter(&b)
	w := tar.NewWriter(packed)
	for _, h := range []*tar.Header{
		{Name: "folder/", Typeflag: tar.TypeDir}, {Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		{Name: "../a.html", Typeflag: tar.TypeReg, Size: 3}, {Name: "b.html", Typeflag: tar.TypeReg, Size: 3},
	} {
		err := w.WriteHeader(h)
		if err == nil && h.Size > 0 {
			_, err = w.Write([]byte("<p>"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if w.Close() != nil || packed.Close() != nil {
		t.Fatal("not written")
	}
	for cut, want := range map[int]string{0: "a.html <p>, b.html <p>, ", 20: "a.html <p>, not read: damaged"} {
		budget := archive.NewBudget(0)
		r, err := archive.Gunzip(budget.Count(bytes.NewReader(b.Bytes()[:b.Len()-cut])), budget)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for f, err := range archive.Tar(r, budget) {
			if err != nil {
				got += err.Error()
				continue
			}
			body, _ := io.ReadAll(f.Body)
			got += f.Name + " " + string(body) + ", "
		}
		if got != want {
			t.Errorf("without the last %d bytes: %q, want %q", cut, got, want)
		}
	}
}

// TestSparse: files with holes, where a few bytes stand for a terabyte.
func TestSparse(t *testing.T) {
	pax := &tar.Header{Name: "a", Typeflag: tar.TypeReg, Size: 512, Format: tar.FormatPAX, PAXRecords: map[string]string{
		"XXX.sparse.major": "1", "XXX.sparse.minor": "0", "XXX.sparse.name": "a.html", "XXX.sparse.realsize": "1099511627776",
	}}
	for name, h := range map[string]*tar.Header{"PAX": pax, "GNU": {Name: "a", Typeflag: tar.TypeReg, Size: 512, Format: tar.FormatGNU}} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		err := w.WriteHeader(h)
		if err == nil {
			_, err = w.Write(append([]byte("1\n1099511627776\n0\n"), make([]byte, 494)...))
		}
		if err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		file := bytes.ReplaceAll(b.Bytes(), []byte("XXX.sparse."), []byte("GNU.sparse.")) // the writer refuses the real names
		if name == "GNU" {
			const typeflag, checksum = 156, 148
			file[typeflag] = tar.TypeGNUSparse
			stated, _ := strconv.ParseInt(string(file[checksum:checksum+6]), 8, 32)
			copy(file[checksum:], fmt.Sprintf("%06o", stated+tar.TypeGNUSparse-tar.TypeReg))
		}
		found := 0
		for f, err := range archive.Tar(bytes.NewReader(file), archive.NewBudget(int64(len(file)))) {
			if found++; f == nil || !errors.Is(err, qianshao.UnreadPacking) {
				t.Errorf("%s: %v, %v", name, f, err)
			}
		}
		if found != 1 {
			t.Errorf("%s: %d files", name, found)
		}
	}
}
