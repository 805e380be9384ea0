package main

import (
	"fmt"
	"time"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// backupCmd copies the data folder while a server may run on it.
type backupCmd struct {
	Folder string `arg:""`
}

func (c backupCmd) Run(env *environment) error {
	return env.withFolder(func(f *datafolder.Folder) error {
		m, err := f.Backup(env.ctx, env.rules, c.Folder, time.Now().In(env.zone()), env.tellProblem)
		if err != nil {
			return err
		}
		env.print("cli.backup.done", c.Folder, locales.Counted("count.files", len(m.Files)), locales.Counted("count.bytes", int(m.Size())), holds{m})
		return damaged(m)
	})
}

// restoreCmd makes a data folder from a backup.
type restoreCmd struct {
	Backup string `arg:"" type:"existingdir"`
}

func (c restoreCmd) Run(env *environment) error {
	if env.backends.Any() {
		return usageError(locales.Errorf("cli.backup.restore_servers"))
	}
	m, err := datafolder.Restore(env.ctx, datafolder.RestoreOptions{
		From: c.Backup, Data: env.data, Zone: env.zone(),
		Reindexing: env.reindexing("cli.backup.restore_index"), Problem: env.tellProblem, Warn: env.warn,
	})
	if err != nil {
		return err
	}
	env.print("cli.backup.restored", env.data, env.when(m.Made), zoneName{env}, holds{m})
	if m.Rules != "" {
		env.print("cli.backup.rules", datafolder.RestoredRules(env.data))
	}
	env.print("cli.backup.deleted")
	return damaged(m)
}

func (env *environment) tellProblem(p evidence.Problem) {
	fmt.Fprintln(env.out, terminal.Printable(p.In(env.lang)))
}

// holds says what a backup contains.
type holds struct{ *datafolder.Manifest }

func (m holds) In(l locales.Lang) string {
	more := ""
	for _, part := range []struct{ key, of string }{
		{"cli.backup.overlay", m.Overlay}, {"cli.backup.rule_set", m.Rules}, {"cli.backup.retention", m.Retention}, {"cli.backup.config", m.Config},
		{"cli.backup.head", m.Head}, {"cli.backup.act_head", m.ActHead},
	} {
		if part.of != "" {
			more += l.Text(part.key, part.of)
		}
	}
	return l.Text("cli.backup.holds", locales.Counted("count.findings", m.Findings), m.Open,
		locales.Counted("count.authorisations", m.Authorisations), locales.Counted("count.records", m.Records), more)
}

// damaged is the error for a backup whose evidence or acts were not as recorded.
func damaged(m *datafolder.Manifest) error {
	if m.Problems == 0 && m.ActProblems == 0 {
		return nil
	}
	if m.Problems == 0 {
		return mismatchError(locales.Errorf("cli.backup.acts_damaged", locales.Counted("count.problems", m.ActProblems)))
	}
	return mismatchError(locales.Errorf("cli.backup.damaged", locales.Counted("count.problems", m.Problems)))
}
