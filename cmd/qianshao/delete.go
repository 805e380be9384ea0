package main

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

type evidenceDeleteCmd struct {
	Findings []string `arg:""`
	Reason   string   `placeholder:"TEXT"`
}

func (c evidenceDeleteCmd) Run(env *environment) error {
	if err := env.folder().NeedStore(); err != nil {
		return err
	}
	policy, name, err := env.retention("")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usageError(err)
	}
	for _, id := range c.Findings {
		if !datafolder.IsFindingID(id) {
			return usageError(locales.Errorf("cli.evidence.not_id", id))
		}
		if slices.Contains(policy.Hold, id) {
			return usageError(locales.Errorf("cli.evidence.held", id, name))
		}
	}
	return env.withFolder(func(f *datafolder.Folder) error {
		var kept error
		for _, id := range c.Findings {
			err := c.delete(env, f, id)
			if err != nil && !errors.Is(err, bucket.ErrLocked) {
				return err
			}
			kept = cmp.Or(err, kept) // the last one covers all
		}
		return errors.Join(settleIndex(env, f), kept)
	})
}

// delete deletes one finding and says what was deleted with it. It has done so even if the error wraps
// bucket.ErrLocked.
func (c evidenceDeleteCmd) delete(env *environment, f *datafolder.Folder, id string) error {
	d, err := f.DeleteFinding(env.ctx, id, c.Reason, time.Now())
	if errors.Is(err, store.ErrNotFound) {
		return locales.Errorf("cli.evidence.unknown", id)
	}
	if err != nil && env.ctx.Err() != nil {
		return interrupted(locales.M("cli.evidence.delete_rest", id))
	}
	if err != nil && !errors.Is(err, bucket.ErrLocked) {
		return err
	}
	records, size := 0, int64(0)
	for _, e := range d.Captures {
		records, size = records+e.Records, size+e.Bytes
	}
	env.print("cli.evidence.deleted", id, d.Finding.Category, terminal.Printable(d.Finding.URL),
		locales.Counted("count.captures", len(d.Captures)), locales.Counted("count.records", records), locales.Counted("count.bytes", int(size)))
	for _, shared := range d.Shared {
		others := slices.DeleteFunc(slices.Clone(shared.Findings), func(other string) bool { return other == id })
		env.print("cli.evidence.shared", env.stamp(shared.Captured), locales.List(others))
	}
	return err
}

// settleIndex removes deleted findings from the search index, or says who will.
func settleIndex(env *environment, f *datafolder.Folder) error {
	elsewhere, err := f.SettleIndex(env.ctx)
	if elsewhere {
		env.print("cli.evidence.elsewhere")
	}
	return err
}

type evidenceDeletionsCmd struct {
	Limit int `default:"100"`
}

func (c evidenceDeletionsCmd) Run(env *environment) error {
	return env.readFolder(func(f *datafolder.Folder) error {
		list, err := f.Store.Deletions(env.ctx, c.Limit)
		if err != nil {
			return err
		}
		table := env.table("cli.col.deleted", "cli.col.finding", "cli.col.category", "cli.col.reason")
		for _, d := range list {
			table.Row(env.when(d.At), d.Finding, env.named("category.", string(d.Category)), d.Reason)
		}
		return table.Flush()
	})
}
