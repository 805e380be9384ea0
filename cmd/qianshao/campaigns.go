package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// campaignsCmd reads campaigns. It may run beside a server.
type campaignsCmd struct {
	List campaignsListCmd `cmd:""`
	Show campaignsShowCmd `cmd:""`
}

type campaignsListCmd struct {
	List          campaign.List     `enum:"open,mine,claimed,parked,review,relapsed,overdue,all,shared" default:"open"`
	By            string            `placeholder:"NAME"`
	Category      qianshao.Category `placeholder:"CATEGORY"`
	Level         string            `placeholder:"LEVEL"`
	Authorisation string            `placeholder:"ID"`
	Kind          string            `enum:"block,destination,handle," default:""`
	Limit         int               `default:"50"`
	JSON          bool              `name:"json"`
}

func (c campaignsListCmd) Run(env *environment) error {
	q := campaign.Query{List: c.List, Sight: qianshao.SeeAll(), By: c.By, Category: c.Category, Authorisation: c.Authorisation, Kind: campaign.Kind(c.Kind)}
	if err := checkCategory(c.Category); err != nil {
		return err
	}
	if c.Level != "" {
		if err := q.Level.UnmarshalText([]byte(c.Level)); err != nil {
			return usageError(locales.Errorf("cli.campaigns.level", c.Level))
		}
	}
	if c.Limit < 1 {
		return usageError(locales.Errorf("cli.limit"))
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
	table := env.table("cli.col.campaign", "cli.col.kind", "cli.col.undecided", "cli.col.findings", "cli.col.sites", "cli.col.level", "cli.col.score", "cli.col.last_seen", "cli.col.what")
	for i := range list {
		v := &list[i]
		level, seen := "", ""
		if v.Findings > 0 {
			level, seen = env.named("level.", v.Level.String()), env.when(v.LastSeen)
		}
		table.Row(v.ID, env.named("campaign.kind.", string(v.Kind)), strconv.Itoa(v.Undecided), strconv.Itoa(v.Members), strconv.Itoa(v.Sites), level, strconv.Itoa(v.Score), seen, v.Label)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(env.err, env.told.Count("count.campaigns", len(list)))
	return nil
}

type campaignsShowCmd struct {
	ID    string `arg:""`
	Limit int    `default:"20"`
	JSON  bool   `name:"json"`
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
			return usageError(locales.Errorf("cli.campaigns.unknown", c.ID))
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
	fmt.Fprintf(env.out, "%s  %s  %s\n", d.ID, env.named("campaign.kind.", string(d.Kind)), d.Label)
	env.print("cli.campaigns.counts", locales.Counted("count.findings", d.Members), locales.Counted("count.sites", d.Sites), d.Findings, d.Undecided, d.Relapsed, d.Parked, d.Reviewing)
	if d.Shared {
		env.print("cli.campaigns.shared")
	}
	if d.Policy != 0 {
		env.print("cli.campaigns.policy", d.Policy)
	}
	if len(d.Aliases) > 0 {
		env.print("cli.campaigns.formerly", locales.List(d.Aliases))
	}
	env.print("cli.campaigns.typical", d.Typical, locales.List(d.Unlike))
	for _, k := range d.Keys {
		key := "cli.campaigns.key"
		if k.Shared {
			key = "cli.campaigns.key_shared"
		}
		env.print(key, k.Kind, k.Key, locales.Counted("count.findings", k.Members))
	}
	for _, s := range d.BySite {
		env.print("cli.campaigns.site", s.Value, locales.Counted("count.findings", s.Members))
	}
	table := env.table("cli.col.finding", "cli.col.category", "cli.col.level", "cli.col.score", "cli.col.primary", "cli.col.undecided", "cli.col.site", "cli.col.first_seen")
	for i := range members {
		m := &members[i]
		table.Row(m.Finding, env.named("category.", string(m.Category)), env.named("level.", m.Level.String()), strconv.Itoa(m.Score), env.yes(m.Primary), env.yes(m.Undecided), m.Site, env.when(m.FirstSeen))
	}
	return table.Flush()
}

func (env *environment) yes(b bool) string {
	if b {
		return env.lang.Text("cli.yes")
	}
	return ""
}
