package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

type evidenceDeleteCmd struct {
	Findings []string `arg:"" help:"Ids of findings: 16 hex digits, as the console's address has them."`
	Reason   string   `help:"Why, for the log of deletions." placeholder:"TEXT"`
}

func (c evidenceDeleteCmd) Run(env *environment) error {
	policy, name, err := env.retention("")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usageError(err)
	}
	for _, id := range c.Findings {
		if !datafolder.IsFindingID(id) {
			return usageError(fmt.Errorf("%q is no finding's id; it has 16 hex digits", id))
		}
		if slices.Contains(policy.Hold, id) {
			return usageError(fmt.Errorf("finding %s is on hold in %s; take it from there first", id, name))
		}
	}
	return env.withFolder(func(f *datafolder.Folder) error {
		var kept error
		for _, id := range c.Findings {
			err := c.delete(env, f, id)
			if err != nil && !errors.Is(err, bucket.ErrLocked) {
				return err
			}
			kept = cmp.Or(err, kept) // the last one tells of all
		}
		return errors.Join(settleIndex(env, f), kept)
	})
}

// delete deletes one finding and says what went with it. It did, too, if the error wraps bucket.ErrLocked.
func (c evidenceDeleteCmd) delete(env *environment, f *datafolder.Folder, id string) error {
	d, err := f.DeleteFinding(env.ctx, id, c.Reason, time.Now())
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no finding %s", id)
	}
	if err != nil && env.ctx.Err() != nil {
		return env.interrupted("finding " + id + " is deleted in part at the most; the same command again deletes the rest, and \"evidence prune --apply\" finishes what is left in the archive")
	}
	if err != nil && !errors.Is(err, bucket.ErrLocked) {
		return err
	}
	records, size := 0, int64(0)
	for _, e := range d.Captures {
		records, size = records+e.Records, size+e.Bytes
	}
	fmt.Fprintf(env.out, "finding %s (%s) of %s deleted; from the archive %s, %s, %s\n",
		id, d.Finding.Category, terminal.Printable(d.Finding.URL),
		terminal.Counted(len(d.Captures), "capture"), terminal.Counted(records, "record"), terminal.Counted(size, "byte"))
	for _, shared := range d.Shared {
		others := slices.DeleteFunc(slices.Clone(shared.Findings), func(other string) bool { return other == id })
		fmt.Fprintf(env.out, "the capture of %s stays: it shows %s, too\n", env.stamp(shared.Captured), strings.Join(others, ", "))
	}
	return err
}

// settleIndex takes deleted findings out of the search index, or says who will.
func settleIndex(env *environment, f *datafolder.Folder) error {
	elsewhere, err := f.SettleIndex(env.ctx)
	if elsewhere {
		fmt.Fprintln(env.out, "another process has the search index open; a running server takes deleted findings out of it within ten seconds")
	}
	return err
}

type evidenceDeletionsCmd struct {
	Limit int `default:"100" help:"Most deletions to show."`
}

func (c evidenceDeletionsCmd) Run(env *environment) error {
	return env.readFolder(func(f *datafolder.Folder) error {
		list, err := f.Store.Deletions(env.ctx, c.Limit)
		if err != nil {
			return err
		}
		table := terminal.NewTable(env.out, env.timed("DELETED"), "FINDING", "CATEGORY", "REASON")
		for _, d := range list {
			table.Row(env.when(d.At), d.Finding, string(d.Category), d.Reason)
		}
		return table.Flush()
	})
}
