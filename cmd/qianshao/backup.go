package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// backupCmd copies the data folder while a server may run on it.
type backupCmd struct {
	Folder string `arg:"" help:"Folder to make; it must be missing or empty."`
}

func (c backupCmd) Run(env *environment) error {
	if !env.folder().HasStore() {
		return usageError(fmt.Errorf("there is no database in %s; name the data folder with --data", env.data))
	}
	return env.withFolder(func(f *datafolder.Folder) error {
		m, err := f.Backup(env.ctx, env.rules, c.Folder, time.Now().In(env.zone()), env.tellProblem)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.out, "%s: %s, %s; %s\n", c.Folder, terminal.Counted(len(m.Files), "file"), terminal.Counted(m.Size(), "byte"), holds(m))
		return damaged(m)
	})
}

// restoreCmd makes a data folder from a backup.
type restoreCmd struct {
	Backup string `arg:"" type:"existingdir" help:"Folder that \"qianshao backup\" wrote. The data folder, --data, must be missing or empty."`
}

func (c restoreCmd) Run(env *environment) error {
	if env.backends.Any() {
		return usageError(errors.New("a restore makes a data folder: leave --store, --index and --evidence out, also of the environment and the configuration file"))
	}
	m, err := datafolder.Restore(env.ctx, datafolder.RestoreOptions{
		From: c.Backup, Data: env.data, Zone: env.zone(),
		Reindexing: env.reindexing("files and evidence chain are those of the backup; the search index is built"), Problem: env.tellProblem, Warn: env.warn,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "%s is restored from the backup of %s; verified: %s\n", env.data, env.when(m.Made)+env.timed(""), holds(m))
	if m.Rules != "" {
		fmt.Fprintf(env.out, "the rules that stood in for the shipped ones are in %s: start with --rules-dir\n", datafolder.RestoredRules(env.data))
	}
	fmt.Fprintln(env.out, "what was deleted since the backup is there again: run \"qianshao evidence prune --apply\", and repeat what \"evidence delete\" did")
	return damaged(m)
}

func (env *environment) tellProblem(p evidence.Problem) {
	fmt.Fprintln(env.out, terminal.Printable(p.String()))
}

// holds says what a backup has.
func holds(m *datafolder.Manifest) string {
	text := fmt.Sprintf("%s (%d open), %s, %s of evidence", terminal.Counted(m.Findings, "finding"), m.Open,
		terminal.Counted(m.Authorisations, "authorisation"), terminal.Counted(m.Records, "record"))
	for _, part := range []struct{ name, from string }{{"overlay", m.Overlay}, {"rules", m.Rules}, {"retention policy", m.Retention}, {"configuration file", m.Config}} {
		if part.from != "" {
			text += ", " + part.name
		}
	}
	if m.Head != "" {
		text += "; head " + m.Head
	}
	if m.ActHead != "" {
		text += "; acts " + m.ActHead
	}
	return text
}

// damaged is the error of a backup whose evidence or acts were not as recorded.
func damaged(m *datafolder.Manifest) error {
	if m.Problems == 0 && m.ActProblems == 0 {
		return nil
	}
	if m.Problems == 0 {
		return mismatchError(fmt.Errorf("the trail of acts was copied as it is, with %s; \"qianshao acts verify\" lists them", terminal.Counted(m.ActProblems, "problem")))
	}
	return mismatchError(fmt.Errorf("the evidence archive was copied as it is, with %s; docs/operations.md, \"The evidence archive\", says what to do", terminal.Counted(m.Problems, "problem")))
}
