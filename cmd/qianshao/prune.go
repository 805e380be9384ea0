package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/internal/datafolder"
)

type evidencePruneCmd struct {
	Policy string `help:"The retention policy; docs/operations.md shows one. Default: retention.yaml in the data folder." placeholder:"FILE"`
	Apply  bool   `help:"Delete. Without it, only what would be deleted is listed."`
}

func (c evidencePruneCmd) Run(env *environment) error {
	policy, name, err := env.retention(c.Policy)
	if errors.Is(err, fs.ErrNotExist) && c.Policy == "" {
		fmt.Fprintf(env.out, "there is no %s, so everything is kept\n", name)
		return nil
	}
	if err != nil {
		return usageError(err)
	}
	return env.withFolder(func(f *datafolder.Folder) error { return c.prune(env, f, policy, time.Now()) })
}

// retention reads a retention policy; without a name, that of the data folder.
func (env *environment) retention(file string) (policy evidence.Policy, name string, err error) {
	if name = file; name == "" {
		name = datafolder.RetentionPath(env.data)
	}
	source, err := os.ReadFile(name)
	if err == nil {
		policy, err = datafolder.ParseRetention(name, source)
		policy.Zone = env.zone()
	}
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
	what := terminal.Counted(len(expired.Captures), "capture") + ", " + terminal.Counted(records, "record") + ", " + terminal.Counted(size, "byte")
	findings := terminal.Counted(len(expired.Findings), "finding")
	if !c.Apply {
		fmt.Fprintf(env.out, "%s would be deleted; --apply deletes them\n", what)
		fmt.Fprintf(env.out, "%s would be deleted from database and index\n", findings)
		return nil
	}
	kept := f.Prune(env.ctx, expired, now)
	if kept != nil && env.ctx.Err() != nil {
		return env.interrupted("what was deleted until then is; the same command again deletes the rest")
	}
	if kept != nil && !errors.Is(kept, bucket.ErrLocked) {
		return kept
	}
	fmt.Fprintf(env.out, "%s deleted\n", what)
	fmt.Fprintf(env.out, "%s deleted from the database\n", findings)
	return errors.Join(settleIndex(env, f), kept)
}

func listExpired(env *environment, expired datafolder.Expired) error {
	captures, findings := terminal.NewTable(env.out, env.timed("CAPTURED"), "RECORDS", "BYTES", "REASON", "PAGE"), terminal.NewTable(env.out, "FINDING", "REASON", "PAGE")
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
