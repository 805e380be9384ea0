package evidence_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/qianshao/qianshao"
)

// TestDiskFull archives onto a disk of one megabyte, with and without the database on it: a failed Add
// leaves nothing behind, and succeeds once there is room.
func TestDiskFull(t *testing.T) {
	for _, withDatabase := range []bool{false, true} {
		t.Run(fmt.Sprint("with the database: ", withDatabase), func(t *testing.T) {
			disk := t.TempDir()
			if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4m"); err != nil {
				t.Skip("a small tmpfs cannot be mounted here:", err)
			}
			t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
			folder := disk
			if !withDatabase {
				folder = t.TempDir()
				if err := os.Mkdir(filepath.Join(disk, "evidence"), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(filepath.Join(disk, "evidence"), filepath.Join(folder, "evidence")); err != nil {
					t.Fatal(err)
				}
			}
			a := open(t, folder)
			a.add(t, aged(0, 0, qianshao.Gambling))
			filler := filepath.Join(disk, "filler")
			if err := os.WriteFile(filler, make([]byte, 4<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("the disk is not full: %v", err)
			}
			if err := os.Truncate(filler, fileSize(t, filler)-16<<10); err != nil {
				t.Fatal(err)
			}
			full := 0
			for ; full < 1000; full++ {
				_, err := a.Add(t.Context(), aged(full+1, 0, qianshao.Gambling))
				if err == nil {
					continue
				}
				if !strings.Contains(err.Error(), "make room") || !strings.Contains(err.Error(), fmt.Sprintf("http://a.example/%d", full+1)) {
					t.Fatalf("the error does not say what to do: %v", err)
				}
				break
			}
			a.sound(t)
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			a.add(t, aged(full+1, 0, qianshao.Gambling))
			if v := a.sound(t); v.Records < 5*(full+2) {
				t.Errorf("verified %+v, want %d pages", v, full+2)
			}
		})
	}
}

func fileSize(t *testing.T, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
