package main

import (
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// searchCmd searches the index, or asks the running server that has it open.
type searchCmd struct {
	Query  []string `arg:"" optional:""`
	Sort   string   `enum:"seen,new,score" default:"seen"`
	Limit  int      `default:"20"`
	Offset int      `default:"0"`
	Format string   `enum:"table,jsonl" default:"table"`
}

func (c searchCmd) Run(env *environment) error {
	found, err := datafolder.Search(env.ctx, datafolder.SearchRequest{
		Folder: env.folder(), Query: strings.Join(c.Query, " "), Sort: index.Sort(c.Sort), Offset: c.Offset, Limit: c.Limit,
		Reindexing: env.reindexing("cli.reindex.mismatch"),
	})
	if err != nil {
		return err
	}
	if offer := found.Suggestion; offer != nil {
		why := offer.English
		if env.told == locales.Chinese {
			why = offer.Chinese
		}
		env.tell("cli.search.meant", offer.Query, why)
	}
	if err := c.print(env, found.Results); err != nil || found.Total > 0 {
		return err
	}
	// That nothing was found says little about hosts that are not monitored.
	return env.withFolder(func(f *datafolder.Folder) error { return env.unmonitored(env.ctx, env.err, env.told, f) })
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
	table := env.table("cli.col.level", "cli.col.score", "cli.col.state", "cli.col.category", "cli.col.evidence", "cli.col.last_seen", "cli.col.url")
	for _, hit := range results.Hits {
		table.Row(env.named("level.", hit.Level.String()), strconv.Itoa(hit.Score), env.named("state.", string(hit.State)), env.named("category.", string(hit.Category)), hit.Evidence, env.when(hit.LastSeen), hit.URL)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	env.tell("cli.search.count", len(results.Hits), locales.Counted("count.findings", results.Total))
	return nil
}
