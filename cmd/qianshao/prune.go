package main

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

type evidencePruneCmd struct {
	Policy string `placeholder:"FILE"`
	Apply  bool
}

func (c evidencePruneCmd) Run(env *environment) error {
	if err := env.folder().NeedStore(); err != nil {
		return err
	}
	policy, name, err := env.retention(c.Policy)
	if errors.Is(err, fs.ErrNotExist) && c.Policy == "" {
		env.print("cli.prune.no_policy", name)
		return nil
	}
	if err != nil {
		return usageError(err)
	}
	return env.withFolder(func(f *datafolder.Folder) error { return c.prune(env, f, policy, time.Now()) })
}

// retention reads a retention policy; without a file, the data folder's.
func (env *environment) retention(file string) (policy evidence.Policy, name string, err error) {
	if name = file; name == "" {
		name = datafolder.RetentionPath(env.data)
	}
	source, err := os.ReadFile(name)
	if err != nil {
		return policy, name, locales.Errorf("retention.unread", err)
	}
	policy, err = datafolder.ParseRetention(name, source)
	policy.Zone = env.zone()
	return policy, name, err
}

func (c evidencePruneCmd) prune(env *environment, f *datafolder.Folder, policy evidence.Policy, now time.Time) error {
	expired, err := f.Expired(env.ctx, policy, now)
	if err != nil {
		return err
	}
	if err := listExpired(env, expired); err != nil {
		return err
	}
	records, size := 0, int64(0)
	for _, e := range expired.Captures {
		records, size = records+e.Records, size+e.Bytes
	}
	what := locales.M("cli.prune.what", locales.Counted("count.captures", len(expired.Captures)), locales.Counted("count.records", records), locales.Counted("count.bytes", int(size)))
	findings := locales.Counted("count.findings", len(expired.Findings))
	if !c.Apply {
		env.print("cli.prune.would", what)
		env.print("cli.prune.would_findings", findings)
		return nil
	}
	kept := f.Prune(env.ctx, expired, now)
	if kept != nil && env.ctx.Err() != nil {
		return interrupted(locales.M("cli.prune.rest"))
	}
	if kept != nil && !errors.Is(kept, bucket.ErrLocked) {
		return kept
	}
	env.print("cli.prune.done", what)
	env.print("cli.prune.done_findings", findings)
	return errors.Join(settleIndex(env, f), kept)
}

func listExpired(env *environment, expired datafolder.Expired) error {
	captures := env.table("cli.col.captured", "cli.col.records", "cli.col.bytes", "cli.col.reason", "cli.col.page")
	findings := env.table("cli.col.finding", "cli.col.reason", "cli.col.page")
	for _, e := range expired.Captures {
		captures.Row(e.Captured.In(env.zone()).Format(time.DateOnly), strconv.Itoa(e.Records), strconv.FormatInt(e.Bytes, 10), e.Reason, e.URL)
	}
	for _, e := range expired.Findings {
		findings.Row(e.ID, e.Reason, e.URL)
	}
	if len(expired.Captures) > 0 {
		if err := captures.Flush(); err != nil {
			return err
		}
	}
	if len(expired.Findings) > 0 {
		return findings.Flush()
	}
	return nil
}
