package main

import (
	"errors"
	"fmt"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// migrateCmd moves an outpost between a data folder and servers, either way.
type migrateCmd struct {
	ToData string       `required:"" help:"Data folder to make: everything that --to-store, --to-index and --to-evidence do not name is in it." placeholder:"DIR"`
	To     backendFlags `embed:"" prefix:"to-" envprefix:"QIANSHAO_TO_"`
}

func (c migrateCmd) Run(env *environment) error {
	from := env.folder()
	if !from.HasStore() {
		return usageError(fmt.Errorf("there is no database in %s; name the data folder with --data", env.data))
	}
	to := from
	to.Data, to.Backends = c.ToData, c.To.options()
	if err := to.Backends.Check(); err != nil {
		return usageError(fmt.Errorf("where it is to go, --to-…: %w", err))
	}
	m, tables, err := datafolder.Migrate(env.ctx, datafolder.MigrateOptions{
		From: from, To: to, Reindexing: env.reindexing("store and evidence are equal on both sides; the search index is built"), Problem: env.tellProblem,
	})
	if datafolder.InUse(err) {
		return errors.Join(err, errors.New("stop what runs on it: what it writes meanwhile would be left behind"))
	}
	if err != nil {
		return err
	}
	rows := 0
	for _, t := range tables {
		rows += t.Rows
		fmt.Fprintf(env.out, "%s  %s: %s\n", t.SHA256, t.Name, terminal.Counted(t.Rows, "row"))
	}
	fmt.Fprintf(env.out, "%s, %s, equal on both sides by their SHA-256; verified: %s\n", terminal.Counted(len(tables), "table"), terminal.Counted(rows, "row"), holds(m))
	with := ""
	if to.Backends != (backends.Options{}) {
		with = ", with --store, --index and --evidence as --to-… named them,"
	}
	fmt.Fprintf(env.out, "start on %s%s from now on, and never again on what was before; overlay, retention.yaml and qianshao.yaml are yours to copy\n", c.ToData, with)
	return damaged(m)
}
