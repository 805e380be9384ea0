package main

import (
	"fmt"
	"time"

	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// evidenceCmd works on the archive of flagged pages. All its commands may run beside a server.
type evidenceCmd struct {
	Verify evidenceVerifyCmd `cmd:""`
	Head   evidenceHeadCmd   `cmd:""`
	Export evidenceExportCmd `cmd:""`
	Prune  evidencePruneCmd  `cmd:""`
	Delete evidenceDeleteCmd `cmd:""`
	Index  evidenceIndexCmd  `cmd:""`

	Deletions evidenceDeletionsCmd `cmd:""`
}

type evidenceVerifyCmd struct {
	Head string `placeholder:"SEQ:HASH"`
	Keep bool

	Moved bool
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
	return env.openFolder(opts, func(f *datafolder.Folder) error {
		problems := env.problems()
		v, err := f.Evidence.Verify(env.ctx, want, func(p evidence.Problem) { problems.Print(p) })
		if err != nil {
			return err
		}
		problems.Finish()
		env.print("cli.evidence.counts", locales.Counted("count.records", v.Records), locales.Counted("count.bytes", int(v.Bytes)),
			locales.Counted("count.files", v.Files), locales.Counted("count.chains", v.Chains), locales.Counted("count.records", v.Deleted), locales.Counted("count.deletions", v.Deletions))
		if v.Uncut > 0 {
			env.print("cli.evidence.uncut", v.Uncut)
		}
		if v.Head.Seq > 0 {
			env.print("cli.head", v.Head, env.stamp(v.Head.Added))
		}
		if c.Keep {
			if err := f.Store.KeepEvidenceCheck(env.ctx, store.Check{At: time.Now(), Seq: v.Head.Seq, Problems: v.Problems}); err != nil {
				return err
			}
		}
		if v.Problems > 0 {
			return mismatchError(locales.Errorf("cli.evidence.damaged", locales.Counted("count.problems", v.Problems)))
		}
		env.print("cli.evidence.intact")
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
			return locales.Errorf("cli.evidence.none")
		}
		fmt.Fprintf(env.out, "%s %s\n", state.Register, env.stamp(state.Register.Added))
		return nil
	})
}

type evidenceIndexCmd struct {
	Folder string `arg:"" placeholder:"FOLDER"`
}

func (c evidenceIndexCmd) Run(env *environment) error {
	return env.readFolder(func(f *datafolder.Folder) error {
		n, err := f.Evidence.WriteIndexes(env.ctx, c.Folder)
		if err != nil {
			return err
		}
		env.print("cli.evidence.indexes", locales.Counted("count.indexes", n))
		return nil
	})
}
