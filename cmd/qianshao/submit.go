package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// submitCmd takes people's reports of pages. It may run beside a server.
type submitCmd struct {
	URLs    []string          `arg:"" optional:"" name:"url"`
	Suspect qianshao.Category `placeholder:"CATEGORY"`
	Limit   int               `default:"50"`

	Withdraw       []string `placeholder:"ID"`
	WithdrawOrigin []string `sep:"none" placeholder:"ORIGIN"`
}

func (c submitCmd) Run(env *environment) error {
	switch {
	case len(c.Withdraw)+len(c.WithdrawOrigin) > 0:
		return env.withFolder(func(f *datafolder.Folder) error { return c.withdraw(env, f) })
	case len(c.URLs) == 0:
		return env.readFolder(func(f *datafolder.Folder) error { return listReports(env, f, c.Limit) })
	}
	return env.beginFolder(func(f *datafolder.Folder) error { return c.submit(env, f) })
}

func (c submitCmd) submit(env *environment, f *datafolder.Folder) (err error) {
	if err := checkCategory(c.Suspect); err != nil {
		return err
	}
	scope, err := f.Register.Read(env.ctx)
	if err != nil {
		return err
	}
	var refused error
	for url, err := range terminal.Lines(env.in, c.URLs) {
		if err != nil {
			return err
		}
		report, err := f.Submit(env.ctx, scope, store.Report{URL: url, Suspected: c.Suspect, Origin: "command", By: store.ByCommand})
		if errors.Is(err, qianshao.ErrBadURL) {
			refused = errors.Join(refused, err)
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(env.out, "%s  %s  %s\n", report.ID, env.reportState(report), terminal.Printable(report.URL))
	}
	if refused != nil {
		return usageError(refused)
	}
	return nil
}

func (c submitCmd) withdraw(env *environment, f *datafolder.Folder) error {
	if len(c.URLs) > 0 {
		return usageError(locales.Errorf("cli.submit.both"))
	}
	for _, id := range c.Withdraw {
		err := f.Store.WithdrawSubmission(env.ctx, byCommand(), id)
		if errors.Is(err, store.ErrNotFound) {
			return usageError(locales.Errorf("cli.submit.unknown", id))
		}
		if err != nil {
			return err
		}
		env.print("cli.submit.withdrawn", id)
	}
	for _, origin := range c.WithdrawOrigin {
		n, err := f.Store.WithdrawOrigin(env.ctx, byCommand(), origin)
		if err != nil {
			return err
		}
		env.print("cli.submit.withdrawn_origin", locales.Counted("count.reports", n), origin)
	}
	return nil
}

func listReports(env *environment, f *datafolder.Folder, limit int) error {
	reports, err := f.Store.Submissions(env.ctx, store.Everything(), limit)
	if err != nil {
		return err
	}
	if len(reports) == 0 {
		env.tell("cli.submit.none")
		return nil
	}
	table := env.table("cli.col.id", "cli.col.state", "cli.col.reports", "cli.col.origin", "cli.col.last", "cli.col.suspected", "cli.col.url")
	for _, r := range reports {
		table.Row(r.ID, env.reportState(r), strconv.Itoa(r.Reports), r.Origin, env.when(r.Last), env.named("category.", string(r.Category)), r.URL)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	origins, err := f.Store.SubmissionOrigins(env.ctx, store.Everything())
	for _, o := range origins {
		env.tell("cli.submit.open", env.origin(o.Origin), o.Waiting, o.Queued)
	}
	return err
}

// reportState says what has become of a report, and why it waits.
func (env *environment) reportState(r qianshao.Submission) string {
	state := env.named("report.", string(r.State))
	if r.Skip == "" {
		return state
	}
	return env.lang.Text("cli.because", state, env.named("skip.", string(r.Skip)))
}

// origin says where open reports came from: a way, and the network if it is the form.
func (env *environment) origin(origin string) string {
	way, network, _ := strings.Cut(origin, " ")
	if way == "" {
		return env.told.Text("cli.submit.origin_unknown")
	}
	return strings.TrimSpace(terminal.Named(env.told, "origin.", way) + " " + network)
}

// byCommand signs a change that this command makes.
func byCommand() store.Signed { return store.Signed{By: store.ByCommand, At: time.Now()} }
