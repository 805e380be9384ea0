package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/index"
)

const (
	// shownCampaigns bounds the campaigns on a finding's page, and shownKin the other members of
	// each: enough to show what they are like; a link leads to all.
	shownCampaigns = 4
	shownKin       = 5
	// countedIndicators bounds the indicators whose other appearances are counted, since each costs
	// a search.
	countedIndicators = 20
)

// Campaigns are the groups of findings.
type Campaigns interface {
	// Campaign returns what can be seen of a campaign, or desk.ErrNotFound.
	Campaign(ctx context.Context, sight qianshao.Sight, id string) (campaign.Details, error)
	// Of returns the campaigns of a finding, the primary one first.
	Of(ctx context.Context, finding string) ([]campaign.Membership, error)
	// Members returns the members that may be seen, after a cursor, at most limit.
	Members(ctx context.Context, sight qianshao.Sight, id, after string, limit int) (campaign.Members, error)
	// Sizes returns how many members that may be seen each campaign has, by its current id.
	Sizes(ctx context.Context, sight qianshao.Sight, ids []string) (map[string]int, error)
}

// kin is a campaign of the finding, with some of its other members.
type kin struct {
	campaign.Membership
	campaign.Campaign
	// Link is the campaign's page, All the search for its members.
	Link, All string
	Others    []campaign.Member
}

// KinName names a campaign by what its findings have in common.
func (v *findingPage) KinName(k kin) string {
	switch k.Membership.Kind {
	case campaign.KindDestination:
		return v.DefangHost(k.Label)
	case campaign.KindHandle:
		kind, handle, _ := strings.Cut(k.Label, ":")
		return v.Indicator(qianshao.IndicatorKind(kind)) + " " + v.Defang(handle)
	}
	return v.Plain(k.Label)
}

// appearance is an indicator with the number of other findings that have it.
type appearance struct {
	qianshao.Indicator
	URL string // the search for them; "" if there is none
	// Others is the number of other findings that have it and may be seen; -1 if they were not
	// counted.
	Others int
}

// kin reads the campaigns of the finding, the primary one first.
func (c *Console) kin(r *http.Request, v *findingPage) error {
	if c.opts.Campaigns == nil {
		return nil
	}
	sight := auth.From(r.Context()).Sight
	list, err := c.opts.Campaigns.Of(r.Context(), v.ID)
	if err != nil {
		return err
	}
	for _, m := range list {
		if len(v.Kin) == shownCampaigns {
			break
		}
		details, err := c.opts.Campaigns.Campaign(r.Context(), sight, m.ID)
		if errors.Is(err, desk.ErrNotFound) {
			continue // it was regrouped in the meantime
		}
		if err != nil {
			return err
		}
		if details.Members < 2 {
			continue
		}
		k := kin{Membership: m, Campaign: details.Campaign, Link: "/campaigns/" + url.PathEscape(m.ID), All: page.SearchURL(page.Clause("campaign", m.ID))}
		members, err := c.opts.Campaigns.Members(r.Context(), sight, m.ID, "", shownKin+1)
		if err != nil && !errors.Is(err, desk.ErrNotFound) {
			return err
		}
		for _, other := range members.List {
			if other.Finding != v.ID && len(k.Others) < shownKin {
				k.Others = append(k.Others, other)
			}
		}
		v.Kin = append(v.Kin, k)
	}
	return nil
}

// appearances counts where else the finding's indicators appear, unless the search is unavailable.
func (c *Console) appearances(r *http.Request, v *findingPage) error {
	counts := true
	for _, i := range v.Finding.Indicators {
		a := appearance{Indicator: i, URL: v.Layout.Appearances(i), Others: -1}
		if counts && a.URL != "" && len(v.Indicators) < countedIndicators {
			found, err := c.opts.Index.Search(r.Context(), index.Request{Sight: auth.From(r.Context()).Sight, Query: index.OfIndicator(i), NoFacets: true})
			switch {
			case errors.Is(err, index.ErrUnavailable):
				counts = false
			case err != nil:
				return err
			default:
				a.Others = max(0, found.Total-1)
			}
		}
		v.Indicators = append(v.Indicators, a)
	}
	return nil
}
