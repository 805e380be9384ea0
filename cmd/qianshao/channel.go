package main

import (
	"errors"
	"net/url"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
)

// channelCmd lists and tests the channels by which people are notified. They are set up on
// the console: their addresses and secrets must not be in a shell's history.
type channelCmd struct {
	List channelListCmd `cmd:""`
	Test channelTestCmd `cmd:""`
}

type channelListCmd struct {
	JSON bool `name:"json"`
}

// listedChannel is a channel as it is listed.
type listedChannel struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	Host     string   `json:"host"`
	Secret   bool     `json:"secret"` // whether it has a secret
	To       []string `json:"to,omitempty"`
	Language string   `json:"language"`
	Disabled bool     `json:"disabled"`
	Changed  string   `json:"changed"`
}

func (c channelListCmd) Run(env *environment) error {
	return env.readFolder(func(f *datafolder.Folder) error {
		channels, err := f.Store.Channels(env.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			encoder := terminal.NewEncoder(env.out)
			for i := range channels {
				if err := encoder.Encode(env.listed(&channels[i])); err != nil {
					return err
				}
			}
			return nil
		}
		if len(channels) == 0 {
			env.tell("cli.channel.none")
			return nil
		}
		table := env.table("cli.col.name", "cli.col.kind", "cli.col.host", "cli.col.secret", "cli.col.state", "cli.col.changed")
		for i := range channels {
			l, state := env.listed(&channels[i]), "cli.on"
			if l.Disabled {
				state = "cli.off"
			}
			table.Row(l.Name, l.Kind, l.Host, env.yes(l.Secret), env.lang.Text(state), env.when(channels[i].Changed))
		}
		return table.Flush()
	})
}

func (env *environment) listed(c *notify.Channel) listedChannel {
	host := ""
	if u, err := url.Parse(c.Address); err == nil {
		host = u.Host
	}
	return listedChannel{ID: c.ID, Name: c.Name, Kind: string(c.Kind), Host: host, Secret: c.Secret != "", To: c.To, Language: c.Language, Disabled: c.Disabled, Changed: env.stamp(c.Changed)}
}

type channelTestCmd struct {
	Name string `arg:""`
	fetchFlags
}

func (c channelTestCmd) Run(env *environment) error {
	return env.withFolder(func(f *datafolder.Folder) error {
		channels, err := f.Store.Channels(env.ctx)
		if err != nil {
			return err
		}
		var names locales.List
		for i := range channels {
			if channels[i].Name == c.Name || channels[i].ID == c.Name {
				return c.test(env, f, &channels[i])
			}
			names = append(names, channels[i].Name)
		}
		if len(names) == 0 {
			return usageError(locales.Errorf("cli.channel.none"))
		}
		return usageError(locales.Errorf("cli.channel.unknown", c.Name, names))
	})
}

func (c channelTestCmd) test(env *environment, f *datafolder.Folder, to *notify.Channel) error {
	outward := app.FetchOptions(c.fetchFlags)
	err := app.TestChannel(env.ctx, f, app.Options{Version: versionString(), Outward: &outward, Zone: env.zone(), Log: env.log}, to.ID)
	var refused *notify.SendError
	switch {
	case errors.As(err, &refused):
		return mismatchError(locales.Errorf("cli.channel.refused", to.Name, refused))
	case errors.Is(err, store.ErrNotFound):
		return usageError(locales.Errorf("cli.channel.deleted", to.Name))
	case err != nil:
		return err
	}
	env.tell("cli.channel.accepted", to.Name)
	return nil
}
