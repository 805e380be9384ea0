package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

// evidenceCmd works on the archive of flagged pages. All of it may run beside a server.
type evidenceCmd struct {
	Verify evidenceVerifyCmd `cmd:"" help:"Check every record of the archive against its hash chain, and the chains against their register. Exit code 3 if anything was changed, removed, moved or added."`
	Head   evidenceHeadCmd   `cmd:"" help:"Print the end of the register of hash chains, to be kept elsewhere for \"verify --head\"."`
	Export evidenceExportCmd `cmd:"" help:"Write what is archived for a finding into a zip: WARC, report in Chinese, finding as JSON, manifest."`
	Prune  evidencePruneCmd  `cmd:"" help:"List the captures and findings that the retention policy no longer keeps; with --apply, delete them."`
	Delete evidenceDeleteCmd `cmd:"" help:"Delete findings with everything that belongs to them: from archive, database and index. Asks nothing."`
	Index  evidenceIndexCmd  `cmd:"" help:"Write CDXJ indexes of the archive into a folder, for programs that replay it."`

	Deletions evidenceDeletionsCmd `cmd:"" help:"List which findings were deleted, when and why, the latest first."`
}

type evidenceVerifyCmd struct {
	Head string `help:"Check also that the register, or a chain, passes through a head that was kept, as \"evidence head\" prints it." placeholder:"SEQ:HASH"`
	Keep bool   `help:"Keep what comes out in the data folder, for the metrics."`

	Moved bool `help:"The archive was moved to where --evidence says: if all of it is there, that is its place from now on."`
}

func (c evidenceVerifyCmd) Run(env *environment) error {
	var want evidence.Head
	if c.Head != "" {
		var err error
		if want, err = evidence.ParseHead(c.Head); err != nil {
			return usageError(err)
		}
	}
	opts := env.folder()
	opts.ReadOnly, opts.Moved = !c.Keep && !c.Moved, c.Moved
	return withFolder(env.ctx, opts, func(f *datafolder.Folder) error {
		problems := terminal.NewProblems(env.out)
		v, err := f.Evidence.Verify(env.ctx, want, func(p evidence.Problem) { problems.Print(p.String()) })
		if err != nil {
			return err
		}
		problems.Finish()
		fmt.Fprintf(env.out, "%s, %s in %s of %s; %s deleted by %s\n", terminal.Counted(v.Records, "record"), terminal.Counted(v.Bytes, "byte"),
			terminal.Counted(v.Files, "file"), terminal.Counted(v.Chains, "chain"), terminal.Counted(v.Deleted, "record"), terminal.Counted(v.Deletions, "deletion"))
		if v.Uncut > 0 {
			fmt.Fprintf(env.out, "deleted records that are still in their files: %d; run \"qianshao evidence prune --apply\"\n", v.Uncut)
		}
		if v.Head.Seq > 0 {
			fmt.Fprintf(env.out, "head %s of %s\n", v.Head, env.stamp(v.Head.Added))
		}
		if c.Keep {
			if err := f.Store.KeepEvidenceCheck(env.ctx, store.Check{At: time.Now(), Seq: v.Head.Seq, Problems: v.Problems}); err != nil {
				return err
			}
		}
		if v.Problems > 0 {
			return mismatchError(fmt.Errorf("the archive is not as it was written: %s; docs/operations.md, \"The evidence archive\", says what to do", terminal.Counted(v.Problems, "problem")))
		}
		fmt.Fprintln(env.out, "the archive is as it was written")
		if c.Moved {
			return f.MovedEvidence(env.ctx)
		}
		return nil
	})
}

type evidenceHeadCmd struct{}

func (evidenceHeadCmd) Run(env *environment) error {
	return env.readFolder(func(f *datafolder.Folder) error {
		state, err := f.Store.EvidenceState(env.ctx)
		if err != nil {
			return err
		}
		if state.Register.Seq == 0 {
			return errors.New("nothing is archived yet, or only within the last minute: the heads of its chains are registered each minute, and when a crawl ends")
		}
		fmt.Fprintf(env.out, "%s %s\n", state.Register, env.stamp(state.Register.Added))
		return nil
	})
}

type evidenceIndexCmd struct {
	Folder string `arg:"" help:"Where to write them; made where it is missing." placeholder:"FOLDER"`
}

func (c evidenceIndexCmd) Run(env *environment) error {
	return env.readFolder(func(f *datafolder.Folder) error {
		n, err := f.Evidence.WriteIndexes(env.ctx, c.Folder)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.out, "%s written\n", terminal.Counted(n, "index"))
		return nil
	})
}
