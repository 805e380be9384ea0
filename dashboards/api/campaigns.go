package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store"
)

// Campaigns are the groups of findings.
type Campaigns interface {
	// Queue returns a page of campaigns.
	Queue(ctx context.Context, q campaign.Query) (campaign.Page, error)
	// Campaign returns what can be seen of a campaign, or desk.ErrNotFound.
	Campaign(ctx context.Context, sight qianshao.Sight, id string) (campaign.Details, error)
	// Of returns the campaigns of a finding, the primary one first.
	Of(ctx context.Context, finding string) ([]campaign.Membership, error)
	// Members returns the members that may be seen, after a cursor, at most limit.
	Members(ctx context.Context, sight qianshao.Sight, id, after string, limit int) (campaign.Members, error)
}

func (a *API) routeCampaigns() {
	register(a, "", huma.Operation{
		OperationID: "queue", Method: http.MethodGet, Path: "/queue", Summary: "The queue: campaigns that wait for a decision; undecided, relapsed and overdue ones first, then by score and age",
	}, a.queue)
	register(a, "", huma.Operation{
		OperationID: "campaigns", Method: http.MethodGet, Path: "/campaigns", Summary: "All campaigns, in the order of the queue",
	}, a.campaigns)
	register(a, "", huma.Operation{
		OperationID: "campaign", Method: http.MethodGet, Path: "/campaigns/{id}", Summary: "A campaign, with a page of its members",
	}, a.campaign)
}

// CampaignFilter restricts a list of campaigns, and selects a page of it.
type CampaignFilter struct {
	Category      qianshao.Category `query:"category" maxLength:"64" doc:"Count only findings of this category."`
	Level         string            `query:"level" enum:"informational,low,medium,high,critical" doc:"Count only findings of this level or above."`
	Authorisation string            `query:"authorisation" maxLength:"128" doc:"Count only findings under this authorisation."`
	Kind          campaign.Kind     `query:"kind" enum:"block,destination,handle"`
	Assignee      string            `query:"assignee" maxLength:"64"`
	After         string            `query:"after" maxLength:"200" doc:"next of the previous page."`
	Limit         int               `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// CampaignPage is a page of a list of campaigns.
type CampaignPage struct {
	Campaigns []Campaign `json:"campaigns"`
	// Next is the value of the parameter after for the next page; empty at the end.
	Next string `json:"next,omitempty"`
	// Behind is since when findings have been waiting to be grouped; the zero time if none are.
	Behind time.Time `json:"behind_since,omitzero"`
}

// Campaign is what an account sees of a campaign: all numbers count only findings that it sees.
type Campaign struct {
	ID     string        `json:"id"`
	Kind   campaign.Kind `json:"kind"`
	Key    string        `json:"key,omitempty" doc:"The destination, or the kind of handle and the handle."`
	Label  string        `json:"label" doc:"The key, or else the evidence of the oldest finding."`
	Shared bool          `json:"shared,omitempty" doc:"Too many sites have this key, so it is not used for grouping."`
	// What follows, up to last_seen, counts those whose primary campaign it is.
	Findings  int            `json:"findings" doc:"Findings whose primary campaign it is."`
	Undecided int            `json:"undecided" doc:"Of these, those without a verdict, or with a verdict on other content."`
	Relapsed  int            `json:"relapsed" doc:"Of these, those that were gone after the verdict and have been found again."`
	Parked    int            `json:"parked" doc:"Of these, those that are parked."`
	Reviewing int            `json:"reviewing" doc:"Findings that are due for a second review, or disputed."`
	Level     qianshao.Level `json:"level"`
	Score     int            `json:"score"`
	First     time.Time      `json:"first_seen,omitzero"`
	Last      time.Time      `json:"last_seen,omitzero"`
	Due       time.Time      `json:"due,omitzero" doc:"When the first undecided finding is overdue."`
	Overdue   bool           `json:"overdue"`
	Members   int            `json:"members" doc:"All findings, including those with another primary campaign."`
	Sites     int            `json:"sites" doc:"Number of sites."`
	Claim     *Claim         `json:"claim,omitempty"`
	Assignee  string         `json:"assignee,omitempty"`
	Policy    int64          `json:"policy,omitempty" doc:"The act that set the policy for new members."`
}

func newCampaign(c *campaign.Campaign) Campaign {
	out := Campaign{
		ID: c.ID, Kind: c.Kind, Key: c.Key, Label: c.Label, Shared: c.Shared, Findings: c.Findings, Undecided: c.Undecided, Relapsed: c.Relapsed,
		Parked: c.Parked, Reviewing: c.Reviewing, Level: c.Level, Score: c.Score, First: c.FirstSeen, Last: c.LastSeen, Due: c.Due,
		Overdue: c.Overdue, Members: c.Members, Sites: c.Sites, Assignee: c.Assignee, Policy: c.Policy,
	}
	if c.ClaimedBy != "" {
		out.Claim = &Claim{By: c.ClaimedBy, Until: c.ClaimedUntil}
	}
	return out
}

func (a *API) queue(ctx context.Context, in *struct {
	List campaign.List `query:"list" enum:"open,mine,claimed,parked,review,relapsed,overdue,all,shared" default:"open" doc:"open: waits and nobody works on it; mine: assigned to you; claimed: others work on it; parked; review: waits for a second review or a lead; relapsed: was gone after its verdict and came back; overdue: has waited too long; shared: destinations and handles that too many sites have."`
	CampaignFilter
}) (*struct{ Body CampaignPage }, error) {
	return a.listCampaigns(ctx, in.List, &in.CampaignFilter)
}

func (a *API) campaigns(ctx context.Context, in *struct{ CampaignFilter }) (*struct{ Body CampaignPage }, error) {
	return a.listCampaigns(ctx, campaign.ListAll, &in.CampaignFilter)
}

func (a *API) listCampaigns(ctx context.Context, list campaign.List, f *CampaignFilter) (*struct{ Body CampaignPage }, error) {
	var level qianshao.Level
	if f.Level != "" {
		var err error
		if level, err = qianshao.ParseLevel(f.Level); err != nil {
			return nil, badParameter("%v", err)
		}
	}
	page, err := a.opts.Campaigns.Queue(ctx, campaign.Query{
		List: list, Sight: auth.From(ctx).Sight, By: auth.From(ctx).Name, Adjudicates: auth.May(ctx, qianshao.PowerLead), Category: f.Category, Level: level,
		Authorisation: f.Authorisation, Kind: f.Kind, Assignee: f.Assignee, After: f.After, Limit: f.Limit,
	})
	if err != nil {
		return nil, a.refusal(ctx, "campaign", err)
	}
	behind, err := a.opts.Store.Backlog(ctx, store.ConsumerCampaigns)
	if err != nil {
		return nil, a.failure(ctx, "campaign", err)
	}
	out := &struct{ Body CampaignPage }{CampaignPage{Campaigns: []Campaign{}, Next: page.Next, Behind: behind.Oldest}}
	for i := range page.Campaigns {
		out.Body.Campaigns = append(out.Body.Campaigns, newCampaign(&page.Campaigns[i]))
	}
	return out, nil
}

// CampaignDetails is a campaign with a page of its members.
type CampaignDetails struct {
	Campaign
	Typical    string           `json:"typical,omitempty" doc:"The finding that is most similar to the others."`
	Unlike     []string         `json:"unlike" doc:"The findings that differ most from it."`
	BySite     []Count          `json:"by_site"`
	ByCategory []Count          `json:"by_category"`
	Keys       []CampaignKey    `json:"keys" doc:"Destinations and handles of the members."`
	Aliases    []string         `json:"aliases" doc:"Former ids."`
	Review     *Review          `json:"review" doc:"Acts on the campaign itself; verdicts are acts on its members."`
	List       []CampaignMember `json:"list" doc:"A page of its members, the oldest first."`
	Next       string           `json:"next,omitempty" doc:"Value of after for the members that follow."`
}

// Count is a value with the number of members that have it.
type Count struct {
	Value   string `json:"value"`
	Members int    `json:"members"`
}

// CampaignKey is a destination or a handle, with the number of members that have it and its
// campaign.
type CampaignKey struct {
	ID      string        `json:"id"`
	Kind    campaign.Kind `json:"kind"`
	Key     string        `json:"key"`
	Members int           `json:"members"`
	Shared  bool          `json:"shared,omitempty"`
}

// Membership is one of the campaigns that a finding is in.
type Membership struct {
	ID      string        `json:"id"`
	Kind    campaign.Kind `json:"kind"`
	Key     string        `json:"key,omitempty" doc:"The destination, or the kind of handle and the handle; none for a text block."`
	Primary bool          `json:"primary" doc:"Queue and totals count the finding under this campaign."`
	Shared  bool          `json:"shared,omitempty" doc:"Too many sites have this key, so it is not used for grouping."`
}

func (a *API) memberships(ctx context.Context, finding string) ([]Membership, error) {
	list, err := a.opts.Campaigns.Of(ctx, finding)
	out := []Membership{}
	for _, m := range list {
		out = append(out, Membership(m))
	}
	return out, err
}

// CampaignMember is a member of a campaign.
type CampaignMember struct {
	Finding       string            `json:"finding" doc:"Its id, for GET /findings/{id}."`
	Authorisation string            `json:"authorisation,omitempty"`
	Site          string            `json:"site"`
	Category      qianshao.Category `json:"category"`
	Level         qianshao.Level    `json:"level"`
	Score         int               `json:"score"`
	Primary       bool              `json:"primary" doc:"Queue and totals count the finding under this campaign."`
	Undecided     bool              `json:"undecided"`
	Relapsed      bool              `json:"relapsed"`
	Parked        bool              `json:"parked"`
	Reviewing     bool              `json:"reviewing"`
	First         time.Time         `json:"first_seen"`
	Last          time.Time         `json:"last_seen"`
}

func (a *API) campaign(ctx context.Context, in *struct {
	IfChanged
	ID    string `path:"id" maxLength:"64"`
	After string `query:"after" maxLength:"200" doc:"next of the previous answer."`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}) (*single[CampaignDetails], error) {
	sight := auth.From(ctx).Sight
	d, err := a.opts.Campaigns.Campaign(ctx, sight, in.ID)
	if err != nil {
		return nil, a.refusal(ctx, "campaign", err)
	}
	members, err := a.opts.Campaigns.Members(ctx, sight, d.ID, in.After, in.Limit)
	if err != nil {
		return nil, a.refusal(ctx, "campaign", err)
	}
	out := newCampaignDetails(&d, &members)
	if out.Review, err = a.review(ctx, qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: d.ID}); err != nil {
		return nil, a.refusal(ctx, "campaign", err)
	}
	return answer(in.IfChanged, out)
}

func newCampaignDetails(d *campaign.Details, members *campaign.Members) CampaignDetails {
	out := CampaignDetails{
		Campaign: newCampaign(&d.Campaign), Typical: d.Typical, Unlike: append([]string{}, d.Unlike...), Aliases: append([]string{}, d.Aliases...),
		BySite: newCounts(d.BySite), ByCategory: newCounts(d.ByCategory), Keys: []CampaignKey{}, List: []CampaignMember{}, Next: members.Next,
	}
	for _, k := range d.Keys {
		out.Keys = append(out.Keys, CampaignKey(k))
	}
	for i := range members.List {
		m := &members.List[i]
		out.List = append(out.List, CampaignMember{
			Finding: m.Finding, Authorisation: m.Authorisation, Site: m.Site, Category: m.Category, Level: m.Level, Score: m.Score,
			Primary: m.Primary, Undecided: m.Undecided, Relapsed: m.Relapsed, Parked: m.Parked, Reviewing: m.Reviewing,
			First: m.FirstSeen, Last: m.LastSeen,
		})
	}
	return out
}

func newCounts(list []campaign.Count) []Count {
	out := []Count{}
	for _, c := range list {
		out = append(out, Count(c))
	}
	return out
}
