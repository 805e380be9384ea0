package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// actsCmd reads the trail of what people have decided. All of it may run beside a server.
type actsCmd struct {
	List   actsListCmd   `cmd:"" help:"List acts: who did what, when."`
	Export actsExportCmd `cmd:"" help:"Write the trail as JSON lines, with everything that its hash chain covers."`
	Verify actsVerifyCmd `cmd:"" help:"Check the trail against its hash chain, and what stands now against the trail. Exit code 3 if anything was changed, removed or added."`
	Head   actsHeadCmd   `cmd:"" help:"Print the end of the trail, to be kept elsewhere for \"verify --head\"."`
}

type actsListCmd struct {
	Since int64 `help:"Begin after this act." placeholder:"SEQ"`
	Limit int   `help:"List so many at most." default:"100" placeholder:"N"`
}

func (c actsListCmd) Run(env *environment) error {
	if c.Limit < 1 || c.Since < 0 {
		return usageError(errors.New("--limit is 1 at least, and --since 0"))
	}
	return env.readFolder(func(f *datafolder.Folder) error {
		acts, err := f.Review.Acts(env.ctx, desk.ActsQuery{Sight: qianshao.SeeAll(), Records: true, Since: c.Since, Limit: c.Limit})
		if err != nil {
			return err
		}
		table := terminal.NewTable(env.out, "ACT", env.timed("AT"), "BY", "KIND", "SUBJECT", "VERDICT", "DETAIL")
		for i := range acts {
			a := &acts[i]
			verdict := string(a.Verdict)
			if a.Reason != "" {
				verdict += " (" + string(a.Reason) + ")"
			}
			if a.Reverts != 0 {
				verdict = fmt.Sprintf("undoes %d", a.Reverts)
			}
			table.Row(strconv.FormatInt(a.Seq, 10), env.when(a.At), a.By, string(a.Kind), a.Subject.String(), verdict, a.Detail)
		}
		return table.Flush()
	})
}

// actsAtATime are read and written at a time.
const actsAtATime = 1000

type actsExportCmd struct {
	Since int64 `help:"Begin after this act." placeholder:"SEQ"`
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
	File string `arg:"" optional:"" type:"existingfile" help:"A trail that was exported as JSON lines, to be checked instead of the data folder's."`
	Head string `help:"Check also that the trail passes through a head that was kept, as \"acts head\" prints it." placeholder:"SEQ:HASH"`
	Keep bool   `help:"Keep what comes out in the data folder, for the console and the metrics."`
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
			return usageError(errors.New("--keep is for the data folder's own trail, not for an export"))
		}
		return c.verifyFile(env, kept)
	}
	open := env.readFolder
	if c.Keep {
		open = env.withFolder
	}
	return open(func(f *datafolder.Folder) error {
		problems := terminal.NewProblems(env.out)
		v, err := f.Review.Verify(env.ctx, kept, problems.Print)
		if err != nil {
			return err
		}
		problems.Finish()
		fmt.Fprintf(env.out, "%s, %s, %s\n", terminal.Counted(v.Acts, "act"), terminal.Counted(v.Standings, "standing"), terminal.Counted(v.Batches, "batch"))
		if v.Head.Seq > 0 {
			fmt.Fprintf(env.out, "head %s of %s\n", v.Head, env.stamp(v.HeadAt))
		}
		if c.Keep {
			if err := f.Review.KeepCheck(env.ctx, desk.Check{At: time.Now(), Seq: v.Head.Seq, Problems: v.Problems}); err != nil {
				return err
			}
		}
		if v.Problems > 0 {
			return mismatchError(fmt.Errorf("the trail is not as it was written: %s; docs/operations.md, \"The trail of acts\", says what to do", terminal.Counted(v.Problems, "problem")))
		}
		fmt.Fprintln(env.out, "the trail is as it was written")
		return nil
	})
}

// verifyFile checks a trail that was exported.
func (c actsVerifyCmd) verifyFile(env *environment, kept desk.Head) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	problems := terminal.NewProblems(env.out)
	v, err := desk.VerifyExport(bufio.NewReader(file), kept, problems.Print)
	if err != nil {
		return err
	}
	problems.Finish()
	fmt.Fprintln(env.out, terminal.Counted(v.Acts, "act"))
	if v.Acts > 0 {
		fmt.Fprintf(env.out, "from act %d, head %s\n", v.First, v.Head)
	}
	if v.Problems > 0 {
		return mismatchError(fmt.Errorf("the export is not as it was written: %s", terminal.Counted(v.Problems, "problem")))
	}
	fmt.Fprintln(env.out, "the export is as it was written")
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
			return errors.New("nobody has decided anything yet")
		}
		fmt.Fprintf(env.out, "%s %s\n", head, env.stamp(at))
		return nil
	})
}
