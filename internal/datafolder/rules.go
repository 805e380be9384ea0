package datafolder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// loadingGC is the garbage collector's percentage while rules are read. Loading creates some 20 MB
// of short-lived garbage. At the usual 100 percent a new process spends a tenth of its start
// collecting it. More than 400 gains nothing and takes more memory.
const loadingGC = 400

// RuleFolders say where the rules come from. The zero value means the shipped rules.
type RuleFolders struct {
	// Dir contains rules/, lists/, patterns/ and contexts/ to use instead of the shipped ones.
	Dir string
	// Overlay contains the operator's own rules and changes to the rules.
	Overlay string
	// Data is a data folder. If Overlay is empty, its "overlay" folder is used, if that exists when
	// the rules are read.
	Data string
}

// OverlayFolder returns the overlay's folder, or "" if there is none.
func (f RuleFolders) OverlayFolder() string {
	if f.Overlay != "" || f.Data == "" {
		return f.Overlay
	}
	own := filepath.Join(f.Data, overlayFolder)
	if info, err := os.Stat(own); err != nil || !info.IsDir() {
		return ""
	}
	return own
}

// Shipped reports whether only the shipped rules are used.
func (f RuleFolders) Shipped() bool { return f.Dir == "" && f.OverlayFolder() == "" }

// Base is the file system of the rules beneath the overlay.
func (f RuleFolders) Base() fs.FS {
	if f.Dir == "" {
		return packs.FS()
	}
	return os.DirFS(f.Dir)
}

// Export writes the rules beneath the overlay into a folder, in which none of their folders may exist.
// After an error none of them does.
func (f RuleFolders) Export(folder string) error {
	entries, err := fs.ReadDir(f.Base(), ".")
	if err != nil {
		return err
	}
	var made []string
	for _, entry := range entries {
		name := filepath.Join(folder, entry.Name())
		if _, err := os.Lstat(name); err == nil {
			return inputError(locales.Errorf("migrate.exists", name))
		}
		made = append(made, name)
	}
	return orUndo(folder, made, func() error { return os.CopyFS(folder, f.Base()) })
}

// Load reads the rules. The entries of an overlay expire by the clock. warn is called with parts of
// the overlay that have no effect, and may be nil. Mistakes that the operator must correct are an
// InputError.
func (f RuleFolders) Load(warn func(fmt.Stringer)) (*rule.Set, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(loadingGC))
	if info, err := fs.Stat(f.Base(), "rules"); err != nil || !info.IsDir() { // otherwise nothing would ever be found
		return nil, inputError(locales.Errorf("data.rules_dir", f.Dir))
	}
	opts := rule.Options{Now: time.Now()}
	if overlay := f.OverlayFolder(); overlay != "" {
		if info, err := os.Stat(overlay); err != nil || !info.IsDir() {
			return nil, inputError(locales.Errorf("data.overlay", overlay))
		}
		opts.Overlay, opts.OverlayName = os.DirFS(overlay), filepath.ToSlash(overlay)
	}
	rules, err := rule.Load(f.Base(), opts)
	var mistakes *syntax.Error
	if errors.As(err, &mistakes) {
		return nil, inputError(err)
	}
	if err != nil {
		return nil, err
	}
	if warn != nil {
		for _, w := range rules.Warnings() {
			warn(w)
		}
	}
	return rules, nil
}

// Compile loads the rules and compiles an analyzer.
func (f RuleFolders) Compile(warn func(fmt.Stringer)) (*analyze.Analyzer, error) {
	rules, err := f.Load(warn)
	if err != nil {
		return nil, err
	}
	return analyze.New(rules)
}

// CheckPatterns runs the tests contained in the patterns. A failing one is an InputError.
func CheckPatterns(analyzer *analyze.Analyzer) error {
	if err := analyzer.CheckPatterns(); err != nil {
		return inputError(err)
	}
	return nil
}

// CheckBenign runs the rules on the benign sample. A rule that fires on it is an InputError.
func CheckBenign(analyzer *analyze.Analyzer) error {
	if err := analyzer.CheckBenign(packs.Benign()); err != nil {
		return inputError(err)
	}
	return nil
}
