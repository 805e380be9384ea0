package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// campaignsCmd reads campaigns. It may run beside a server.
type campaignsCmd struct {
	List campaignsListCmd `cmd:"" help:"List campaigns in the order of the queue: with undecided findings first, then relapsed ones, overdue ones, the highest score, the oldest."`
	Show campaignsShowCmd `cmd:"" help:"Show a campaign: its sites, what its findings lead to, the most typical finding and those least like it."`
}

type campaignsListCmd struct {
	List          campaign.List     `enum:"open,mine,claimed,parked,review,relapsed,overdue,all,shared" default:"open" help:"Which list: open (waits for a decision, and nobody works on it), mine, claimed, parked, review (waits for a second review), relapsed (came back after its verdict), overdue, all, or shared (destinations and handles on so many sites that they group nothing)."`
	By            string            `help:"Account that asks, for mine and claimed." placeholder:"NAME"`
	Category      qianshao.Category `help:"Findings of this category only." placeholder:"CATEGORY"`
	Level         string            `help:"Campaigns with a finding of this level, or above." placeholder:"LEVEL"`
	Authorisation string            `help:"Findings under this authorisation only." placeholder:"ID"`
	Kind          string            `enum:"block,destination,handle," default:"" help:"Campaigns of this kind: block, destination or handle."`
	Limit         int               `default:"50" help:"Most campaigns to list."`
	JSON          bool              `name:"json" help:"One JSON object a line, instead of a table."`
}

func (c campaignsListCmd) Run(env *environment) error {
	q := campaign.Query{List: c.List, Sight: qianshao.SeeAll(), By: c.By, Category: c.Category, Authorisation: c.Authorisation, Kind: campaign.Kind(c.Kind)}
	if c.Category != "" && !slices.Contains(qianshao.Categories(), c.Category) {
		return usageError(fmt.Errorf("%q is no category; the categories are %v", c.Category, qianshao.Categories()))
	}
	if c.Level != "" {
		if err := q.Level.UnmarshalText([]byte(c.Level)); err != nil {
			return usageError(err)
		}
	}
	if c.Limit < 1 {
		return usageError(errors.New("--limit is 1 at least"))
	}
	return env.readFolder(func(f *datafolder.Folder) error {
		list, err := f.Campaigns(env.ctx, q, c.Limit)
		if err != nil {
			return err
		}
		return c.print(env, list)
	})
}

func (c campaignsListCmd) print(env *environment, list []campaign.Campaign) error {
	for i := range list {
		list[i].Label = mask.String(list[i].Label)
	}
	if c.JSON {
		encoder := terminal.NewEncoder(env.out)
		for i := range list {
			if err := encoder.Encode(list[i]); err != nil {
				return err
			}
		}
		return nil
	}
	table := terminal.NewTable(env.out, "CAMPAIGN", "KIND", "UNDECIDED", "FINDINGS", "SITES", "LEVEL", "SCORE", env.timed("LAST SEEN"), "WHAT")
	for i := range list {
		v := &list[i]
		level, seen := "", ""
		if v.Findings > 0 {
			level, seen = v.Level.String(), env.when(v.LastSeen)
		}
		table.Row(v.ID, string(v.Kind), strconv.Itoa(v.Undecided), strconv.Itoa(v.Members), strconv.Itoa(v.Sites), level, strconv.Itoa(v.Score), seen, v.Label)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(env.err, terminal.Counted(len(list), "campaign"))
	return nil
}

type campaignsShowCmd struct {
	ID    string `arg:"" help:"The campaign's id, today's or a former one."`
	Limit int    `default:"20" help:"Most members to show."`
	JSON  bool   `name:"json" help:"A JSON object, instead of text."`
}

// shownCampaign is what --json prints.
type shownCampaign struct {
	campaign.Details
	List []campaign.Member `json:"member_list"`
}

func (c campaignsShowCmd) Run(env *environment) error {
	return env.readFolder(func(f *datafolder.Folder) error {
		details, err := f.Review.Campaigns.Campaign(env.ctx, qianshao.SeeAll(), c.ID)
		if errors.Is(err, desk.ErrNotFound) {
			return usageError(fmt.Errorf("no campaign has, or had, the id %q; see \"qianshao campaigns list --list=all\"", c.ID))
		}
		if err != nil {
			return err
		}
		members, err := f.Review.Campaigns.Members(env.ctx, qianshao.SeeAll(), c.ID, "", max(1, c.Limit))
		if err != nil {
			return err
		}
		details.Label = mask.String(details.Label)
		if c.JSON {
			return terminal.NewEncoder(env.out).Encode(shownCampaign{details, members.List})
		}
		return c.print(env, &details, members.List)
	})
}

func (c campaignsShowCmd) print(env *environment, d *campaign.Details, members []campaign.Member) error {
	fmt.Fprintf(env.out, "%s  %s  %s\n", d.ID, d.Kind, d.Label)
	fmt.Fprintf(env.out, "%s on %s; as the primary campaign of %d: %d undecided, %d relapsed, %d parked, %d in review\n",
		terminal.Counted(d.Members, "finding"), terminal.Counted(d.Sites, "site"), d.Findings, d.Undecided, d.Relapsed, d.Parked, d.Reviewing)
	if d.Shared {
		fmt.Fprintln(env.out, "shared by so many sites that it groups nothing")
	}
	if d.Policy != 0 {
		fmt.Fprintf(env.out, "newcomers are treated as act %d says\n", d.Policy)
	}
	if len(d.Aliases) > 0 {
		fmt.Fprintf(env.out, "formerly %s\n", strings.Join(d.Aliases, ", "))
	}
	fmt.Fprintf(env.out, "most typical: %s; least like it: %s\n", d.Typical, strings.Join(d.Unlike, ", "))
	for _, k := range d.Keys {
		shared := ""
		if k.Shared {
			shared = " (shared by too many sites)"
		}
		fmt.Fprintf(env.out, "%s %s: %s%s\n", k.Kind, k.Key, terminal.Counted(k.Members, "finding"), shared)
	}
	for _, s := range d.BySite {
		fmt.Fprintf(env.out, "site %s: %s\n", s.Value, terminal.Counted(s.Members, "finding"))
	}
	table := terminal.NewTable(env.out, "FINDING", "CATEGORY", "LEVEL", "SCORE", "PRIMARY", "UNDECIDED", "SITE", env.timed("FIRST SEEN"))
	for i := range members {
		m := &members[i]
		table.Row(m.Finding, string(m.Category), m.Level.String(), strconv.Itoa(m.Score), yes(m.Primary), yes(m.Undecided), m.Site, env.when(m.FirstSeen))
	}
	return table.Flush()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}
