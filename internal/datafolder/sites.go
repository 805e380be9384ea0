package datafolder

import (
	"context"
	"net/url"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// Watch returns what the register says about each site, as far as the sight permits.
func (f *Folder) Watch(sight qianshao.Sight, list []store.Site) []store.Watch {
	scope, now := f.Register.Scope(), time.Now()
	out := make([]store.Watch, len(list))
	for i := range list {
		site := &list[i]
		named, inForce := scope.Named(site.Host, now)
		out[i] = store.Watch{Authorisations: seen(sight, named), InForce: seen(sight, inForce)}
		if len(out[i].InForce) == 0 || site.Hidden {
			continue
		}
		u, silent := scope.Silent(ingest.SilentHost{
			Host: site.Host, Trouble: site.Trouble, Since: site.TroubleSince, LastPage: site.Fetched, NextTry: site.Next,
		}, out[i].InForce[0], now)
		if silent {
			out[i].Silent = &u
		}
	}
	return out
}

func seen(sight qianshao.Sight, ids []string) (out []string) {
	for _, id := range ids {
		if sight.Sees(id) {
			out = append(out, id)
		}
	}
	return out
}

// maxRechecked bounds how many flagged pages of a site a recheck requests by URL. It also requests
// everything that the frontier has of the site.
const maxRechecked = 10_000

// Recheck makes the known pages of a site due at once: those under the authorisations in force that
// the account sees, and those with open findings. If page is given, it is only that page. It
// returns the number of URLs, or the reason why nothing may be requested. The error for an address
// that is not on the host is qianshao.ErrBadURL, that for an unknown one store.ErrNotFound.
func (f *Folder) Recheck(ctx context.Context, by store.Signed, sight qianshao.Sight, host, page string) (urls int, why qianshao.Skip, err error) {
	scope, err := f.Register.Read(ctx)
	if err != nil {
		return 0, "", err
	}
	named, inForce := scope.Named(host, by.At)
	under := seen(sight, inForce)
	switch {
	case len(seen(sight, named)) == 0:
		return 0, qianshao.SkipNotAuthorised, nil
	case len(under) == 0:
		return 0, qianshao.SkipNotInForce, nil
	}
	if page != "" {
		return f.recheckPage(ctx, scope, by, sight, host, page)
	}
	open, err := f.Store.OpenURLs(ctx, host, maxRechecked)
	if err != nil {
		return 0, "", err
	}
	var items []ingest.Item
	for _, address := range open {
		item, skip, err := ingest.Place(scope, address, by.At)
		if err == nil && skip == "" && sight.Sees(item.Authorisation) {
			items = append(items, item)
		}
	}
	urls, err = f.Store.Recheck(ctx, by, host, "", under, items)
	return urls, "", err
}

func (f *Folder) recheckPage(ctx context.Context, scope *ingest.Scope, by store.Signed, sight qianshao.Sight, host, page string) (urls int, why qianshao.Skip, err error) {
	item, why, err := ingest.Place(scope, page, by.At)
	if err != nil || why != "" {
		return 0, why, err
	}
	if !sight.Sees(item.Authorisation) {
		return 0, qianshao.SkipNotAuthorised, nil
	}
	if u, err := url.Parse(item.URL); err != nil || u.Hostname() != host {
		return 0, "", qianshao.ErrBadURL
	}
	known, err := f.Store.KnowsURL(ctx, host, item.URL)
	if err == nil && !known {
		err = store.ErrNotFound
	}
	if err != nil {
		return 0, "", err
	}
	urls, err = f.Store.Recheck(ctx, by, host, qianshao.PageKey(item.URL), nil, []ingest.Item{item})
	return urls, "", err
}
