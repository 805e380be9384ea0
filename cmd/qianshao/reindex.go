package main

import (
	"fmt"
	"time"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// reindexCmd builds the index anew.
type reindexCmd struct{}

func (reindexCmd) Run(env *environment) error {
	count, err := datafolder.Reindex(env.ctx, env.folder(), env.reindexing("the search index is built anew"))
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "%s indexed\n", terminal.Counted(count, "finding"))
	return nil
}

// reindexingInterval is the time between two lines of progress.
const reindexingInterval = 2 * time.Second

// reindexing says why an index is built, and how far that has come.
func (env *environment) reindexing(why string) datafolder.Reindexing {
	var last time.Time
	return func(done, total int) {
		switch now := time.Now(); {
		case done == 0:
			fmt.Fprintf(env.err, "%s; findings: %d\n", why, total)
			last = now
		case now.Sub(last) >= reindexingInterval:
			fmt.Fprintf(env.err, "%d of %s indexed\n", done, terminal.Counted(total, "finding"))
			last = now
		}
	}
}

// mismatch is what commands say that find the index to be another's.
const mismatch = "the search index is not up to date with the database and is built anew"
