package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/internal/app"
)

type evidencePruneCmd struct {
	Policy string `help:"The retention policy; docs/operations.md shows one. Default: retention.yaml in the data folder." placeholder:"FILE"`
	Apply  bool   `help:"Delete. Without it, only what would be deleted is listed."`
}

func (c evidencePruneCmd) Run(env *environment) error {
	name := c.Policy
	if name == "" {
		name = filepath.Join(env.data, "retention.yaml")
	}
	source, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && c.Policy == "" {
		fmt.Fprintf(env.out, "there is no %s, so everything is kept\n", name)
		return nil
	}
	if err != nil {
		return usageError(err)
	}
	policy, err := app.ParseRetention(name, source)
	if err != nil {
		return usageError(err)
	}
	return env.withFolder(func(f *app.Folder) error { return c.prune(env, f.Evidence, policy, time.Now()) })
}

func (c evidencePruneCmd) prune(env *environment, archive *evidence.Archive, policy evidence.Policy, now time.Time) error {
	expired, err := archive.Expired(env.ctx, policy, now)
	if err != nil {
		return err
	}
	table := newTable(env.out, "CAPTURED", "RECORDS", "BYTES", "REASON", "PAGE")
	records, size := 0, int64(0)
	for _, e := range expired {
		records, size = records+e.Records, size+e.Bytes
		table.row(e.Captured.Format(time.DateOnly), strconv.Itoa(e.Records), strconv.FormatInt(e.Bytes, 10), e.Reason, e.URL)
	}
	if len(expired) > 0 {
		if err := table.flush(); err != nil {
			return err
		}
	}
	if !c.Apply {
		fmt.Fprintf(env.out, "%d captures, %d records, %d bytes would be deleted; --apply deletes them\n", len(expired), records, size)
		return nil
	}
	if err := archive.Delete(env.ctx, expired); err != nil {
		return err
	}
	fmt.Fprintf(env.out, "%d captures, %d records, %d bytes deleted\n", len(expired), records, size)
	return nil
}
