package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/token"
)

// rulesCmd serves those who write rules; all of it works on --rules-dir, or on
// the shipped rules without it.
type rulesCmd struct {
	Check   rulesCheckCmd   `cmd:"" help:"Read all rules and name every mistake with its place."`
	Test    rulesTestCmd    `cmd:"" help:"Run the tests inside the rules."`
	Fmt     rulesFmtCmd     `cmd:"" help:"Put rule files into the canonical form."`
	List    rulesListCmd    `cmd:"" help:"List the rules."`
	Explain rulesExplainCmd `cmd:"" help:"Tell why a rule fires on a text, or what is missing."`
}

// loadingGC is the collector's percentage while rules are read. A load makes
// some 20 MB of short-lived garbage; at the usual 100 percent a young process
// spends half of its start collecting it.
const loadingGC = 800

// loadRules reads the operator's rules, or the shipped ones.
func loadRules(dir string) (*rule.Set, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(loadingGC))
	rules, err := rule.Load(rulesFS(dir), rule.Options{Segmenter: token.New()})
	var mistakes *rule.LoadError
	if errors.As(err, &mistakes) {
		return nil, usageError(err)
	}
	return rules, err
}

func rulesFS(dir string) fs.FS {
	if dir == "" {
		return packs.FS()
	}
	return os.DirFS(dir)
}

func loadAnalyzer(dir string) (*analyze.Analyzer, error) {
	rules, err := loadRules(dir)
	if err != nil {
		return nil, err
	}
	return analyze.New(rules)
}

type rulesCheckCmd struct{}

func (rulesCheckCmd) Run(s *session) error {
	rules, err := loadRules(s.rulesDir)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d rules are in order\n", len(rules.Rules()))
	return nil
}

type rulesTestCmd struct{}

func (rulesTestCmd) Run(s *session) error {
	analyzer, err := loadAnalyzer(s.rulesDir)
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
	rules, err := loadRules(s.rulesDir)
	if err != nil {
		return err
	}
	table := newTable(s.out, "ID", "CATEGORY", "LEVEL", "STATUS", "TITLE")
	for _, r := range rules.Rules() {
		if c.Category == "" || string(r.Category) == c.Category {
			table.row(r.ID, string(r.Category), r.Level.String(), r.Status, r.Title)
		}
	}
	return table.flush()
}

type rulesExplainCmd struct {
	ID    string `arg:"" help:"The rule's id."`
	Input string `arg:"" optional:"" default:"-" help:"A file, or - for standard input."`
}

func (c rulesExplainCmd) Run(s *session) error {
	analyzer, err := loadAnalyzer(s.rulesDir)
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
