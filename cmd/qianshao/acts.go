package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// actsCmd reads the trail of people's decisions. All its commands may run beside a server.
type actsCmd struct {
	List   actsListCmd   `cmd:""`
	Export actsExportCmd `cmd:""`
	Verify actsVerifyCmd `cmd:""`
	Head   actsHeadCmd   `cmd:""`
}

type actsListCmd struct {
	Since int64 `placeholder:"SEQ"`
	Limit int   `default:"100" placeholder:"N"`
}

func (c actsListCmd) Run(env *environment) error {
	if c.Limit < 1 || c.Since < 0 {
		return usageError(locales.Errorf("cli.acts.limits"))
	}
	return env.readFolder(func(f *datafolder.Folder) error {
		acts, err := f.Review.Acts(env.ctx, desk.ActsQuery{Sight: qianshao.SeeAll(), Records: true, Since: c.Since, Limit: c.Limit})
		if err != nil {
			return err
		}
		table := env.table("cli.col.act", "cli.col.at", "cli.col.by", "cli.col.kind", "cli.col.subject", "cli.col.verdict", "cli.col.detail")
		for i := range acts {
			a := &acts[i]
			verdict := env.named("verdict.", string(a.Verdict))
			if a.Reason != "" {
				verdict = env.lang.Text("cli.because", verdict, env.named("verdict.reason.", string(a.Reason)))
			}
			if a.Reverts != 0 {
				verdict = env.lang.Text("cli.acts.undoes", a.Reverts)
			}
			table.Row(strconv.FormatInt(a.Seq, 10), env.when(a.At), env.by(a.By), env.named("trail.kind.", string(a.Kind)), a.Subject.String(), verdict, a.Detail)
		}
		return table.Flush()
	})
}

// actsAtATime is how many acts are read and written at a time.
const actsAtATime = 1000

type actsExportCmd struct {
	Since int64 `placeholder:"SEQ"`
}

func (c actsExportCmd) Run(env *environment) error {
	return env.readFolder(func(f *datafolder.Folder) error {
		for since := c.Since; ; {
			acts, err := f.Review.Acts(env.ctx, desk.ActsQuery{Sight: qianshao.SeeAll(), Records: true, Since: since, Limit: actsAtATime})
			if err != nil || len(acts) == 0 {
				return err
			}
			for i := range acts {
				line, err := desk.RecordOf(&acts[i]).MarshalLine()
				if err != nil {
					return err
				}
				if _, err := env.verbatim.Write(line); err != nil {
					return err
				}
				since = acts[i].Seq
			}
		}
	})
}

type actsVerifyCmd struct {
	File string `arg:"" optional:"" type:"existingfile"`
	Head string `placeholder:"SEQ:HASH"`
	Keep bool
}

func (c actsVerifyCmd) Run(env *environment) error {
	var kept desk.Head
	if c.Head != "" {
		var err error
		if kept, err = desk.ParseHead(c.Head); err != nil {
			return usageError(err)
		}
	}
	if c.File != "" {
		if c.Keep {
			return usageError(locales.Errorf("cli.acts.keep_export"))
		}
		return c.verifyFile(env, kept)
	}
	open := env.readFolder
	if c.Keep {
		open = env.withFolder
	}
	return open(func(f *datafolder.Folder) error {
		problems := env.problems()
		v, err := f.Review.Verify(env.ctx, kept, problems.Print)
		if err != nil {
			return err
		}
		problems.Finish()
		env.print("cli.acts.counts", locales.Counted("count.acts", v.Acts), locales.Counted("count.standings", v.Standings), locales.Counted("count.batches", v.Batches))
		if v.Head.Seq > 0 {
			env.print("cli.head", v.Head, env.stamp(v.HeadAt))
		}
		if c.Keep {
			if err := f.Review.KeepCheck(env.ctx, desk.Check{At: time.Now(), Seq: v.Head.Seq, Problems: v.Problems}); err != nil {
				return err
			}
		}
		if v.Problems > 0 {
			return mismatchError(locales.Errorf("cli.acts.damaged", locales.Counted("count.problems", v.Problems)))
		}
		env.print("cli.acts.intact")
		return nil
	})
}

// verifyFile checks an exported trail.
func (c actsVerifyCmd) verifyFile(env *environment, kept desk.Head) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	problems := env.problems()
	v, err := desk.VerifyExport(bufio.NewReader(file), kept, problems.Print)
	if err != nil {
		return err
	}
	problems.Finish()
	fmt.Fprintln(env.out, env.lang.Count("count.acts", v.Acts))
	if v.Acts > 0 {
		env.print("cli.acts.from", v.First, v.Head)
	}
	if v.Problems > 0 {
		return mismatchError(locales.Errorf("cli.acts.export_damaged", locales.Counted("count.problems", v.Problems)))
	}
	env.print("cli.acts.export_intact")
	return nil
}

type actsHeadCmd struct{}

func (actsHeadCmd) Run(env *environment) error {
	return env.readFolder(func(f *datafolder.Folder) error {
		head, at, err := f.Review.Head(env.ctx)
		if err != nil {
			return err
		}
		if head.Seq == 0 {
			return locales.Errorf("cli.acts.none")
		}
		fmt.Fprintf(env.out, "%s %s\n", head, env.stamp(at))
		return nil
	})
}
