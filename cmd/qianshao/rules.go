package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/token"
)

// rulesCmd serves those who write rules; all of it works on --rules-dir, or on
// the shipped rules without it, and on the overlay.
type rulesCmd struct {
	Check   rulesCheckCmd   `cmd:"" help:"Read all rules and name every mistake with its place."`
	Test    rulesTestCmd    `cmd:"" help:"Run the tests inside the rules."`
	Fmt     rulesFmtCmd     `cmd:"" help:"Put rule files into the canonical form."`
	List    rulesListCmd    `cmd:"" help:"List the rules."`
	Explain rulesExplainCmd `cmd:"" help:"Tell why a rule fires on a text, or what is missing."`
	Export  rulesExportCmd  `cmd:"" help:"Write the rules, lists and contexts into a folder, to look into or to start from."`
	Preview rulesPreviewCmd `cmd:"" help:"Tell what a draft of the rules would flag that the rules in force do not, and the other way round."`
}

// loadingGC is the collector's percentage while rules are read. A load makes
// some 20 MB of short-lived garbage; at the usual 100 percent a young process
// spends half of its start collecting it.
const loadingGC = 800

// ruleFolders say where the rules come from: the shipped ones or dir, and on
// top of them the operator's overlay, or else the folder "overlay" of the data
// folder, if it is there when the rules are read.
type ruleFolders struct{ dir, overlay, data string }

func (f ruleFolders) overlayFolder() string {
	if f.overlay != "" || f.data == "" {
		return f.overlay
	}
	own := filepath.Join(f.data, "overlay")
	if info, err := os.Stat(own); err != nil || !info.IsDir() {
		return ""
	}
	return own
}

// shipped says whether nothing of the operator's own is among them.
func (f ruleFolders) shipped() bool { return f.dir == "" && f.overlayFolder() == "" }

// load reads the rules. The entries of an overlay lapse by the clock.
func (f ruleFolders) load() (*rule.Set, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(loadingGC))
	opts := rule.Options{Segmenter: token.New(), Now: time.Now()}
	if overlay := f.overlayFolder(); overlay != "" {
		if info, err := os.Stat(overlay); err != nil || !info.IsDir() {
			return nil, usageError(fmt.Errorf("the overlay %s is no folder; make it, or leave --overlay and QIANSHAO_OVERLAY out", overlay))
		}
		opts.Overlay, opts.OverlayName = os.DirFS(overlay), filepath.ToSlash(overlay)
	}
	rules, err := rule.Load(f.base(), opts)
	var mistakes *rule.LoadError
	if errors.As(err, &mistakes) {
		return nil, usageError(err)
	}
	return rules, err
}

func (f ruleFolders) base() fs.FS {
	if f.dir == "" {
		return packs.FS()
	}
	return os.DirFS(f.dir)
}

// loadRules reads the rules in force and tells what an overlay says in vain.
func (s *session) loadRules() (*rule.Set, error) {
	rules, err := s.rules.load()
	if err != nil {
		return nil, err
	}
	for _, w := range rules.Warnings() {
		fmt.Fprintf(s.err, "warning: %s\n", w)
	}
	return rules, nil
}

func (s *session) loadAnalyzer() (*analyze.Analyzer, error) {
	rules, err := s.loadRules()
	if err != nil {
		return nil, err
	}
	return analyze.New(rules)
}

// loadVetted reads the rules that are about to be put in force. The operator's own
// are held against the benign sample, as "rules check" does; the shipped ones have been.
func (s *session) loadVetted() (*analyze.Analyzer, error) {
	analyzer, err := s.loadAnalyzer()
	if err == nil && !s.rules.shipped() {
		err = s.vet(analyzer)
	}
	return analyzer, err
}

func (*session) vet(analyzer *analyze.Analyzer) error {
	if err := analyzer.CheckBenign(packs.Benign()); err != nil {
		return usageError(err)
	}
	return nil
}

type rulesCheckCmd struct{}

func (rulesCheckCmd) Run(s *session) error {
	analyzer, err := s.loadAnalyzer()
	if err != nil {
		return err
	}
	if err := s.vet(analyzer); err != nil {
		return err
	}
	rules := analyzer.Rules()
	on := rules.On()
	fmt.Fprintf(s.out, "%d rules are in order", len(rules.Rules()))
	if off := len(rules.Rules()) - len(on); off > 0 {
		fmt.Fprintf(s.out, ", %d of them switched off", off)
	}
	if n := rules.Allowances(); n > 0 {
		fmt.Fprintf(s.out, "; the allow-list has %d entries", n)
	}
	fmt.Fprintln(s.out)
	return nil
}

// rulesExportCmd shows what stands inside the binary. The overlay is a folder already.
type rulesExportCmd struct {
	Folder string `arg:"" help:"Folder to write into; made if it is not there. No file is overwritten."`
}

func (c rulesExportCmd) Run(s *session) error {
	if err := os.CopyFS(c.Folder, s.rules.base()); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return usageError(fmt.Errorf("%w; name an empty folder", err))
		}
		return err
	}
	fmt.Fprintf(s.out, "written to %s; what you change there counts with --rules-dir %s, but belongs in an overlay\n", c.Folder, c.Folder)
	return nil
}

type rulesTestCmd struct{}

func (rulesTestCmd) Run(s *session) error {
	analyzer, err := s.loadAnalyzer()
	if err != nil {
		return err
	}
	count, failures := analyzer.TestRules()
	for _, f := range failures {
		fmt.Fprintln(s.out, f)
	}
	fmt.Fprintf(s.out, "%d passed, %d failed\n", count-len(failures), len(failures))
	if len(failures) > 0 {
		return mismatchError(fmt.Errorf("%d of %d tests inside the rules failed", len(failures), count))
	}
	return nil
}

type rulesFmtCmd struct {
	Write bool     `short:"w" help:"Write the result back instead of printing it."`
	Files []string `arg:"" type:"existingfile" help:"Rule files."`
}

func (c rulesFmtCmd) Run(s *session) error {
	for _, name := range c.Files {
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		formatted, err := rule.Format(source)
		if err != nil {
			return usageError(fmt.Errorf("%s:%w", name, err))
		}
		switch {
		case !c.Write:
			_, err = s.out.Write(formatted)
		case !bytes.Equal(source, formatted):
			err = replaceFile(name, formatted)
			fmt.Fprintln(s.out, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// replaceFile writes beside the file and renames, so that a crash leaves the old or the new one.
func replaceFile(name string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Chmod(0o644), temporary.Sync(), temporary.Close()); err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return os.Rename(temporary.Name(), name)
}

type rulesListCmd struct {
	Category string `help:"Only this category."`
}

func (c rulesListCmd) Run(s *session) error {
	if c.Category != "" {
		if _, err := qianshao.ParseCategory(c.Category); err != nil {
			return usageError(err)
		}
	}
	rules, err := s.loadRules()
	if err != nil {
		return err
	}
	table := newTable(s.out, "ID", "CATEGORY", "LEVEL", "STATUS", "FROM", "TITLE", "OFF")
	for _, r := range rules.Rules() {
		if c.Category == "" || string(r.Category) == c.Category {
			off := ""
			if r.Off != nil {
				off = r.Off.String()
			}
			table.row(r.ID, string(r.Category), r.Level.String(), r.Status, s.rules.origin(r), r.Title, off)
		}
	}
	return table.flush()
}

// origin says in words where a rule is from.
func (f ruleFolders) origin(r *rule.Rule) string {
	switch {
	case r.Replaces:
		return "overlay, replaces"
	case r.Overlay:
		return "overlay"
	case f.dir != "":
		return "rules-dir"
	}
	return "shipped"
}

type rulesExplainCmd struct {
	ID    string `arg:"" help:"The rule's id."`
	Input string `arg:"" optional:"" default:"-" help:"A file, or - for standard input."`
}

func (c rulesExplainCmd) Run(s *session) error {
	analyzer, err := s.loadAnalyzer()
	if err != nil {
		return err
	}
	if _, ok := analyzer.Rules().Rule(c.ID); !ok {
		return usageError(fmt.Errorf("there is no rule %q; \"qianshao rules list\" lists them", c.ID))
	}
	page, err := readPage(s.in, c.Input)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(s.out, analyzer.Explain(page, c.ID))
	return err
}
