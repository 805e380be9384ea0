package evidence_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
)

// TestWarcio indexes an archive with deleted records by npm's warcio, and
// expects our own index: every record is where we say, and all remaining
// records can be read. QIANSHAO_WARCIO names a folder with warcio in
// node_modules.
func TestWarcio(t *testing.T) {
	folder := os.Getenv("QIANSHAO_WARCIO")
	if folder == "" {
		t.Skip("QIANSHAO_WARCIO names no folder with npm's warcio in node_modules; .ci/run sets it")
	}
	a := temp(t)
	for i := range 10 {
		it := aged(i, 100*(i%2), qianshao.Gambling)
		it.Page.Screenshot = []byte("\x89PNG")
		a.add(t, it)
	}
	if err := a.Delete(t.Context(), expired(t, a, evidence.Policy{Default: 50})); err != nil {
		t.Fatal(err)
	}
	indexes := t.TempDir()
	if _, err := a.WriteIndexes(t.Context(), indexes); err != nil {
		t.Fatal(err)
	}
	var ours, theirs strings.Builder
	for _, name := range contents(t, entries(t, indexes)) {
		ours.Write(name)
	}
	for _, name := range a.files(t) {
		cmd := exec.Command("node", filepath.Join(folder, "node_modules/warcio/dist/cli.js"), "cdx-index", "--format", "cdxj", name)
		var out, errOut bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errOut
		if err := cmd.Run(); err != nil {
			t.Fatalf("warcio: %v\n%s", err, errOut.String())
		}
		// warcio names a file by the last part of its path.
		theirs.WriteString(strings.ReplaceAll(out.String(), `"filename":"`, `"filename":"`+filepath.ToSlash(filepath.Dir(name[len(a.folder)+1:]))+"/"))
	}
	// warcio indexes metadata that is not application/warc-fields, which
	// pywb does not, and leaves the algorithm out of a digest.
	all := slices.DeleteFunc(sortedLines(theirs.String()), func(line string) bool { return strings.HasPrefix(line, "urn:findings:") })
	if diff := cmp.Diff(all, sortedLines(strings.ReplaceAll(ours.String(), `"sha256:`, `"`))); diff != "" {
		t.Errorf("(-warcio +ours):\n%s", diff)
	}
	a.sound(t)
}

func entries(t *testing.T, folder string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func sortedLines(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(lines)
	return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
}
