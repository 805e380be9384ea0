package bleveindex

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// The names in the index's folder.
const (
	versionFile    = "version"
	generationFile = "generation"
	lockFile       = "lock"
	bleveDir       = "bleve"
)

// formatVersion changes whenever documents are built or tokenised differently, so that an older index is
// not searched with newer tokens.
const formatVersion = 6

// unfinished is the version of an index during its rebuild.
const unfinished = "unfinished\n"

// signature is the content of the version file.
func signature(opts Options) string {
	return index.Signature(fmt.Sprintf("qianshao index %d", formatVersion), opts.Fold, opts.zone()) + "\n"
}

// writeVersion replaces the version file in one step.
func writeVersion(path, content string) error {
	f, err := os.CreateTemp(path, versionFile+"-*")
	if err != nil {
		return locales.Errorf("because", locales.M("index.writing"), err)
	}
	defer os.Remove(f.Name()) // after the rename it fails, as it should
	_, err = f.WriteString(content)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(path, versionFile))
	}
	if err != nil {
		return locales.Errorf("because", locales.M("index.writing"), err)
	}
	return nil
}
