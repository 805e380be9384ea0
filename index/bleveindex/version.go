package bleveindex

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// The names in the index's folder.
const (
	versionFile    = "version"
	generationFile = "generation"
	lockFile       = "lock"
	bleveDir       = "bleve"
)

// formatVersion changes whenever documents are built or cut into tokens
// differently, so that an older index is not searched with newer tokens.
const formatVersion = 6

// unfinished is the version of an index whose rebuild has not come to its end.
const unfinished = "unfinished\n"

// signature is the content of the version file: the format, the zone's offsets
// in winter and in summer, and a hash of what fold does to each character, so
// that changed folding tables are noticed.
func signature(opts Options) string {
	format := fmt.Sprintf("qianshao index %d", formatVersion)
	for _, month := range []time.Month{time.January, time.July} {
		format += time.Date(2026, month, 1, 0, 0, 0, 0, opts.zone()).Format(" -0700")
	}
	fold := opts.Fold
	if fold == nil {
		return format + "\n"
	}
	sum := sha256.New()
	const chunk = 128 // characters folded at a time
	var b strings.Builder
	for r := rune(' '); r <= 0xFFFF; r++ {
		if utf8.ValidRune(r) {
			b.WriteRune(r)
		}
		if r%chunk == chunk-1 {
			sum.Write([]byte(fold(b.String())))
			sum.Write([]byte{0})
			b.Reset()
		}
	}
	return fmt.Sprintf("%s fold %s\n", format, hex.EncodeToString(sum.Sum(nil)[:8]))
}

// writeVersion replaces the version file in one step.
func writeVersion(path, content string) error {
	f, err := os.CreateTemp(path, versionFile+"-*")
	if err != nil {
		return fmt.Errorf("writing the search index's version: %w", err)
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
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
		return fmt.Errorf("writing the search index's version: %w", err)
	}
	return nil
}
