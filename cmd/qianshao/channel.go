package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
)

// channelCmd shows and tries the channels by which people are told. They are set up on the
// console: their addresses and secrets have no place in a shell's history.
type channelCmd struct {
	List channelListCmd `cmd:"" help:"List the channels: without addresses and secrets."`
	Test channelTestCmd `cmd:"" help:"Send a test to a channel, about no finding, and say what came of it. Exit code 3 if it was not taken."`
}

type channelListCmd struct {
	JSON bool `name:"json" help:"One JSON object a line, instead of a table."`
}

// listedChannel is what is said of a channel.
type listedChannel struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	Host     string   `json:"host"`
	Secret   bool     `json:"secret"` // it has one
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
			fmt.Fprintln(env.err, "there are no channels yet; administrators add them on the console, at /notices/channels")
			return nil
		}
		table := terminal.NewTable(env.out, "NAME", "KIND", "HOST", "SECRET", "STATE", env.timed("CHANGED"))
		for i := range channels {
			l, state := env.listed(&channels[i]), "on"
			if l.Disabled {
				state = "off"
			}
			table.Row(l.Name, l.Kind, l.Host, yes(l.Secret), state, env.when(channels[i].Changed))
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
	Name string `arg:"" help:"The channel's name, or its id."`
	fetchFlags
}

func (c channelTestCmd) Run(env *environment) error {
	return env.withFolder(func(f *datafolder.Folder) error {
		channels, err := f.Store.Channels(env.ctx)
		if err != nil {
			return err
		}
		var names []string
		for i := range channels {
			if channels[i].Name == c.Name || channels[i].ID == c.Name {
				return c.test(env, f, &channels[i])
			}
			names = append(names, channels[i].Name)
		}
		if len(names) == 0 {
			return usageError(errors.New("there are no channels yet; administrators add them on the console, at /notices/channels"))
		}
		return usageError(fmt.Errorf("there is no channel %q; the channels are %s", c.Name, strings.Join(names, ", ")))
	})
}

func (c channelTestCmd) test(env *environment, f *datafolder.Folder, to *notify.Channel) error {
	outward := app.FetchOptions(c.fetchFlags)
	err := app.TestChannel(env.ctx, f, app.Options{Version: versionString(), Outward: &outward, Zone: env.zone(), Log: env.log}, to.ID)
	var refused *notify.SendError
	switch {
	case errors.As(err, &refused):
		return mismatchError(fmt.Errorf("%s did not take the test: %s", to.Name, refused.Text))
	case errors.Is(err, store.ErrNotFound):
		return usageError(fmt.Errorf("the channel %q was just deleted", to.Name))
	case err != nil:
		return err
	}
	fmt.Fprintf(env.err, "%s took the test\n", to.Name)
	return nil
}
