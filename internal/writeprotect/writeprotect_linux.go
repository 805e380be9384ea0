// Package writeprotect gives tests a folder that cannot be written.
package writeprotect

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Folder makes a folder unwritable for everybody until the test ends. File modes do not restrict
// root, so for root it is mounted read-only.
func Folder(t testing.TB, folder string) {
	t.Helper()
	if os.Geteuid() == 0 {
		mountReadOnly(t, folder)
		return
	}
	var folders []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			folders = append(folders, path)
			return os.Chmod(path, 0o500)
		}
		return os.Chmod(path, 0o400)
	})
	t.Cleanup(func() { // otherwise they cannot be removed
		for _, path := range folders {
			if err := os.Chmod(path, 0o700); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func mountReadOnly(t testing.TB, folder string) {
	t.Helper()
	if err := syscall.Mount(folder, folder, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("root needs a read-only mount, which is not allowed here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Mount("", folder, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}
