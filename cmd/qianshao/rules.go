package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/internal/scan"
	"github.com/qianshao/qianshao/locales"
)

// rulesCmd is for those who write rules; all its commands work on --rules-dir,
// or without it on the shipped rules, and on the overlay.
type rulesCmd struct {
	Check   rulesCheckCmd   `cmd:""`
	Test    rulesTestCmd    `cmd:""`
	Fmt     rulesFmtCmd     `cmd:""`
	List    rulesListCmd    `cmd:""`
	Explain rulesExplainCmd `cmd:""`
	Export  rulesExportCmd  `cmd:""`
	Count   rulesCountCmd   `cmd:""`
	Preview rulesPreviewCmd `cmd:""`
}

type rulesCheckCmd struct {
	Repeated bool
	Words    bool
}

func (c rulesCheckCmd) Run(env *environment) error {
	analyzer, err := env.rules.Compile(env.warn)
	if err != nil {
		return err
	}
	if err := errors.Join(datafolder.CheckPatterns(analyzer), datafolder.CheckBenign(analyzer)); err != nil {
		return err
	}
	if c.Words {
		if err := printChance(env, analyzer); err != nil {
			return err
		}
	}
	rules := analyzer.Rules()
	if c.Repeated {
		for _, note := range rules.Repeated() {
			fmt.Fprintln(env.out, note.In(env.lang))
		}
	}
	on := rules.On()
	summary := env.lang.Count("cli.rules.in_order", len(rules.Rules()))
	if off := len(rules.Rules()) - len(on); off > 0 {
		summary += env.lang.Text("cli.rules.off", off)
	}
	if n := rules.Allowances(); n > 0 {
		summary += env.lang.Text("cli.rules.allow_list", locales.Counted("count.allowances", n))
	}
	fmt.Fprintln(env.out, summary)
	return nil
}

// printChance lists short terms that may occur by chance.
func printChance(env *environment, analyzer *analyze.Analyzer) error {
	terms, err := analyzer.ChanceTerms()
	if err != nil {
		return err
	}
	t := env.table("cli.col.per_million", "cli.col.as_word", "cli.col.term", "cli.col.blocks", "cli.col.example", "cli.col.words")
	for len(terms) > 0 {
		c, n := &terms[0], 1
		for n < len(terms) && terms[n].Term.Key == c.Term.Key && terms[n].Around.Chance == c.Around.Chance {
			n++
		}
		t.Row(fmt.Sprintf("%.1f", c.Around.Chance), fmt.Sprintf("%.1f", c.Around.Own), c.Term.Text, fmt.Sprint(n), c.Rule+"/"+c.Block, strings.Join(c.Around.Examples, " "))
		terms = terms[n:]
	}
	return t.Flush()
}

// rulesExportCmd exports the rules inside the binary. The overlay already is a folder.
type rulesExportCmd struct {
	Folder string `arg:""`
}

func (c rulesExportCmd) Run(env *environment) error {
	if err := env.rules.Export(c.Folder); err != nil {
		return err
	}
	env.print("cli.rules.exported", c.Folder)
	return nil
}

type rulesTestCmd struct{}

func (rulesTestCmd) Run(env *environment) error {
	analyzer, err := env.rules.Compile(env.warn)
	if err != nil {
		return err
	}
	count, failures := analyzer.TestRules()
	for _, f := range failures {
		fmt.Fprintln(env.out, f.In(env.lang))
	}
	env.print("cli.rules.tested", count-len(failures), len(failures))
	if len(failures) > 0 {
		return mismatchError(locales.Errorf("cli.rules.failed", len(failures), locales.Counted("count.tests", count)))
	}
	return nil
}

type rulesFmtCmd struct {
	Write bool     `short:"w"`
	Files []string `arg:"" type:"existingfile"`
}

func (c rulesFmtCmd) Run(env *environment) error {
	for _, name := range c.Files {
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		formatted, err := syntax.Format(source)
		if err != nil {
			return usageError(fmt.Errorf("%s:%w", name, err))
		}
		switch {
		case !c.Write:
			_, err = env.verbatim.Write(formatted)
		case !bytes.Equal(source, formatted):
			err = replaceFile(name, formatted)
			fmt.Fprintln(env.out, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// replaceFile writes a temporary file beside the file and renames it, so that a crash leaves
// either the old or the new one. The new file gets the permissions of the old one.
func replaceFile(name string, content []byte) error {
	mode := fs.FileMode(0o644)
	if old, err := os.Stat(name); err == nil {
		mode = old.Mode().Perm()
	}
	temporary, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close()); err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return os.Rename(temporary.Name(), name)
}

type rulesListCmd struct {
	Category qianshao.Category
}

func (c rulesListCmd) Run(env *environment) error {
	if err := checkCategory(c.Category); err != nil {
		return err
	}
	rules, err := env.rules.Load(env.warn)
	if err != nil {
		return err
	}
	table := env.table("cli.col.id", "cli.col.category", "cli.col.level", "cli.col.status", "cli.col.from", "cli.col.title", "cli.col.off")
	for _, r := range rules.Rules() {
		if c.Category == "" || r.Category == c.Category {
			off := ""
			if r.Off != nil {
				off = r.Off.Message().In(env.lang)
			}
			table.Row(r.ID, string(r.Category), r.Level.String(), r.Status, env.lang.Text(origin(r, env.rules)), r.Title, off)
		}
	}
	return table.Flush()
}

// checkCategory refuses a flag's category that is not on the list; it may be empty.
func checkCategory(c qianshao.Category) error {
	if problem := syntax.CheckCategory(c); c != "" && problem.Key != "" {
		return usageError(&locales.Error{Message: problem})
	}
	return nil
}

// origin returns the catalogue's key for where a rule is from.
func origin(r *rule.Rule, folders datafolder.RuleFolders) string {
	switch {
	case r.Replaces:
		return "cli.rules.from.replaces"
	case r.Overlay:
		return "cli.rules.from.overlay"
	case folders.Dir != "":
		return "cli.rules.from.rules_dir"
	}
	return "cli.rules.from.shipped"
}

type rulesExplainCmd struct {
	ID    string `arg:""`
	Input string `arg:"" optional:"" default:"-"`
}

func (c rulesExplainCmd) Run(env *environment) error {
	analyzer, err := env.rules.Compile(env.warn)
	if err != nil {
		return err
	}
	if err := checkRule(analyzer.Rules(), c.ID); err != nil {
		return err
	}
	page, err := scan.Page(env.in, c.Input)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(env.out, analyzer.Explain(page, c.ID).In(env.lang))
	return err
}

// checkRule refuses the id of a rule that is not in the set, and names the nearest one that
// is, or the command that lists them.
func checkRule(rules *rule.Set, id string) error {
	if _, ok := rules.Rule(id); ok {
		return nil
	}
	var known []string
	for _, r := range rules.Rules() {
		known = append(known, r.ID)
	}
	return usageError(locales.Errorf("cli.rules.unknown", id, syntax.DidYouMean(id, known).Or(locales.M("cli.rules.see_list"))))
}
