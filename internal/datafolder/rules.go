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

// loadingGC is the collector's percentage while rules are read. A load makes
// some 20 MB of short-lived garbage; at the usual 100 percent a young process
// spends a tenth of its start collecting it, at more than 400 it gains nothing and holds more.
const loadingGC = 400

// RuleFolders say where the rules come from. The zero value is the shipped rules.
type RuleFolders struct {
	// Dir holds rules/, lists/, patterns/ and contexts/ to use instead of the shipped ones.
	Dir string
	// Overlay holds the operator's own rules and changes on top of the rules.
	Overlay string
	// Data is a data folder whose own folder "overlay" counts where Overlay is
	// empty, if it is there when the rules are read.
	Data string
}

// OverlayFolder returns the overlay's folder, or "" where there is none.
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

// Shipped says whether nothing of the operator's own is among the rules.
func (f RuleFolders) Shipped() bool { return f.Dir == "" && f.OverlayFolder() == "" }

// Base is the file system of the rules below the overlay.
func (f RuleFolders) Base() fs.FS {
	if f.Dir == "" {
		return packs.FS()
	}
	return os.DirFS(f.Dir)
}

// Load reads the rules. The entries of an overlay expire by the clock. warn is
// told what the overlay says to no effect; nil keeps silent. What the operator
// must put right is an InputError.
func (f RuleFolders) Load(warn func(fmt.Stringer)) (*rule.Set, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(loadingGC))
	if info, err := fs.Stat(f.Base(), "rules"); err != nil || !info.IsDir() { // or nothing would ever be found
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

// Compile loads the rules and makes an analyzer of them.
func (f RuleFolders) Compile(warn func(fmt.Stringer)) (*analyze.Analyzer, error) {
	rules, err := f.Load(warn)
	if err != nil {
		return nil, err
	}
	return analyze.New(rules)
}

// CheckPatterns runs the tests inside the patterns; those that fail are an InputError.
func CheckPatterns(analyzer *analyze.Analyzer) error {
	if err := analyzer.CheckPatterns(); err != nil {
		return inputError(err)
	}
	return nil
}

// CheckBenign holds rules against the benign sample; those that fire on it are
// an InputError.
func CheckBenign(analyzer *analyze.Analyzer) error {
	if err := analyzer.CheckBenign(packs.Benign()); err != nil {
		return inputError(err)
	}
	return nil
}
