package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/internal/wording"
	"github.com/qianshao/qianshao/locales"
)

// unmonitoredCmd lists what should be watched by the register and is not. It
// may run beside a server.
type unmonitoredCmd struct {
	Reason string `placeholder:"REASON"`
	Limit  int    `default:"50"`
	Offset int    `default:"0"`
	Format string `enum:"table,jsonl" default:"table"`
}

func (c unmonitoredCmd) Run(env *environment) error {
	request := qianshao.UnmonitoredRequest{Sight: qianshao.SeeAll(), Reason: qianshao.UnmonitoredReason(c.Reason), Offset: c.Offset, Limit: c.Limit}
	if c.Reason != "" && !slices.Contains(qianshao.UnmonitoredReasons(), request.Reason) {
		return usageError(locales.Errorf("cli.unmonitored.reason", c.Reason, qianshao.UnmonitoredReasons()))
	}
	return env.withFolder(func(f *datafolder.Folder) error {
		list, err := f.Unmonitored(env.ctx, request)
		if err != nil {
			return err
		}
		if c.Format == "jsonl" {
			return printLines(env.out, list)
		}
		return c.print(env, list)
	})
}

// printLines writes each row on a line, as the API gives it.
func printLines(w io.Writer, list qianshao.UnmonitoredList) error {
	encoder := terminal.NewEncoder(w)
	for _, row := range list.Rows {
		if err := encoder.Encode(api.NewUnmonitored(row, wording.Remedy)); err != nil {
			return err
		}
	}
	return nil
}

// print writes the table, and what to do about each reason in it.
func (c unmonitoredCmd) print(env *environment, list qianshao.UnmonitoredList) error {
	total := list.Total(qianshao.UnmonitoredReason(c.Reason))
	if len(list.Rows) == 0 {
		if total == 0 && c.Reason == "" {
			env.tell("cli.unmonitored.none")
			return nil
		}
		env.tell("cli.unmonitored.nothing", total)
		return nil
	}
	table := env.table("cli.col.host", "cli.col.authorisation", "cli.col.reason", "cli.col.since", "cli.col.last_page", "cli.col.next_try")
	var reasons []qianshao.UnmonitoredReason
	for _, row := range list.Rows {
		host := row.Host
		if host == "" {
			host = "-"
		}
		table.Row(host, row.Authorisation, inFull(row), env.whenever(row.Since), env.whenever(row.LastPage), env.whenever(row.NextTry))
		if !slices.Contains(reasons, row.Reason) {
			reasons = append(reasons, row.Reason)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(env.out)
	for _, reason := range reasons {
		env.print("cli.unmonitored.do", reason, env.lang.Named("unmonitored.do.", string(reason)))
	}
	env.tell("cli.unmonitored.count", len(list.Rows), total)
	return nil
}

// inFull is a row's reason, with the reason why its visits were skipped, if that adds something.
func inFull(u qianshao.Unmonitored) string {
	if u.Reason == qianshao.UnmonitoredNoPage || u.Reason == qianshao.UnmonitoredDown {
		return fmt.Sprintf("%s (%s)", u.Reason, u.Skip)
	}
	return string(u.Reason)
}

// whenever is like when, for a time that may be zero.
func (env *environment) whenever(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return env.when(t)
}

// unmonitored says how much is not monitored, and nothing if everything is.
func (env *environment) unmonitored(ctx context.Context, w io.Writer, lang locales.Lang, f *datafolder.Folder) error {
	list, err := f.Unmonitored(ctx, qianshao.UnmonitoredRequest{Sight: qianshao.SeeAll()})
	if err != nil {
		return err
	}
	return terminal.Unmonitored(w, lang, list.Counts)
}
