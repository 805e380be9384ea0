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

// holderPath is the path of the file with a data folder's holder.
func holderPath(data string) string { return filepath.Join(data, "holder") }

var validHolder = regexp.MustCompile(`^[a-z2-7]{16}$`)

// Holder returns the name under which the process on a data folder holds leases of the frontier and
// writes evidence, unique among all that share a store. It is created once for a folder, and stays
// the same after a restart. A backup does not include it.
func Holder(data string) (string, error) {
	name := holderPath(data)
	content, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeHolder(name); err == nil {
			content, err = os.ReadFile(name) // another process may just have created it
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

// makeHolder creates the complete file in one step, unless it exists.
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
