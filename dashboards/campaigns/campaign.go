package campaigns

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/internal/untrusted"
)

// shownMembers is how many members a campaign's page lists at a time.
const shownMembers = 50

type campaignPage struct {
	verdicts
	*page.Layout
	campaign.Details
	Decision *decision.Panel
	// Message says what the last act has done.
	Message            *decision.Message
	MayDecide, MayLead bool
	// Reviews says that the account may give second reviews on members.
	Reviews    bool
	Typical    *example
	Unlike     []example
	Difference *difference
	Chart      *chart
	Events     []event
	Kin        []campaign.Kin
	// Site is the site whose members are listed; "" for all.
	Site    string
	Members []memberRow
	Next    string
	// After is the cursor of the members that are listed.
	After string
	// Basis is the last act that decided something about the campaign.
	Basis int64
	Typed typed
}

// difference is how a finding's block differs from that of the typical member.
type difference struct {
	With    string
	Changes []change
	// Same says that they do not differ, and Cut that only the beginnings were compared.
	Same, Cut bool
}

// memberRow is a member with its most informative evidence.
type memberRow struct {
	campaign.Member
	// URL is that of the page; "" if the finding was deleted in the meantime.
	URL      string
	Evidence []untrusted.Piece
	// State says what remains to be done about it.
	State  string
	Ticked bool
}

// typed is a form of the page as somebody has sent it, and what is wrong with it.
type typed struct {
	// Form is "merge", "split" or "policy"; "" for none.
	Form      string
	Wrong     *refused
	Campaigns []string // those that were ticked
	Other     string   // the one that was typed
	Findings  []string
	Newcomers desk.Newcomers
	Verdict   qianshao.Verdict
	Reason    qianshao.Reason
	Words     string
}

// Has says whether a campaign was ticked.
func (t *typed) Has(id string) bool { return slices.Contains(t.Campaigns, id) }

func (c *Campaigns) serveCampaign(w http.ResponseWriter, r *http.Request) {
	c.showCampaign(w, r, r.PathValue("id"), typed{})
}

// showCampaign answers with a campaign's page. If a form was refused, the page shows what was
// typed.
func (c *Campaigns) showCampaign(w http.ResponseWriter, r *http.Request, id string, t typed) {
	d, err := c.opts.Campaigns.Campaign(r.Context(), auth.From(r.Context()).Sight, id)
	switch {
	case errors.Is(err, desk.ErrNotFound):
		c.NotFound(w, r)
		return
	case err == nil && d.ID != id && t.Form == "": // the campaign was merged; lead to its current id
		http.Redirect(w, r, page.WithQuery(pathOf(d.ID), r.URL.Query()), http.StatusSeeOther)
		return
	}
	v := &campaignPage{Layout: c.Layout(w, r, "campaign.title"), Details: d, Typed: t}
	v.verdicts = verdicts{v.Layout}
	var wrong *desk.Refusal
	if err == nil {
		v.Title = v.Name()
		err = c.fillCampaign(r, v)
	}
	switch {
	case errors.As(err, &wrong) && wrong.Field == "after":
		http.Redirect(w, r, pathOf(d.ID), http.StatusSeeOther)
		return
	case err != nil:
		c.FailWith(w, r, err)
		return
	}
	status := http.StatusOK
	if t.Wrong != nil {
		status = t.Wrong.Status
	}
	c.Render(w, r, status, "campaign", v)
}

// fillCampaign reads what the page shows besides the campaign itself.
func (c *Campaigns) fillCampaign(r *http.Request, v *campaignPage) (err error) {
	account := auth.Acting(r.Context())
	v.MayDecide, v.MayLead = account.May(qianshao.PowerDecide), account.May(qianshao.PowerLead)
	if v.Decision, err = c.opts.Decision.Panel(r, v.Layout, qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: v.ID}, pathOf(v.ID)); err != nil {
		return err
	}
	v.Basis = v.Decision.Standing.Act
	if err := c.members(r, v); err != nil {
		return err
	}
	if err := c.examples(r, v); err != nil {
		return err
	}
	if v.Message, err = c.opts.Decision.Message(r, v.Layout); err != nil {
		return err
	}
	days, err := c.opts.Campaigns.Days(r.Context(), account.Sight, v.ID, v.TimeZone())
	if err != nil {
		return err
	}
	batches, err := c.batchesOf(r, v)
	if err != nil {
		return err
	}
	v.Chart, v.Events = newChart(days), eventsOf(days, v.Decision.History, batches)
	if v.MayDecide && v.Reviewing > 0 {
		if v.Reviews, err = c.opts.Campaigns.Reviews(r.Context(), account.Sight, account.Name, v.ID); err != nil {
			return err
		}
	}
	if v.MayLead {
		v.Kin, err = c.opts.Campaigns.Kin(r.Context(), account.Sight, v.ID)
	}
	return err
}

func (c *Campaigns) batchesOf(r *http.Request, v *campaignPage) (rows []batchRow, err error) {
	list, err := c.opts.Desk.BatchesOf(r.Context(), auth.Acting(r.Context()), append([]string{v.ID}, v.Aliases...), shownEvents)
	words := newBatchWords(v.Layout)
	for i := range list {
		rows = append(rows, batchRow{list[i], words.Said(&list[i])})
	}
	return rows, err
}

// Ticks says that the account can do something with ticked members.
func (v *campaignPage) Ticks() bool { return v.MayDecide || v.Exports }

func (v *campaignPage) BatchPage(id int64) string { return pathOfBatch(id) }

func (v *campaignPage) StateOf(s desk.BatchState) string { return newBatchWords(v.Layout).StateOf(s) }

// members fills in the members that are listed.
func (c *Campaigns) members(r *http.Request, v *campaignPage) error {
	values := r.URL.Query()
	v.Site, v.After = values.Get("site"), values.Get("after")
	part, err := c.opts.Campaigns.MembersOn(r.Context(), auth.From(r.Context()).Sight, v.ID, v.Site, v.After, shownMembers)
	if err != nil {
		return err
	}
	ids := make([]string, len(part.List))
	for i := range part.List {
		ids[i] = part.List[i].Finding
	}
	findings, err := c.opts.Store.Findings(r.Context(), ids)
	for i := range part.List {
		m := memberRow{Member: part.List[i], State: v.stateOf(&part.List[i]), Ticked: slices.Contains(v.Typed.Findings, part.List[i].Finding)}
		if f, ok := findings[m.Finding]; ok {
			m.URL = f.URL
			if e, ok := f.Primary(); ok {
				m.Evidence = pieces(&e)
			}
		}
		v.Members = append(v.Members, m)
	}
	v.Next = part.Next
	return err
}

// examples fills in the typical member, those least like it, and how one of those differs from it.
func (c *Campaigns) examples(r *http.Request, v *campaignPage) error {
	with := r.URL.Query().Get("with")
	if with == "" && len(v.Details.Unlike) > 0 {
		with = v.Details.Unlike[0]
	}
	findings, err := c.opts.Store.Findings(r.Context(), slices.Concat(v.Details.Unlike, []string{v.Details.Typical, with}))
	if err != nil {
		return err
	}
	typical, ok := findings[v.Details.Typical]
	if !ok {
		return nil // deleted in the meantime
	}
	e := newExample(&typical)
	v.Typical = &e
	for _, id := range v.Details.Unlike {
		if f, ok := findings[id]; ok {
			v.Unlike = append(v.Unlike, newExample(&f))
		}
	}
	other, ok := findings[with]
	if !ok || with == typical.ID {
		return nil
	}
	if ok, err = c.isMember(r, v.ID, &other); err != nil || !ok {
		return err
	}
	first, cutFirst := block(&typical)
	second, cutSecond := block(&other)
	v.Difference = &difference{With: with, Same: first == second, Cut: cutFirst || cutSecond, Changes: compare(first, second)}
	return nil
}

// isMember says whether the reader may see the finding and it is a member of the campaign.
func (c *Campaigns) isMember(r *http.Request, id string, f *qianshao.Finding) (bool, error) {
	if !auth.From(r.Context()).Sight.Sees(f.Authorisation) {
		return false, nil
	}
	of, err := c.opts.Campaigns.Of(r.Context(), f.ID)
	return slices.ContainsFunc(of, func(m campaign.Membership) bool { return m.ID == id }), err
}

func pathOf(id string) string { return "/campaigns/" + url.PathEscape(id) }

func (v *campaignPage) Page(id string) string { return pathOf(id) }

// With is this page with the same list of members and another finding compared.
func (v *campaignPage) With(finding string) string {
	return v.link(url.Values{"with": {finding}}) + "#difference"
}

// OnSite is this page with the members of one site, or of all with "".
func (v *campaignPage) OnSite(site string) string {
	return page.WithQuery(pathOf(v.ID), only(url.Values{"site": {site}})) + "#members"
}

// SitePages links to the hosts of the site that is shown.
func (v *campaignPage) SitePages() string {
	return page.WithQuery("/sites", url.Values{"name": {v.Site}})
}

// NextMembers is this page with the next members.
func (v *campaignPage) NextMembers() string {
	return v.link(url.Values{"after": {v.Next}}) + "#members"
}

// FirstMembers is this page with the first members.
func (v *campaignPage) FirstMembers() string { return v.OnSite(v.Site) }

// link is this page with the same list of members, and the parameters.
func (v *campaignPage) link(values url.Values) string {
	for name, value := range map[string]string{"site": v.Site, "after": v.After} {
		if !values.Has(name) {
			values.Set(name, value)
		}
	}
	return page.WithQuery(pathOf(v.ID), only(values))
}

// only removes empty parameters.
func only(values url.Values) url.Values {
	for name := range values {
		if values.Get(name) == "" {
			values.Del(name)
		}
	}
	return values
}

// Name is the name of the campaign: what its members have in common.
func (v *campaignPage) Name() string { return v.KeyName(v.Details.Kind, v.Label) }

func (v *campaignPage) KindName(k campaign.Kind) string {
	return v.Language.Named("campaign.kind.", string(k))
}

// KeyName writes a destination defanged, a handle after the name of its kind, and a block's label
// as it is.
func (v *campaignPage) KeyName(kind campaign.Kind, name string) string {
	switch kind {
	case campaign.KindDestination:
		return v.DefangHost(name)
	case campaign.KindHandle:
		of, value, _ := strings.Cut(name, ":")
		return v.Indicator(qianshao.IndicatorKind(of)) + " " + v.Defang(value)
	}
	return untrusted.First(untrusted.Plain(name), shownText)
}

// KeyOf writes a key whose kind follows from its form.
func (v *campaignPage) KeyOf(name string) string {
	if strings.Contains(name, ":") {
		return v.KeyName(campaign.KindHandle, name)
	}
	return v.KeyName(campaign.KindDestination, name)
}

// Compared says whether a finding is the one compared with the typical one.
func (v *campaignPage) Compared(id string) bool {
	return v.Difference != nil && v.Difference.With == id
}

// Reasons has the choices of reasons for the policy.
func (v *campaignPage) Reasons(id string) []any { return v.reasons(id, v.Typed.Reason) }

// Everywhere is a search for all appearances of the campaign's key; "" if it has none.
func (v *campaignPage) Everywhere() string {
	of, value, _ := strings.Cut(v.Key, ":")
	switch v.Details.Kind {
	case campaign.KindHandle:
		return v.Appearances(qianshao.Indicator{Kind: qianshao.IndicatorKind(of), Value: value})
	case campaign.KindDestination:
		return v.Appearances(qianshao.Indicator{Kind: qianshao.IndicatorDomain, Value: v.Key})
	}
	return ""
}

// stateOf says what remains to be done about a member.
func (v *campaignPage) stateOf(m *campaign.Member) string {
	switch {
	case m.Relapsed:
		return v.T("campaign.relapsed")
	case m.Parked:
		return v.T("campaign.parked")
	case m.Undecided:
		return v.T("campaign.undecided")
	case m.Reviewing:
		return v.T("campaign.reviewing")
	}
	return v.T("campaign.decided")
}

// Wrong is what is wrong with the form of this name.
func (v *campaignPage) Wrong(form string) *refused {
	if v.Typed.Form != form {
		return nil
	}
	return v.Typed.Wrong
}

// basisOf reads the basis of a form. A missing one becomes -1, which is never valid: if it were
// taken for 0, somebody could act without having looked.
func basisOf(r *http.Request) int64 {
	n, err := strconv.ParseInt(r.PostFormValue("basis"), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
