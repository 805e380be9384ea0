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
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/internal/scan"
)

// rulesCmd serves those who write rules; all of it works on --rules-dir, or on
// the shipped rules without it, and on the overlay.
type rulesCmd struct {
	Check   rulesCheckCmd   `cmd:"" help:"Read all rules and name every mistake with its place."`
	Test    rulesTestCmd    `cmd:"" help:"Run the tests inside the rules."`
	Fmt     rulesFmtCmd     `cmd:"" help:"Put rule files into the canonical form."`
	List    rulesListCmd    `cmd:"" help:"List the rules."`
	Explain rulesExplainCmd `cmd:"" help:"Tell why a rule fires on a text, or what is missing."`
	Export  rulesExportCmd  `cmd:"" help:"Write the rules, lists, patterns and contexts into a folder, to look into or to start from."`
	Count   rulesCountCmd   `cmd:"" help:"Count on how many ordinary sites each term stands: a file ordinary.tsv for a rule set or an overlay."`
	Preview rulesPreviewCmd `cmd:"" help:"Tell what a draft of the rules would flag that the rules in force do not, and the other way round."`
}

type rulesCheckCmd struct {
	Repeated bool `help:"Also list the terms that one block is given by two files."`
	Words    bool `help:"List the short terms that ordinary words contain or straddle, and that are let pass because they only support others or a rule says why."`
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
			fmt.Fprintln(env.out, note)
		}
	}
	on := rules.On()
	verb := "are"
	if len(rules.Rules()) == 1 {
		verb = "is"
	}
	fmt.Fprintf(env.out, "%s %s in order", terminal.Counted(len(rules.Rules()), "rule"), verb)
	if off := len(rules.Rules()) - len(on); off > 0 {
		fmt.Fprintf(env.out, ", %d of them switched off", off)
	}
	if n := rules.Allowances(); n > 0 {
		fmt.Fprintf(env.out, "; the allow-list has %s", terminal.Counted(n, "entry"))
	}
	fmt.Fprintln(env.out)
	return nil
}

// printChance lists short terms that come about by chance.
func printChance(env *environment, analyzer *analyze.Analyzer) error {
	terms, err := analyzer.ChanceTerms()
	if err != nil {
		return err
	}
	t := terminal.NewTable(env.out, "PER MILLION", "AS A WORD", "TERM", "BLOCKS", "FOR EXAMPLE", "WORDS")
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

// rulesExportCmd shows what stands inside the binary. The overlay is a folder already.
type rulesExportCmd struct {
	Folder string `arg:"" help:"Folder to write into; made if it is not there. No file is overwritten."`
}

func (c rulesExportCmd) Run(env *environment) error {
	if err := os.CopyFS(c.Folder, env.rules.Base()); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return usageError(fmt.Errorf("%w; name an empty folder", err))
		}
		return err
	}
	fmt.Fprintf(env.out, "written to %s; what you change there counts with --rules-dir %s, but belongs in an overlay\n", c.Folder, c.Folder)
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
		fmt.Fprintln(env.out, f)
	}
	fmt.Fprintf(env.out, "%d passed, %d failed\n", count-len(failures), len(failures))
	if len(failures) > 0 {
		return mismatchError(fmt.Errorf("%d of %s inside the rules failed", len(failures), terminal.Counted(count, "test")))
	}
	return nil
}

type rulesFmtCmd struct {
	Write bool     `short:"w" help:"Write the result back instead of printing it."`
	Files []string `arg:"" type:"existingfile" help:"Rule files."`
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

// replaceFile writes beside the file and renames, so that a crash leaves the old or the new one.
// The new one has the permissions of the old one.
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
	Category string `help:"Only this category."`
}

func (c rulesListCmd) Run(env *environment) error {
	if c.Category != "" {
		if _, err := qianshao.ParseCategory(c.Category); err != nil {
			return usageError(err)
		}
	}
	rules, err := env.rules.Load(env.warn)
	if err != nil {
		return err
	}
	table := terminal.NewTable(env.out, "ID", "CATEGORY", "LEVEL", "STATUS", "FROM", "TITLE", "OFF")
	for _, r := range rules.Rules() {
		if c.Category == "" || string(r.Category) == c.Category {
			off := ""
			if r.Off != nil {
				off = r.Off.String()
			}
			table.Row(r.ID, string(r.Category), r.Level.String(), r.Status, origin(r, env.rules), r.Title, off)
		}
	}
	return table.Flush()
}

// origin says in words where a rule is from.
func origin(r *rule.Rule, folders datafolder.RuleFolders) string {
	switch {
	case r.Replaces:
		return "overlay, replaces"
	case r.Overlay:
		return "overlay"
	case folders.Dir != "":
		return "rules-dir"
	}
	return "shipped"
}

type rulesExplainCmd struct {
	ID    string `arg:"" help:"The rule's id."`
	Input string `arg:"" optional:"" default:"-" help:"A file, or - for standard input."`
}

func (c rulesExplainCmd) Run(env *environment) error {
	analyzer, err := env.rules.Compile(env.warn)
	if err != nil {
		return err
	}
	if _, ok := analyzer.Rules().Rule(c.ID); !ok {
		return usageError(fmt.Errorf("there is no rule %q; \"qianshao rules list\" lists them", c.ID))
	}
	page, err := scan.Page(env.in, c.Input)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(env.out, analyzer.Explain(page, c.ID))
	return err
}
