package datafolder

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/qianshao/qianshao/locales"
)

// holderPath is the file that has a data folder's holder.
func holderPath(data string) string { return filepath.Join(data, "holder") }

var validHolder = regexp.MustCompile(`^[a-z2-7]{16}$`)

// Holder returns the name by which whoever runs on a data folder holds leases of the frontier and
// writes evidence, among all that share a store. It is made once for a folder, and stays
// the same after a restart; a backup does not have it.
func Holder(data string) (string, error) {
	name := holderPath(data)
	content, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeHolder(name); err == nil {
			content, err = os.ReadFile(name) // another process may have made it at the same time
		}
	}
	if err != nil {
		return "", err
	}
	holder := strings.TrimSpace(string(content))
	if !validHolder.MatchString(holder) {
		return "", locales.Errorf("data.holder.changed", name)
	}
	return holder, nil
}

// makeHolder makes the file whole, unless it is there.
func makeHolder(name string) error {
	if err := makeFolder(filepath.Dir(name)); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "holder.*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(strings.ToLower(rand.Text())[:16] + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
