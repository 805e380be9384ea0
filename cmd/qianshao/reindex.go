package main

import (
	"time"

	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// reindexCmd builds the index anew.
type reindexCmd struct{}

func (reindexCmd) Run(env *environment) error {
	count, err := datafolder.Reindex(env.ctx, env.folder(), env.reindexing("cli.reindex.why"))
	if err != nil {
		return err
	}
	env.print("cli.reindex.done", locales.Counted("count.findings", count))
	return nil
}

// reindexingInterval is the time between two lines of progress.
const reindexingInterval = 2 * time.Second

// reindexing reports why an index is built, by the key of the reason, and the progress.
func (env *environment) reindexing(why string) datafolder.Reindexing {
	var last time.Time
	return func(done, total int) {
		switch now := time.Now(); {
		case done == 0:
			env.tell("cli.reindex.begin", locales.M(why), total)
			last = now
		case now.Sub(last) >= reindexingInterval:
			env.tell("cli.reindex.progress", done, locales.Counted("count.findings", total))
			last = now
		}
	}
}
