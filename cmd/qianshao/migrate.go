package main

import (
	"errors"

	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// migrateCmd moves an outpost between a data folder and servers, in either direction.
type migrateCmd struct {
	ToData string       `required:"" placeholder:"DIR"`
	To     backendFlags `embed:"" prefix:"to-" envprefix:"QIANSHAO_TO_"`
}

func (c migrateCmd) Run(env *environment) error {
	from := env.folder()
	if err := from.NeedStore(); err != nil {
		return err
	}
	to := from
	to.Data, to.Backends = c.ToData, c.To.options()
	to.Backends.Prefix = "to-"
	if err := to.Backends.Check(); err != nil {
		return usageError(err)
	}
	m, tables, err := datafolder.Migrate(env.ctx, datafolder.MigrateOptions{
		From: from, To: to, Reindexing: env.reindexing("cli.migrate.index"), Problem: env.tellProblem,
	})
	if datafolder.InUse(err) {
		return errors.Join(err, locales.Errorf("cli.migrate.in_use"))
	}
	if err != nil {
		return err
	}
	rows := 0
	for _, t := range tables {
		rows += t.Rows
		env.print("cli.migrate.table", t.SHA256, t.Name, locales.Counted("count.rows", t.Rows))
	}
	env.print("cli.migrate.done", locales.Counted("count.tables", len(tables)), locales.Counted("count.rows", rows), holds{m})
	if to.Backends.Any() {
		env.print("cli.migrate.start_servers", c.ToData)
	} else {
		env.print("cli.migrate.start", c.ToData)
	}
	return damaged(m)
}
