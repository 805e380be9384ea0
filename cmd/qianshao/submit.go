package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/app"
)

// submitCmd takes reports of pages. It may run beside a server.
type submitCmd struct {
	URLs    []string `arg:"" optional:"" name:"url" help:"Pages that may show a crime; - reads one a line from standard input."`
	Suspect string   `help:"What they are suspected of: one of the closed list of crimes." placeholder:"CATEGORY"`
	Limit   int      `help:"Without a URL, the latest reports are listed: at most so many." default:"50"`
}

func (c submitCmd) Run(env *environment) error {
	return env.withFolder(func(f *app.Folder) error {
		if len(c.URLs) == 0 {
			return listReports(env, f, c.Limit)
		}
		return c.submit(env, f)
	})
}

func (c submitCmd) submit(env *environment, f *app.Folder) (err error) {
	var suspected qianshao.Category
	if c.Suspect != "" {
		if suspected, err = qianshao.ParseCategory(c.Suspect); err != nil {
			return usageError(err)
		}
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
		report, err := f.Submit(env.ctx, scope, url, suspected)
		if errors.Is(err, qianshao.ErrBadURL) {
			refused = errors.Join(refused, err)
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(env.out, "%s  %s  %s\n", report.ID, reportState(report), terminal.Printable(report.URL))
	}
	if refused != nil {
		return usageError(refused)
	}
	return nil
}

func listReports(env *environment, f *app.Folder, limit int) error {
	reports, err := f.Store.Submissions(env.ctx, limit)
	if err != nil {
		return err
	}
	if len(reports) == 0 {
		fmt.Fprintln(env.err, "nobody has reported a page yet; report one with \"qianshao submit URL\"")
		return nil
	}
	table := terminal.NewTable(env.out, "STATE", "REPORTS", env.timed("LAST"), "SUSPECTED", "URL")
	for _, r := range reports {
		table.Row(reportState(r), strconv.Itoa(r.Reports), env.when(r.Last), string(r.Category), r.URL)
	}
	return table.Flush()
}

func reportState(r qianshao.Submission) string {
	if r.Skip == "" {
		return string(r.State)
	}
	return fmt.Sprintf("%s (%s)", r.State, r.Skip)
}
