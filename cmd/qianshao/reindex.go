package main

import (
	"fmt"

	"github.com/qianshao/qianshao/internal/app"
)

// reindexCmd builds the index anew.
type reindexCmd struct{}

func (reindexCmd) Run(env *environment) error {
	count, err := app.Reindex(env.ctx, env.data)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "%d findings indexed\n", count)
	return nil
}
