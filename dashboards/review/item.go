package review

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/console"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store"
)

// item is what stands beside the list: a finding, with the campaign that it stands for.
type item struct {
	// Campaign is nil for a finding that was not put into one yet.
	Campaign *campaign.Details
	Finding  *console.Exhibit
	// Mine says that the account has the claim; Looks is who else has it, "" for nobody.
	Mine  bool
	Looks string
	// Next and Prev are the items below and above; "" for none.
	Next, Prev string
	// List is the list without an item, where one is small.
	List string
}

// Claim is what whoever looks at an item of many claims; that of one finding is the panel's.
func (i *item) Claim() string { return campaignSubject(i.Campaign.ID) }

// Many says that the item stands for more than its finding.
func (i *item) Many() bool { return i.Campaign != nil && i.Campaign.Members > 1 }

// Page is the campaign's own page.
func (i *item) Page() string { return "/campaigns/" + url.PathEscape(i.Campaign.ID) }

func campaignSubject(id string) string {
	return qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: id}.String()
}

// choose sets the item: the one that the address names, else the first on which nobody else
// works. One that is gone, or that the account does not see, is as one that is not named.
func (v *Review) choose(r *http.Request, p *queuePage) error {
	found, err := v.item(r, p, p.place.at)
	if found == nil && err == nil {
		p.Chosen = false
		for i := range p.Rows {
			if p.Rows[i].Looks == "" {
				found, err = v.item(r, p, campaignSubject(p.Rows[i].ID))
				break
			}
		}
	}
	if found == nil || err != nil {
		return err
	}
	p.neighbours(found)
	next := found.Next
	if next == "" {
		next = p.place.first().url()
	}
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: found.Finding.ID}
	if p.Decision, err = v.opts.Decision.Panel(r, p.Layout, subject, next); errors.Is(err, desk.ErrNotFound) {
		return nil // deleted since
	}
	p.Item = found
	if p.Decision != nil {
		p.Decision.ClaimedElsewhere = found.Many()
	}
	return err
}

// item reads an item, nil if there is none.
func (v *Review) item(r *http.Request, p *queuePage, at string) (*item, error) {
	kind, id, _ := strings.Cut(at, ":")
	if id == "" {
		return nil, nil
	}
	ctx, sight := r.Context(), auth.From(r.Context()).Sight
	var i item
	finding := ""
	if qianshao.SubjectKind(kind) == qianshao.SubjectFinding {
		finding = id
		var err error
		if id, err = v.primary(ctx, finding); err != nil {
			return nil, err
		}
	}
	if id != "" {
		d, err := v.opts.Campaigns.Campaign(ctx, sight, id)
		if err != nil && (!errors.Is(err, desk.ErrNotFound) || finding == "") {
			return nil, ignoreGone(err)
		}
		if err == nil {
			i.Campaign = &d
		}
	}
	if finding == "" {
		var err error
		if finding, err = v.opts.Campaigns.Waiting(ctx, asked(ctx, p.List), i.Campaign); err != nil {
			return nil, err
		}
	}
	var err error
	if i.Finding, err = v.opts.Console.Exhibit(ctx, p.Layout, finding); err != nil {
		return nil, ignoreGone(err)
	}
	i.Finding.Back = p.place.item(at).url()
	i.claim(auth.From(ctx).Name)
	return &i, nil
}

// primary returns the campaign by which a finding is counted; "" if it waits for one.
func (v *Review) primary(ctx context.Context, finding string) (string, error) {
	list, err := v.opts.Campaigns.Of(ctx, finding)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].ID, nil
}

// ignoreGone makes what is not there nothing instead of an error.
func ignoreGone(err error) error {
	if errors.Is(err, desk.ErrNotFound) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// claim says whose the item is.
func (i *item) claim(account string) {
	if i.Campaign == nil {
		return
	}
	switch by := i.Campaign.ClaimedBy; by {
	case account:
		i.Mine = true
	default:
		i.Looks = by
	}
}

// neighbours sets what comes below and above of an item in the list. What somebody else works
// on is passed over on the way down.
func (v *queuePage) neighbours(found *item) {
	at := -1
	for i := range v.Rows {
		if found.Campaign != nil && v.Rows[i].ID == found.Campaign.ID {
			at, v.Rows[i].Current = i, true
			break
		}
	}
	if at > 0 {
		found.Prev = v.Rows[at-1].URL
	}
	found.List, found.Next = v.place.item("").url(), v.Next
	for i := at + 1; i < len(v.Rows); i++ {
		if v.Rows[i].Looks == "" {
			found.Next = v.Rows[i].URL
			break
		}
	}
}
