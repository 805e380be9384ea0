package datafolder_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/export"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/ingest/warc"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// TestExportMasksResidentIDs: a resident identity number on a flagged page is in the archived
// response, as it was served, and in nothing that people read.
func TestExportMasksResidentIDs(t *testing.T) {
	const number = "11010519491231002X" // the standard's own example
	a, data := apptest.Crawl(t, `<title>青禾诊所</title><p>澳门线上赌场官网开户，注册送彩金88元，真人百家乐，老虎机爆奖</p><p>注册送彩金，提供身份证号 `+
		number+` 即可，真人百家乐`)
	found, err := a.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), Limit: 1})
	if err != nil || found.Total == 0 {
		t.Fatalf("the page is not flagged: %v", err)
	}
	report, err := a.Folder.FindingReport(t.Context(), found.Hits[0].ID)
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

// checkArchive expects the number in the archive, in responses only.
func checkArchive(t *testing.T, folder, number string) {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join(folder, "*/*/*.warc.gz"))
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
		t.Error("the archive does not have the response as served")
	}
}

// TestExportZip: with only the zip, one can check that no file was changed, that it has the records
// of the pages, each once, and that they are in the chain up to its head. The trail has the hash of
// the zip.
func TestExportZip(t *testing.T) {
	const number = "11010519491231002X"
	a, _ := apptest.Crawl(t, `<title>青禾诊所</title><p>澳门线上赌场官网开户，注册送彩金88元，真人百家乐，老虎机爆奖，身份证号 `+number+` 即可`)
	found, err := a.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), Limit: 1})
	if err != nil || found.Total == 0 {
		t.Fatalf("the page is not flagged: %v", err)
	}
	id := found.Hits[0].ID
	exporter := export.New(export.Options{
		Store: a.Folder.Store, Desk: a.Desk, Campaigns: a.Folder.Review.Campaigns, Evidence: a.Folder.ExportMany, Folder: t.TempDir(), Zone: time.UTC, Now: time.Now,
	})
	account := qianshao.Account{Name: "li", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}
	file, err := exporter.Export(t.Context(), account, export.Request{Findings: []string{id, "none", id}, Format: export.Zip})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	act, err := a.Folder.Review.Act(t.Context(), file.Act)
	if digest := hex.EncodeToString(sum[:]); err != nil || act.Subject.ID != digest || file.Digest != digest || act.By != "li" || file.Findings != 1 {
		t.Errorf("the trail has %+v, %v; of the file %s", act, err, digest)
	}
	members := membersOf(t, content)
	var manifest evidence.Manifest
	if err := json.Unmarshal([]byte(members["manifest.json"]), &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.For != "li" || manifest.Of != "findings: 2" || !slices.Equal(manifest.Findings, []string{id}) || manifest.Acts == "" || len(manifest.Records) == 0 {
		t.Errorf("the manifest is %+v", manifest)
	}
	names := map[string]bool{"manifest.json": true, "SHA256SUMS": true}
	for _, f := range manifest.Files {
		sum := sha256.Sum256([]byte(members[f.Name]))
		if names[f.Name] = true; hex.EncodeToString(sum[:]) != f.SHA256 || !strings.Contains(members["SHA256SUMS"], f.SHA256+"  "+f.Name+"\n") {
			t.Errorf("%s does not match the manifest", f.Name)
		}
	}
	for name, content := range members {
		if !names[name] {
			t.Errorf("%s is not in the manifest", name)
		}
		if strings.Contains(content, number) {
			t.Errorf("%s has the number", name)
		}
	}
	for _, name := range []string{"findings.jsonl", "report.md", "reports/" + id + ".html"} {
		if !strings.Contains(members[name], id) {
			t.Errorf("%s is of something else: %.300s", name, members[name])
		}
	}
	seqs := map[int64]bool{}
	for _, r := range manifest.Records {
		record := sha256.Sum256([]byte(members["page.warc.gz"][r.Offset : r.Offset+r.Length]))
		if seqs[r.Seq] || hex.EncodeToString(record[:]) != r.SHA256 || !strings.Contains(members["chain.txt"], r.Line+"\n") {
			t.Errorf("record %d does not match the chain, or is there twice", r.Seq)
		}
		seqs[r.Seq] = true
	}
	previous := ""
	for line := range strings.Lines(members["register.txt"]) {
		if previous != "" && !strings.HasPrefix(line, previous+" ") {
			t.Errorf("the chain is broken at %q", line)
		}
		link := sha256.Sum256([]byte(line))
		previous = hex.EncodeToString(link[:])
	}
	if !strings.HasSuffix(manifest.Head, ":"+previous) {
		t.Errorf("the register ends with %s, the head is %s", previous, manifest.Head)
	}
	limited := qianshao.Account{Name: "wang", Role: qianshao.RoleAnalyst, Sight: qianshao.Sight{Authorisations: []string{"none"}}}
	var refusal *export.Refusal
	if _, err := exporter.Export(t.Context(), limited, export.Request{Findings: []string{id}, Format: export.Zip}); !errors.As(err, &refusal) || refusal.Code != export.RefusedNone {
		t.Errorf("an account that does not see it gets %v", err)
	}
}

// membersOf returns the files of a zip by name.
func membersOf(t *testing.T, content []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]string{}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		members[f.Name] = string(text)
	}
	return members
}
