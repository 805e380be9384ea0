package datafolder_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/qianshao/qianshao/internal/datafolder"
)

// TestDiskFull: a migration and an export onto a full disk say what to do, and succeed once there is room.
func TestDiskFull(t *testing.T) {
	disk, from := t.TempDir(), datafolder.Options{Data: foundFolder(t)}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=16m"); err != nil {
		t.Skip("a small tmpfs cannot be mounted here:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	filler, folder := filepath.Join(disk, "filler"), filepath.Join(disk, "new")
	for name, write := range map[string]func() error{
		"migrate": func() error { _, err := migrate(t, from, datafolder.Options{Data: folder}); return err },
		"export":  func() error { return datafolder.RuleFolders{}.Export(folder) },
	} {
		if err := os.WriteFile(filler, make([]byte, 17<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("the disk is not full: %v", err)
		}
		if err := os.Truncate(filler, 16<<20-200<<10); err != nil {
			t.Fatal(err)
		}
		err := write()
		if err == nil || !strings.HasSuffix(err.Error(), "make room, and run the command again") {
			t.Errorf("%s: the error does not say what to do: %v", name, err)
		}
		if _, err := os.Lstat(folder); !os.IsNotExist(err) {
			t.Errorf("%s: the folder is left behind, %v", name, err)
		}
		if err := errors.Join(os.Remove(filler), write(), os.RemoveAll(folder)); err != nil {
			t.Errorf("%s, when there was room: %v", name, err)
		}
	}
}

// TestExportUndone: an export that fails removes what it has written, and nothing else.
func TestExportUndone(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	pipe := filepath.Join(from, "words.txt") // the last file, and one that cannot be copied
	if err := errors.Join(os.Mkdir(filepath.Join(from, "rules"), 0o700), os.WriteFile(filepath.Join(from, "rules", "a.yaml"), nil, 0o600),
		os.Mkdir(filepath.Join(to, ".git"), 0o700), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	rules := datafolder.RuleFolders{Dir: from}
	if err := rules.Export(to); err == nil {
		t.Error("a pipe was copied")
	}
	if left, err := filepath.Glob(filepath.Join(to, "*")); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v; want only .git", left, err)
	}
	if err := errors.Join(os.Remove(pipe), rules.Export(to)); err != nil {
		t.Errorf("exporting again: %v", err)
	}
	refused(t, rules.Export(to), filepath.Join(to, "rules")+" exists already")
}
