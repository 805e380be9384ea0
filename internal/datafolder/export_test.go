package datafolder_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/ingest/warc"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// TestExportMasksResidentIDs: a resident identity number on a flagged page is in
// the archived answer, as it was served, and in nothing that people read.
func TestExportMasksResidentIDs(t *testing.T) {
	const number = "11010519491231002X" // the standard's own example
	a, data := apptest.Crawl(t, `<title>青禾诊所</title><p>澳门线上赌场官网开户，注册送彩金88元，真人百家乐，老虎机爆奖</p><p>注册送彩金，提供身份证号 `+
		number+` 即可，真人百家乐`)
	found, err := a.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), Limit: 1})
	if err != nil || found.Total == 0 {
		t.Fatalf("the page is not flagged: %v", err)
	}
	report, err := a.Folder.Report(t.Context(), found.Hits[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	var export bytes.Buffer
	if err := a.Folder.Export(t.Context(), &export, report); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(export.Bytes()), int64(export.Len()))
	if err != nil {
		t.Fatal(err)
	}
	masked := 0
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, ".warc.gz") {
			continue // see below
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), number) {
			t.Errorf("%s has the number", f.Name)
		}
		if strings.Contains(string(content), strings.Repeat("*", len(number))) {
			masked++
		}
	}
	if masked == 0 {
		t.Error("the report does not show that something was masked")
	}
	checkArchive(t, datafolder.EvidencePath(data), number)
}

// checkArchive expects the number in the archive, in answers alone.
func checkArchive(t *testing.T, folder, number string) {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join(folder, "*.warc.gz"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("%v, %v", archives, err)
	}
	f, err := os.Open(archives[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	with := 0
	for records := warc.NewReader(f); ; {
		r, err := records.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		block, err := io.ReadAll(r.Block)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(block), number) {
			with++
			if r.Type != "response" {
				t.Errorf("a %s record has the number", r.Type)
			}
		}
	}
	if with == 0 {
		t.Error("the archive has not what was served")
	}
}
