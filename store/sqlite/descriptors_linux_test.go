package sqlite

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// fewFiles names the database that the child of TestTooFewDescriptors opens.
const fewFiles = "QIANSHAO_TEST_FEW_FILES"

// TestTooFewDescriptors: a process short of file descriptors gets an error that says so, whichever file
// fails to open. The limit applies to a whole process, hence the child.
func TestTooFewDescriptors(t *testing.T) {
	if path := os.Getenv(fewFiles); path != "" {
		openWithFew(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "q.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestTooFewDescriptors$", "-test.v")
	child.Env = append(os.Environ(), fewFiles+"="+path)
	output, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(output), "--- PASS: TestTooFewDescriptors") {
		t.Errorf("%v\n%s", err, output)
	}
}

// openWithFew opens the database with no descriptor left, then with one, and so on.
func openWithFew(t *testing.T, path string) {
	f, err := os.Open(path) // the poller now has its descriptors
	if err != nil {
		t.Fatal(err)
	}
	next := uint64(f.Fd())
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for left := range uint64(3) {
		limit := syscall.Rlimit{Cur: next + left, Max: next + 10}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		for name, opener := range map[string]func() (*database.DB, error){
			"Open":       func() (*database.DB, error) { return Open(t.Context(), path) },
			"OpenToRead": func() (*database.DB, error) { return OpenToRead(t.Context(), path) },
		} {
			s, err := opener()
			if err == nil {
				t.Fatalf("%s with %d descriptors succeeds: %v", name, left, s.Close())
			}
			if !errors.Is(err, syscall.EMFILE) || !strings.Contains(err.Error(), "too many open files (raise the limit") || strings.Contains(err.Error(), "must be writable") {
				t.Errorf("%s with %d descriptors: %v", name, left, err)
			}
		}
	}
}
