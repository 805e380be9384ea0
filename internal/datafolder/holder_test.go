package datafolder_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/qianshao/qianshao/internal/datafolder"
)

// TestHolder: a folder has one name, whichever process asks first. Two folders have different
// names.
func TestHolder(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	names := make([]string, 8)
	var all sync.WaitGroup
	for i := range names {
		all.Go(func() {
			var err error
			if names[i], err = datafolder.Holder(data); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, name := range names {
		if name != names[0] || len(name) != 16 {
			t.Errorf("one folder's names are %q", names)
		}
	}
	if entries, err := os.ReadDir(data); err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
	if other, err := datafolder.Holder(t.TempDir()); err != nil || other == names[0] {
		t.Errorf("another folder's name is %q, %v", other, err)
	}
	if err := os.WriteFile(filepath.Join(data, "holder"), []byte("../x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := datafolder.Holder(data); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("a changed file: %v", err)
	}
}
