package datafolder

import (
	"context"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/ingest/fetch"
)

// FindAmong returns those of the findings that an account's query finds now, as in the console,
// each id once.
func (f *Folder) FindAmong(ctx context.Context, ix index.Index, account qianshao.Account, query string, ids []string, now time.Time) ([]index.Hit, error) {
	parser := index.Parser{Now: now, Zone: f.opts.Zone, Canonical: fetch.Canonical, Me: account.Name, Today: func(id string) string {
		d, err := f.Review.Campaigns.Campaign(ctx, account.Sight, id)
		if err != nil {
			return id // a query that finds nothing
		}
		return d.ID
	}}
	node, err := parser.Parse(query)
	if err != nil {
		return nil, err
	}
	found, err := ix.Search(ctx, index.Request{Query: node, Sight: account.Sight, IDs: ids, Limit: len(ids), NoFacets: true})
	return found.Hits, err
}
