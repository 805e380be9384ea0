package main

import (
	"fmt"
	"os"

	"github.com/qianshao/qianshao/analyze/evaluate"
)

// rulesCountCmd counts how often terms occur in ordinary texts, which decides their weight.
type rulesCountCmd struct {
	Folder string `arg:"" type:"existingdir"`
	All    bool
	Only   []string `placeholder:"PATH"`
}

func (c rulesCountCmd) Run(env *environment) error {
	analyzer, err := env.rules.Compile(env.warn)
	if err != nil {
		return err
	}
	counts, err := evaluate.Ordinary(os.DirFS(c.Folder), analyzer, evaluate.Options{Archive: archivePages}, evaluate.Counted{Only: c.Only, BothHalves: c.All})
	if err != nil {
		return usageError(fmt.Errorf("%s: %w", c.Folder, err))
	}
	_, err = env.out.Write(counts.Bytes())
	return err
}
