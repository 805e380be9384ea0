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

// item is shown beside the list: a finding, with the campaign that it represents.
type item struct {
	// Campaign is nil if the finding has not been grouped yet.
	Campaign *campaign.Details
	Finding  *console.Exhibit
	// Mine says that the account has claimed it; Looks is who else has, "" for nobody.
	Mine  bool
	Looks string
	// Next and Prev are the addresses of the items below and above; "" for none.
	Next, Prev string
	// List is the address of the list without an item, for small screens.
	List string
}

// Claim is the subject of the form for claims, which an item of many findings has. For a single
// finding, the panel has the form.
func (i *item) Claim() string { return campaignSubject(i.Campaign.ID) }

// Many says that the item represents more than its finding.
func (i *item) Many() bool { return i.Campaign != nil && i.Campaign.Members > 1 }

// Page is the campaign's own page.
func (i *item) Page() string { return "/campaigns/" + url.PathEscape(i.Campaign.ID) }

func campaignSubject(id string) string {
	return qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: id}.String()
}

// choose sets the item: the one that the address names, otherwise the first that nobody else has
// claimed. If the named one is gone, or the account may not see it, it is ignored.
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
		return nil // deleted in the meantime
	}
	p.Item = found
	if p.Decision != nil {
		p.Decision.ClaimedElsewhere = found.Many()
	}
	return err
}

// item reads an item; nil if it does not exist.
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

// primary returns the primary campaign of a finding; "" if it has not been grouped yet.
func (v *Review) primary(ctx context.Context, finding string) (string, error) {
	list, err := v.opts.Campaigns.Of(ctx, finding)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].ID, nil
}

// ignoreGone turns the error for something that does not exist into nil.
func ignoreGone(err error) error {
	if errors.Is(err, desk.ErrNotFound) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// claim records who has claimed the item.
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

// neighbours sets the items below and above an item in the list. On the way down, items that
// somebody else has claimed are skipped.
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
