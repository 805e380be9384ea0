package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	root "github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/ingest/warc"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// command runs the binary on a data folder and returns its exit code and its
// output.
func command(t *testing.T, folder string, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command("qianshao", append([]string{"--data", folder}, args...)...)
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(output)
}

// printed runs a program on a data folder and returns its standard output.
func printed(t *testing.T, program, folder string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, append([]string{"--data", folder}, args...)...)
	var mistakes bytes.Buffer
	cmd.Stderr = &mistakes
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", filepath.Base(program), args, err, &mistakes)
	}
	return string(output)
}

// TestEvidence crawls the demo's web and does with the archive what an operator does: verify, keep the head,
// export, check the zip without this program, detect a change, prune everything.
func TestEvidence(t *testing.T) {
	t.Parallel()
	web := startDemo(t)
	folder := crawled(t, web)

	if code, out := command(t, folder, "evidence", "verify"); code != exitOK || !strings.Contains(out, "the archive is as it was written") {
		t.Fatalf("verify: %d\n%s", code, out)
	}
	code, out := command(t, folder, "evidence", "head")
	head, _, _ := strings.Cut(out, " ")
	if code != exitOK {
		t.Fatalf("head: %d\n%s", code, out)
	}
	if code, out := command(t, folder, "evidence", "verify", "--head", head); code != exitOK {
		t.Errorf("verify --head: %d\n%s", code, out)
	}
	if code, out := command(t, folder, "evidence", "verify", "--head", "1"+head); code != exitMismatch {
		t.Errorf("verify with a head that the chain never had: %d\n%s", code, out)
	}

	name := filepath.Join(t.TempDir(), "export.zip")
	id := hiddenFinding(t, folder)
	if code, out := command(t, folder, "evidence", "export", id, "-o", name); code != exitOK {
		t.Fatalf("export: %d\n%s", code, out)
	}
	if code, _ := command(t, folder, "evidence", "export", id, "-o", name); code != exitUsage {
		t.Errorf("an export writes over a file: %d", code)
	}
	checkExport(t, name, head, id)
	checkCloaked(t, folder)
	backUpAndRestore(t, folder, head)

	files, err := filepath.Glob(filepath.Join(datafolder.EvidencePath(folder), "*/*/*.warc.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	indexes := filepath.Join(t.TempDir(), "cdxj")
	if code, out := command(t, folder, "evidence", "index", indexes); code != exitOK || !strings.Contains(out, "1 index written") {
		t.Errorf("index: %d\n%s", code, out)
	}
	if list, _ := filepath.Glob(filepath.Join(indexes, "*.cdxj")); len(list) != 1 {
		t.Errorf("%d indexes", len(list))
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	changed := slices.Clone(whole)
	changed[len(changed)/2] ^= 1
	if err := os.WriteFile(files[0], changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := command(t, folder, "evidence", "verify"); code != exitMismatch || !strings.Contains(out, "the record's bytes were changed") {
		t.Errorf("verify of a changed archive: %d\n%s", code, out)
	}
	if err := os.WriteFile(files[0], whole, 0o600); err != nil {
		t.Fatal(err)
	}
	letGo(t, folder)
}

// backUpAndRestore backs the folder up while a server runs on it, and restores it: the
// evidence, the findings and the overlay are those of the folder.
func backUpAndRestore(t *testing.T, folder, head string) {
	t.Helper()
	apptest.WriteRule(t, filepath.Join(folder, "overlay"), "one", "one-casino")
	server := serveOnly("qianshao", folder)
	startServer(t, server)
	parent := t.TempDir()
	backup, data := filepath.Join(parent, "backup"), filepath.Join(parent, "data")
	code, out := command(t, folder, "backup", backup)
	if code != exitOK || !strings.Contains(out, "overlay; head "+head) {
		t.Fatalf("backup: %d\n%s", code, out)
	}
	if code, out := command(t, folder, "backup", backup); code != exitUsage || !strings.Contains(out, "is not empty") {
		t.Errorf("a second backup into the folder: %d\n%s", code, out)
	}
	if code, out := command(t, folder, "restore", backup); code != exitUsage || !strings.Contains(out, "is not empty") {
		t.Errorf("restored over a data folder: %d\n%s", code, out)
	}
	if code, out := command(t, data, "restore", backup); code != exitOK || !strings.Contains(out, "(UTC+8); verified: ") {
		t.Fatalf("restore: %d\n%s", code, out)
	}
	if code, out := command(t, data, "evidence", "verify", "--head", head); code != exitOK {
		t.Errorf("verify in the restored folder: %d\n%s", code, out)
	}
	_, want := command(t, folder, "search", "--limit", "3")
	if code, out := command(t, data, "search", "--limit", "3"); code != exitOK || out != want {
		t.Errorf("search in the restored folder: %d\n%s\nwant\n%s", code, out, want)
	}
	if code, out := command(t, data, "rules", "list"); code != exitOK || !strings.Contains(out, "own-one") {
		t.Errorf("rules of the restored folder: %d\n%s", code, out)
	}
	if err := errors.Join(server.Process.Signal(os.Interrupt), server.Wait(), os.RemoveAll(filepath.Join(folder, "overlay"))); err != nil {
		t.Error(err)
	}
}

// letGo makes the retention policy delete everything: first as a preview, then really.
func letGo(t *testing.T, folder string) {
	t.Helper()
	execute := func(want string, args ...string) {
		t.Helper()
		if code, out := command(t, folder, args...); code != exitOK || !strings.Contains(out, want) {
			t.Errorf("%v: %d, want %q in\n%s", args, code, want, out)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "retention.yaml"), []byte("default: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	execute("0 captures, 0 records, 0 bytes would be deleted", "evidence", "prune")
	execute("0 captures, 0 records, 0 bytes deleted", "evidence", "prune", "--apply")
	prune := func(want string, cmd evidencePruneCmd) {
		t.Helper()
		if out := pruneLater(t, folder, cmd); !strings.Contains(out, want) {
			t.Errorf("%+v: want %q in\n%s", cmd, want, out)
		}
	}
	prune("findings would be deleted from database and index", evidencePruneCmd{})
	execute(" 0 records deleted", "evidence", "verify")
	id, other := hiddenFinding(t, folder), findingWhere(t, folder, func(f root.Finding) bool { return !f.Hidden })
	execute("deleted; from the archive 1 capture, ", "evidence", "delete", other, "--reason", "案件已结")
	execute("deleted by an operator: 案件已结", "evidence", "deletions")
	if code, out := command(t, folder, "evidence", "delete", other); code != exitFailure || !strings.Contains(out, "there is no finding "+other) {
		t.Errorf("deleted twice: %d\n%s", code, out)
	}
	prune("findings deleted from the database", evidencePruneCmd{Apply: true})
	execute("the archive is as it was written", "evidence", "verify")
	execute("0 of 0 findings", "search")
	execute("retention of", "evidence", "deletions")
	if code, out := command(t, folder, "evidence", "export", id); code != exitFailure || !strings.Contains(out, "there is no finding "+id) {
		t.Errorf("export of a deleted finding: %d\n%s", code, out)
	}
}

// pruneLater runs the command as of two days from now, and returns what it prints.
func pruneLater(t *testing.T, data string, cmd evidencePruneCmd) string {
	t.Helper()
	f := openFolder(t, data)
	defer f.Close()
	policy, err := datafolder.ParseRetention("retention.yaml", []byte("default: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := cmd.prune(&environment{lang: locales.English, told: locales.English, ctx: t.Context(), out: &out, zone: index.DefaultZone}, f, policy, time.Now().AddDate(0, 0, 2)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// checkCloaked exports a finding that only visitors from a search engine see:
// both views are archived, and the report distinguishes them.
func checkCloaked(t *testing.T, folder string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "cloaked.zip")
	id := findingWhere(t, folder, func(f root.Finding) bool { return f.URL == "http://clinic.example/doctors.html" })
	if code, out := command(t, folder, "evidence", "export", id, "-o", name); code != exitOK {
		t.Fatalf("export: %d\n%s", code, out)
	}
	unzipped := unzip(t, name)
	report, err := os.ReadFile(filepath.Join(unzipped, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"从搜索引擎来的访客所见", "普通访客在同一处所见", "<mark>线上赌场</mark>"} {
		if !strings.Contains(string(report), part) {
			t.Errorf("the report has no %q", part)
		}
	}
	index, err := os.ReadFile(filepath.Join(unzipped, "page.cdxj"))
	// The plain visitor's view is there twice: it was fetched again to
	// distinguish cloaking from a page that is never the same.
	if err != nil || strings.Count(string(index), `"url":"http://clinic.example/doctors.html"`) != 3 {
		t.Errorf("three answers are to be archived: %v\n%s", err, index)
	}
}

// hiddenFinding returns the id of a finding with concealed evidence.
func hiddenFinding(t *testing.T, folder string) string {
	t.Helper()
	return findingWhere(t, folder, func(f root.Finding) bool { return f.Hidden && f.PlainVersion == nil })
}

func findingWhere(t *testing.T, folder string, is func(root.Finding) bool) string {
	t.Helper()
	f := openFolder(t, folder)
	defer f.Close()
	for entry, err := range f.Store.AllFindings(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if is(entry.Finding) {
			return entry.Finding.ID
		}
	}
	t.Fatal("the demo has no such finding")
	return ""
}

// checkExport unpacks a zip and checks it as its report tells people to.
func checkExport(t *testing.T, name, head, id string) {
	t.Helper()
	folder := unzip(t, name)
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	report := read("report.html")
	for _, part := range []string{"<mark>", id, head[strings.Index(head, ":")+1:], "如何核对", "demo"} {
		if !strings.Contains(report, part) {
			t.Errorf("the report has no %q", part)
		}
	}
	if !strings.Contains(read("finding.json"), `"id": "`+id+`"`) || !strings.Contains(read("manifest.json"), `"head": "`+head+`"`) {
		t.Error("finding.json or manifest.json are of something else")
	}
	f, err := os.Open(filepath.Join(folder, "page.warc.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var kinds []string
	for records := warc.NewReader(f); ; {
		r, err := records.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, r.Type)
	}
	if want := []string{"warcinfo", "response", "request", "metadata", "metadata"}; !slices.Equal(kinds[:5], want) {
		t.Errorf("page.warc.gz has %v, want %v and no more than style sheets", kinds, want)
	}
	checkInShell(t, folder, report, head)
}

// checkInShell runs the commands that the report shows.
func checkInShell(t *testing.T, folder, report, head string) {
	t.Helper()
	for _, tool := range []string{"sh", "sha256sum", "cut", "head"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s here to check the zip with", tool)
		}
	}
	_, shell, _ := strings.Cut(report, `<pre class="shell">follow()`)
	shell, _, _ = strings.Cut("follow()"+shell, "</pre>")
	for _, step := range []struct{ script, want string }{
		{"sha256sum -c SHA256SUMS", "manifest.json: OK"},
		{strings.ReplaceAll(shell, "&lt;", "<"), head[strings.Index(head, ":")+1:] + "\n"},
	} {
		cmd := exec.Command("sh", "-c", step.script)
		cmd.Dir = folder
		output, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(output), step.want) || strings.Contains(string(output), "断裂") || strings.Contains(string(output), "登记 0") {
			t.Errorf("%s\n%v\n%s", step.script, err, output)
		}
	}
}

func unzip(t *testing.T, name string) string {
	t.Helper()
	folder := t.TempDir()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, f.Name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
