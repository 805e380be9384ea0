package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDiskFull crawls into a file system that fills up meanwhile: the crawl
// says so and ends with an error, and when there is room again the next one
// reaches the end state of a crawl that always had room.
func TestDiskFull(t *testing.T) {
	if os.Getenv(fullWeb) == "" {
		t.Skip("a crawl waits half a minute for room before it gives up; set " + fullWeb)
	}
	size := sizeOfWeb(t)
	size.Pages /= 10 // the disk will still be full long before the end
	calm, calmFolder := startWeb(t, size.Options), t.TempDir()
	authorise(t, calmFolder, calm.Authorisation(time.Now()))
	if output, err := crawlWeb(calm, calmFolder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	want := readEndState(t, calmFolder)

	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("a small file system is needed and cannot be mounted (that takes root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	web := startWeb(t, size.Options)
	authorise(t, folder, web.Authorisation(time.Now()))
	ballast := filepath.Join(folder, "ballast")
	takeRoom(t, folder, ballast)
	output, err := crawlWeb(web, folder).CombinedOutput()
	if err == nil || !strings.Contains(string(output), "disk is full") {
		t.Errorf("the crawl on a full disk: %v, want an error that says so\n%.3000s", err, output)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if output, err := crawlWeb(web, folder).CombinedOutput(); err != nil {
		t.Fatalf("after room was made: %v\n%s", err, output)
	}
	if diff := cmp.Diff(want, readEndState(t, folder)); diff != "" {
		t.Errorf("after a full disk the end differs (-undisturbed +full):\n%.5000s", diff)
	}
}

// roomLeft is how much room the ballast leaves for a crawl: less than it needs.
const roomLeft = 300 << 10

// takeRoom leaves roomLeft in the file system of folder.
func takeRoom(t *testing.T, folder, ballast string) {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	for n := int64(fs.Bavail)*fs.Bsize - roomLeft; n > 0; n -= int64(len(block)) {
		if _, err := f.Write(block[:min(int64(len(block)), n)]); err != nil {
			t.Fatal(err)
		}
	}
}
