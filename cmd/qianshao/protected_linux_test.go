package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/internal/writeprotect"
)

// TestWriteProtected: a copy that a court or an owner keeps may be write-protected. Its evidence
// can still be verified and exported, and the copy stays unchanged.
func TestWriteProtected(t *testing.T) {
	t.Parallel()
	web := startDemo(t)
	folder := crawled(t, web)
	id := hiddenFinding(t, folder)
	_, head := command(t, folder, "evidence", "head")
	protected := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(protected, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	writeprotect.Folder(t, protected)

	kept, _, _ := strings.Cut(head, " ")
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"the archive is as it was written", []string{"evidence", "verify", "--head", kept}},
		{head, []string{"evidence", "head"}},
		{"REASON", []string{"evidence", "deletions"}},
		{" of http", []string{"evidence", "export", id, "-o", filepath.Join(t.TempDir(), "export.zip")}},
	} {
		if code, out := command(t, protected, tt.args...); code != exitOK || !strings.Contains(out, tt.want) {
			t.Errorf("%v: exit code %d, want 0 and %q in\n%s", tt.args, code, tt.want, out)
		}
	}
}
