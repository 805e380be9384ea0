package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// searchCmd searches the index, or asks the running server that has it open.
type searchCmd struct {
	Query  []string `arg:"" optional:"" help:"The query: category:gambling level:>=high host:example.cn hidden:true seen:>2026-11-01 \"注册送\" AND (…) -x, or 类别:赌博 级别:紧急 今天; a URL, host, number or @handle finds what belongs to it. docs/operations.md has all of it."`
	Sort   string   `enum:"seen,new,score" default:"seen" help:"Order: seen, last seen first; new, first seen last; or score, the highest first."`
	Limit  int      `default:"20" help:"Most hits to show; there is no upper limit."`
	Offset int      `default:"0" help:"Hits to pass over."`
	Format string   `enum:"table,jsonl" default:"table" help:"Output: table, or jsonl."`
}

func (c searchCmd) Run(env *environment) error {
	found, err := datafolder.Search(env.ctx, datafolder.SearchRequest{
		Folder: env.folder(), Query: strings.Join(c.Query, " "), Sort: index.Sort(c.Sort), Offset: c.Offset, Limit: c.Limit,
		Reindexing: env.reindexing(mismatch),
	})
	if err != nil {
		return err
	}
	if offer := found.Suggestion; offer != nil {
		fmt.Fprintf(env.err, "did you mean  %s\n  %s\n  %s\n", offer.Query, offer.English, offer.Chinese)
	}
	if err := c.print(env, found.Results); err != nil || found.Total > 0 || !env.folder().HasStore() {
		return err
	}
	// That nothing was found says little of what nobody looks at.
	return env.withFolder(func(f *datafolder.Folder) error { return printUnmonitored(env.ctx, env.err, f) })
}

func (c searchCmd) print(env *environment, results index.Results) error {
	if c.Format == "jsonl" {
		encoder := terminal.NewEncoder(env.out)
		for _, hit := range results.Hits {
			hit.URL = mask.String(hit.URL)
			if err := encoder.Encode(hit); err != nil {
				return err
			}
		}
		return nil
	}
	table := terminal.NewTable(env.out, "LEVEL", "SCORE", "STATE", "CATEGORY", "EVIDENCE", env.timed("LAST SEEN"), "URL")
	for _, hit := range results.Hits {
		table.Row(hit.Level.String(), strconv.Itoa(hit.Score), string(hit.State), string(hit.Category), hit.Evidence, env.when(hit.LastSeen), hit.URL)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(env.err, "%d of %s\n", len(results.Hits), terminal.Counted(results.Total, "finding"))
	return nil
}
