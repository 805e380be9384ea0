// Package campaigns has the pages for acting on many findings at once: a campaign, with what its
// members have in common, how they differ, and its merges, splits and policy; and batches, which
// are frozen, checked, confirmed, and undone as a whole.
package campaigns

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/dashboards/selection"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
)

//go:embed templates/*.html
var files embed.FS

//go:embed parts/templates/*.html
var parts embed.FS

// Store is what the pages read of findings.
type Store interface {
	// Findings returns the findings with these ids; unknown ids are left out.
	Findings(ctx context.Context, ids []string) (map[string]qianshao.Finding, error)
}

// Reader reads campaigns, as far as they may be seen. For anything else the error is
// desk.ErrNotFound.
type Reader interface {
	selection.Campaigns
	// Campaign returns the campaign that an id leads to, be it a current or a former one.
	Campaign(ctx context.Context, sight qianshao.Sight, id string) (campaign.Details, error)
	// Of returns the campaigns of a finding.
	Of(ctx context.Context, finding string) ([]campaign.Membership, error)
	// MembersOn returns the members on a site, or all with "", after a cursor, at most limit.
	MembersOn(ctx context.Context, sight qianshao.Sight, id, site, after string, limit int) (campaign.Members, error)
	// Days returns the days, in the zone, on which members were found or came back, the earliest
	// first.
	Days(ctx context.Context, sight qianshao.Sight, id string, zone *time.Location) ([]campaign.Day, error)
	// Reviews says whether the account may give a second review on a member, because somebody
	// else's decision is waiting for it.
	Reviews(ctx context.Context, sight qianshao.Sight, by, id string) (bool, error)
	// Kin returns the campaigns that share a key with it.
	Kin(ctx context.Context, sight qianshao.Sight, id string) ([]campaign.Kin, error)
}

// Options of New. All are required except Desk; without it there are no routes.
type Options struct {
	Store     Store
	Desk      *desk.Desk
	Campaigns Reader
	Decision  *decision.Decision
	Guard     *auth.Guard
	Selection selection.Selector
}

// Campaigns shows campaigns and batches.
type Campaigns struct {
	*page.Room
	opts Options
}

// New returns the room.
func New(base *page.Base, opts Options) (*Campaigns, error) {
	shared, err := fs.Sub(parts, "parts")
	if err != nil {
		return nil, err
	}
	room, err := base.Room(files, decision.Parts(), shared)
	return &Campaigns{Room: room, opts: opts}, err
}

// Route adds the routes of the pages.
func (c *Campaigns) Route(mux page.Mux) {
	if c.opts.Desk == nil {
		return
	}
	mux.HandleFunc("GET /campaigns/{id}", c.serveCampaign)
	mux.HandleFunc("GET /batches", c.serveBatches)
	mux.HandleFunc("GET /batches/{id}", c.serveBatch)
	lead := func(pattern string, handler http.HandlerFunc) {
		mux.Handle(pattern, c.opts.Guard.Require(qianshao.PowerLead, handler))
	}
	lead("POST /campaigns/{id}/merge", c.takeMerge)
	lead("POST /campaigns/{id}/split", c.takeSplit)
	lead("POST /campaigns/{id}/policy", c.takePolicy)
	decide := func(pattern string, handler http.HandlerFunc) {
		mux.Handle(pattern, c.opts.Guard.Require(qianshao.PowerDecide, handler))
	}
	decide("POST /batches", c.takeBatch)
	decide("POST /batches/{id}/begin", c.takeBegin)
	decide("POST /batches/{id}/undo", c.takeUndo)
}

// refused says what is wrong with a form, in the user's language.
type refused struct {
	Status int
	// Field is the name of the field that is wrong, as in desk.Refusal; "" for none in particular.
	Field string
	Text  string
}

// refusal is the message for an error of the desk; nil for errors that the user cannot correct.
func refusal(v *page.Layout, err error) *refused {
	var r *desk.Refusal
	switch {
	case errors.Is(err, desk.ErrConflict):
		return &refused{Status: http.StatusConflict, Text: v.T("campaign.conflict")}
	case errors.Is(err, desk.ErrForbidden):
		return &refused{Status: http.StatusForbidden, Text: v.T("campaign.forbidden")}
	case errors.As(err, &r):
		return &refused{Status: http.StatusUnprocessableEntity, Field: r.Field, Text: decision.Refusal(v.Language, r)}
	}
	return nil
}

// verdicts has the choices that forms offer.
type verdicts struct{ *page.Layout }

// Verdicts are the verdicts that a batch can give.
func (v verdicts) Verdicts() []qianshao.Verdict { return qianshao.Verdicts() }

// Settled are the verdicts other than unsure.
func (v verdicts) Settled() []qianshao.Verdict {
	return []qianshao.Verdict{qianshao.VerdictCrime, qianshao.VerdictNotCrime}
}

// MaxWords bounds the words of an act, in characters.
func (v verdicts) MaxWords() int { return desk.MaxWords }

// Pair is an example with the layout, as the template for examples takes them.
func (v verdicts) Pair(e any) []any { return []any{v, e} }

// reasons has what the template for reasons takes: the layout, the field's id, and the chosen
// reason.
func (v verdicts) reasons(id string, chosen qianshao.Reason) []any { return []any{v, id, chosen} }
