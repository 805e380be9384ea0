// Package selection finds the findings given by a query, by a campaign or by their ids, for
// operations on many at once: batches and exports, from pages and API alike.
package selection

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/index"
)

// Campaigns are the groups of findings.
type Campaigns interface {
	// Members returns the members of a campaign that may be seen, after a cursor, at most limit, or
	// desk.ErrNotFound.
	Members(ctx context.Context, sight qianshao.Sight, id, after string, limit int) (campaign.Members, error)
}

// Selector selects findings. All fields are required, but Campaigns only if campaigns are
// requested.
type Selector struct {
	Index index.Index
	// Parser returns the parser for queries that are asked now.
	Parser    func(ctx context.Context) index.Parser
	Campaigns Campaigns
}

// Request says which findings are meant, in one of three ways.
type Request struct {
	// Query is in the query language; nil means none, and "" matches everything.
	Query *string
	// Campaign is the id of a campaign.
	Campaign string
	// Findings are ids.
	Findings []string
	// Most is how many may be selected; 0 means desk.MaxMembers.
	Most int
}

// ErrNone is for a request that says in no way which findings are meant, or in more than one.
var ErrNone = errors.New("give exactly one of query, campaign and findings")

// TooMany is the error for a query with more findings than may be selected.
type TooMany struct{ Total, Most int }

func (e *TooMany) Error() string {
	return fmt.Sprintf("the query finds %d findings; a batch has at most %d: narrow the query", e.Total, e.Most)
}

// Select returns the requested findings that may be seen. Its errors are ErrNone, *TooMany,
// *index.SyntaxError, and desk.ErrNotFound for a campaign. For a campaign or a list of ids it may
// return more than Most; the caller must refuse them.
func (s *Selector) Select(ctx context.Context, sight qianshao.Sight, r Request) (desk.Selection, error) {
	r.Most = cmp.Or(r.Most, desk.MaxMembers)
	switch {
	case r.Query != nil && r.Campaign == "" && len(r.Findings) == 0:
		ids, err := s.found(ctx, sight, *r.Query, r.Most)
		return desk.Selection{Query: *r.Query, Findings: ids}, err
	case r.Query == nil && r.Campaign != "" && len(r.Findings) == 0:
		ids, err := s.ofCampaign(ctx, sight, r.Campaign, r.Most)
		return desk.Selection{Campaign: r.Campaign, Findings: ids}, err
	case r.Query == nil && r.Campaign == "" && len(r.Findings) > 0:
		return desk.Selection{Findings: r.Findings}, nil
	}
	return desk.Selection{}, ErrNone
}

// foundStep is how many hits are read at a time.
const foundStep = 2000

// found returns the ids of all findings that match a query.
func (s *Selector) found(ctx context.Context, sight qianshao.Sight, query string, most int) (ids []string, err error) {
	node, err := s.Parser(ctx).Parse(query)
	if err != nil {
		return nil, err
	}
	request := index.Request{Query: node, Sight: sight, Limit: foundStep, NoFacets: true}
	for {
		results, err := s.Index.Search(ctx, request)
		if err != nil {
			return nil, err
		}
		if results.Total > most {
			return nil, &TooMany{results.Total, most}
		}
		for i := range results.Hits {
			ids = append(ids, results.Hits[i].ID)
		}
		if results.Next == "" {
			return ids, nil
		}
		request.After = results.Next
	}
}

// ofCampaign returns the ids of all members of a campaign; if there are more than most, not all of
// them.
func (s *Selector) ofCampaign(ctx context.Context, sight qianshao.Sight, id string, most int) (ids []string, err error) {
	after := ""
	for {
		members, err := s.Campaigns.Members(ctx, sight, id, after, campaign.MaxLimit)
		if err != nil {
			return nil, err
		}
		for i := range members.List {
			ids = append(ids, members.List[i].Finding)
		}
		if after = members.Next; after == "" || len(ids) > most {
			return ids, nil
		}
	}
}
