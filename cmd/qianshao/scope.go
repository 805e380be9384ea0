package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// scopeCmd keeps the register of authorisations: without an entry in force,
// no request is made.
type scopeCmd struct {
	Add   scopeAddCmd   `cmd:"" help:"Read authorisations from a scope.yaml or a .csv into the register; an id that is there is replaced."`
	List  scopeListCmd  `cmd:"" help:"List the register."`
	Check scopeCheckCmd `cmd:"" help:"Tell whether a URL may be fetched now, and under which authorisation. Exit code 3 if not."`
}

type scopeAddCmd struct {
	File string `arg:"" type:"existingfile" help:"The scope.yaml, or a table whose name ends in .csv; docs/operations.md shows both."`
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
	err = env.withFolder(func(f *datafolder.Folder) error {
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
		fmt.Fprintf(env.out, "%s: %s, %s\n", a.ID, strings.Join(a.Hosts, " "), validity(a, now))
	}
	return nil
}

type scopeListCmd struct{}

func (scopeListCmd) Run(env *environment) error {
	authorisations, err := registered(env)
	if err != nil {
		return err
	}
	if len(authorisations) == 0 {
		fmt.Fprintln(env.err, "the register is empty: no request will be made. Write a scope.yaml and run \"qianshao scope add scope.yaml\"")
		return nil
	}
	now := time.Now()
	table := terminal.NewTable(env.out, "ID", "OWNER", "BASIS", "HOSTS", "VALIDITY")
	for _, a := range authorisations {
		table.Row(a.ID, a.Owner, a.Basis, strings.Join(a.Hosts, " "), validity(a, now))
	}
	return table.Flush()
}

func validity(a qianshao.Authorisation, now time.Time) string {
	first, last := a.Days()
	switch {
	case now.Before(a.ValidFrom):
		return "not before " + first
	case !a.InForce(now):
		return "expired after " + last
	}
	return "in force until " + last
}

type scopeCheckCmd struct {
	URL string `arg:"" help:"The URL to ask about."`
}

func (c scopeCheckCmd) Run(env *environment) error {
	authorisations, err := registered(env)
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
		return mismatchError(fmt.Errorf("%s: no request: %s: %s", canonical, skip, whyNot(a, skip)))
	}
	fmt.Fprintf(env.out, "%s: authorised by %s (%s, %s), %s\n", canonical, a.ID, a.Owner, a.Basis, validity(*a, time.Now()))
	return nil
}

// whyNot says which entry of the register is in the way, or that none speaks of the URL.
func whyNot(a *qianshao.Authorisation, skip qianshao.Skip) string {
	switch {
	case a == nil:
		return "no authorisation names this host and port; \"qianshao scope list\" shows those that there are"
	case skip == qianshao.SkipPathExcluded:
		return fmt.Sprintf("authorisation %s leaves the path out", a.ID)
	case skip == qianshao.SkipQuery:
		return fmt.Sprintf("authorisation %s forbids URLs with a query (queries: false)", a.ID)
	}
	return fmt.Sprintf("authorisation %s is %s", a.ID, validity(*a, time.Now()))
}

func registered(env *environment) (authorisations []qianshao.Authorisation, err error) {
	err = env.withFolder(func(f *datafolder.Folder) (err error) {
		authorisations, err = f.Store.Authorisations(env.ctx)
		return err
	})
	return authorisations, err
}
