package main

import "github.com/qianshao/qianshao/internal/datafolder"

// healthCmd checks a process where there is no shell beside it, as in a container.
type healthCmd struct{}

func (healthCmd) Run(env *environment) error {
	if err := datafolder.CheckHealth(env.ctx, env.data); err != nil {
		return err
	}
	env.print("cli.health.ok")
	return nil
}
