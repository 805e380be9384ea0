package main

import (
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// scopeCmd manages the register of authorisations: without an entry in force,
// no request is made.
type scopeCmd struct {
	Add   scopeAddCmd   `cmd:""`
	List  scopeListCmd  `cmd:""`
	Check scopeCheckCmd `cmd:""`
}

type scopeAddCmd struct {
	File string `arg:"" type:"existingfile"`
}

func (c scopeAddCmd) Run(env *environment) error {
	source, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	authorisations, err := ingest.ParseScopeFile(c.File, source)
	if err != nil {
		return usageError(err)
	}
	err = env.beginFolder(func(f *datafolder.Folder) error {
		if err := f.Store.PutAuthorisations(env.ctx, byCommand(), authorisations); err != nil {
			return err
		}
		return f.RegisterChanged(env.ctx)
	})
	if err != nil {
		return err
	}
	now := time.Now()
	for _, a := range authorisations {
		env.print("cli.scope.added", a.ID, strings.Join(a.Hosts, " "), validity(a, now))
	}
	return nil
}

type scopeListCmd struct{}

func (scopeListCmd) Run(env *environment) error {
	authorisations, err := registered(env, env.beginFolder)
	if err != nil {
		return err
	}
	if len(authorisations) == 0 {
		env.tell("cli.scope.empty")
		return nil
	}
	now := time.Now()
	table := env.table("cli.col.id", "cli.col.owner", "cli.col.basis", "cli.col.hosts", "cli.col.validity")
	for _, a := range authorisations {
		table.Row(a.ID, a.Owner, a.Basis, strings.Join(a.Hosts, " "), validity(a, now).In(env.lang))
	}
	return table.Flush()
}

func validity(a qianshao.Authorisation, now time.Time) locales.Message {
	first, last := a.Days()
	switch {
	case now.Before(a.ValidFrom):
		return locales.M("cli.scope.early", first)
	case !a.InForce(now):
		return locales.M("cli.scope.expired", last)
	}
	return locales.M("cli.scope.until", last)
}

type scopeCheckCmd struct {
	URL string `arg:""`
}

func (c scopeCheckCmd) Run(env *environment) error {
	authorisations, err := registered(env, env.withFolder)
	if err != nil {
		return err
	}
	scope, err := ingest.NewScope(authorisations)
	if err != nil {
		return err
	}
	canonical, err := ingest.Canonical(c.URL)
	if err != nil {
		return usageError(err)
	}
	u, err := url.Parse(canonical)
	if err != nil {
		return usageError(err)
	}
	a, skip := scope.Decide(u, time.Now())
	if skip != "" {
		return mismatchError(locales.Errorf("cli.scope.refused", canonical, skip, whyNot(a, skip)))
	}
	env.print("cli.scope.authorised", canonical, a.ID, a.Owner, a.Basis, validity(*a, time.Now()))
	return nil
}

// whyNot says which entry of the register forbids the URL, or that none covers it.
func whyNot(a *qianshao.Authorisation, skip qianshao.Skip) locales.Message {
	switch {
	case a == nil:
		return locales.M("cli.scope.why.none")
	case skip == qianshao.SkipPathExcluded:
		return locales.M("cli.scope.why.path", a.ID)
	case skip == qianshao.SkipQuery:
		return locales.M("cli.scope.why.query", a.ID)
	}
	return locales.M("cli.scope.why.time", a.ID, validity(*a, time.Now()))
}

func registered(env *environment, open func(func(*datafolder.Folder) error) error) (authorisations []qianshao.Authorisation, err error) {
	err = open(func(f *datafolder.Folder) (err error) {
		authorisations, err = f.Store.Authorisations(env.ctx)
		return err
	})
	return authorisations, err
}
