package review

import (
	"context"
	"errors"
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/index"
)

const (
	// pageSize is how many rows one page of a list has: three screens.
	pageSize = 50
	// maxGrown is up to where the new members of a campaign are counted.
	maxGrown = 99
)

type queuePage struct {
	*page.Layout
	place  place
	List   campaign.List
	Others []link // lists that are not in the sidebar
	Orders []link
	Chips  []link
	Adds   []link // clauses that can be added
	Saved  []savedView
	Rows   []row
	// Total is how many rows the list has; "" if they are not counted.
	Total string
	// New is how many are new since Looked, which is zero if the account has never marked the list
	// as seen.
	New    int
	Looked time.Time
	// Problem says what is wrong with the query or with a form; Notice is a remark about the rows.
	Problem, Notice string
	// Why says why there may be no rows, and WhyURL is where to do something about it; "" if no
	// reason is known.
	Why, WhyURL string
	// Item is shown beside the list; nil for none.
	Item     *item
	Decision *decision.Panel
	// Message says what the account has just done; nil for nothing.
	Message *decision.Message
	// First and Next are the addresses of the first page of the list and of the next one; "" for
	// none.
	First, Next string
	// Chosen says that the address names the item.
	Chosen bool
	// MaySave and MayShare say what the account may do with views, MayDecide that it may decide.
	MaySave, MayShare, MayDecide bool
	// MayLead says that the account may take over claims.
	MayLead bool
	// Claimed is how many campaigns others have claimed, if nothing else is waiting; "" for none.
	Claimed string
	// Typed is the name of a view that could not be saved.
	Typed string
}

// link is a link to another list, order or filter.
type link struct {
	Name, URL string
	Active    bool
	// Count is how many rows it leads to; "" if that is not known.
	Count string
}

// row is a campaign in a list.
type row struct {
	campaign.Campaign
	URL     string
	Current bool
	// New says that the whole campaign is new, Grown is how many of its members are.
	New   bool
	Grown int
	// Looks is who else has claimed it; "" for nobody.
	Looks string
}

// Left is how many of the row's findings are undecided, if some are decided; otherwise 0.
func (r *row) Left() int {
	if r.Undecided == r.Findings {
		return 0
	}
	return r.Undecided
}

// Label is the evidence of the row, in one line.
func (v *queuePage) Label(c *campaign.Campaign) string {
	switch c.Kind {
	case campaign.KindDestination:
		return v.T("queue.to", v.DefangHost(c.Label))
	case campaign.KindHandle:
		kind, value, _ := strings.Cut(c.Label, ":")
		return v.Indicator(qianshao.IndicatorKind(kind)) + " " + v.Defang(value)
	}
	return v.Plain(html.UnescapeString(c.Label)) // the label is HTML-escaped, as in the source
}

// Here is the address of this page, for forms that lead back to it.
func (v *queuePage) Here() string { return v.place.url() }

func (v *queuePage) ListName() string { return v.T("nav.list." + string(v.List)) }

func (v *queuePage) Sort() campaign.Sort { return v.place.sort }

// NowStamp is the time of the page, which the form that marks the list as seen sends.
func (v *queuePage) NowStamp() string { return strconv.FormatInt(v.Now.UnixMilli(), 10) }

func (v *Review) serveQueue(w http.ResponseWriter, r *http.Request) {
	v.show(w, r, http.StatusOK, placeOf(r.URL.Query()), "", "")
}

// show answers with the queue. problem is what was wrong with a form, and typed is what was typed
// into it.
func (v *Review) show(w http.ResponseWriter, r *http.Request, status int, at place, problem, typed string) {
	p := &queuePage{Layout: v.Layout(w, r, "nav.list."+string(at.list)), place: at, List: at.list, Problem: problem, Typed: typed, Chosen: at.at != ""}
	p.Query = at.query
	p.MaySave, p.MayShare = auth.May(r.Context(), qianshao.PowerSubmit), auth.May(r.Context(), qianshao.PowerLead)
	p.MayDecide, p.MayLead = auth.May(r.Context(), qianshao.PowerDecide), auth.May(r.Context(), qianshao.PowerLead)
	query, err := v.opts.Parser(r.Context()).Parse(at.query)
	var syntax *index.SyntaxError
	switch {
	case errors.As(err, &syntax):
		if problem == "" {
			p.Problem, status = p.Misread(syntax), http.StatusBadRequest
		}
	case err != nil:
		v.FailWith(w, r, err)
		return
	default:
		p.choices(query)
		if err := v.fill(r, p, query); err != nil {
			var refused *desk.Refusal
			if !errors.As(err, &refused) {
				v.FailWith(w, r, err)
				return
			}
			p.Problem, p.First, status = p.T("search.cursor"), at.first().url(), http.StatusBadRequest
		}
	}
	if p.Message, err = v.opts.Decision.Message(r, p.Layout); err != nil {
		v.FailWith(w, r, err)
		return
	}
	p.recount()
	if p.Message != nil && p.Message.Subject != "" { // the undone item should be looked at again
		p.Message.Next = at.item(p.Message.Subject).url()
	}
	if p.Saved, err = v.saved(r, p.Layout, at); err != nil {
		v.FailWith(w, r, err)
		return
	}
	v.Render(w, r, status, "queue", p)
}

// choices sets the links to other lists, orders and filters.
func (v *queuePage) choices(query index.Node) {
	for _, list := range []campaign.List{campaign.ListOpen, campaign.ListClaimed, campaign.ListParked, campaign.ListAll} {
		to := place{list: list, query: v.place.query}
		v.Others = append(v.Others, link{Name: v.T("queue.list." + string(list)), URL: to.url(), Active: v.List == list})
	}
	if v.List.Sortable() {
		for _, sort := range campaign.Sorts() {
			to := v.place.first()
			to.sort = sort
			v.Orders = append(v.Orders, link{Name: v.Language.Named("queue.sort.", string(sort)), URL: to.url(), Active: sort == v.place.sort})
		}
	}
	for _, c := range v.Layout.Chips(query) {
		v.Chips = append(v.Chips, link{Name: c.Text, URL: v.place.filtered(c.Without).url(), Active: true})
	}
}

// adds sets the clauses that can be added to the query, with how many rows of the list q each would
// leave; those that would leave none are not offered. If q contains hits of the index, there are no
// numbers: they would count hits, and each would cost another search. Nor are there numbers for the
// parked list, because no database index has it by category: with 10,000 parked findings, counting
// took 0.3 s of CPU.
func (v *Review) adds(ctx context.Context, p *queuePage, query index.Node, q campaign.Query) error {
	clauses := page.Clauses(query)
	var queries []campaign.Query
	add := func(name, clause string, narrowed campaign.Query) {
		if !slices.Contains(clauses, clause) {
			p.Adds = append(p.Adds, link{Name: name, URL: p.place.filtered(page.WithClause(query, clause)).url()})
			queries = append(queries, narrowed)
		}
	}
	for _, level := range []qianshao.Level{qianshao.LevelCritical, qianshao.LevelHigh} {
		if level <= q.Level { // it would leave all of them
			continue
		}
		narrowed := q
		narrowed.Level = level
		add(p.T("queue.atleast", p.Level(level)), index.Field{Name: index.FieldLevel, Op: index.GreaterEqual, Value: index.Rank(level)}.String(), narrowed)
	}
	for _, category := range qianshao.Categories() {
		narrowed := q
		narrowed.Category = category
		if q.Category == "" { // a finding has only one category
			add(p.Category(category), page.Clause("category", string(category)), narrowed)
		}
	}
	if q.Findings != nil || q.List == campaign.ListShared || q.List == campaign.ListParked {
		return nil
	}
	tallies, err := v.opts.Campaigns.Tallies(ctx, queries)
	if err != nil {
		return err
	}
	var some []link
	for i, t := range tallies {
		if t.N > 0 || t.More {
			p.Adds[i].Count = tally(t)
			some = append(some, p.Adds[i])
		}
	}
	p.Adds = some
	return nil
}

// tally writes a number that was counted up to a bound, as 1000+ beyond it; "" if counting stopped
// before anything was found.
func tally(t campaign.Tally) string {
	switch {
	case t.More && t.N == 0:
		return ""
	case t.More:
		return strconv.Itoa(t.N) + "+"
	}
	return strconv.Itoa(t.N)
}

// asked is a query for a list as the request's account sees it.
func asked(ctx context.Context, list campaign.List) campaign.Query {
	account := auth.From(ctx)
	return campaign.Query{List: list, Sight: account.Sight, By: account.Name, Adjudicates: auth.May(ctx, qianshao.PowerLead)}
}

// fill reads the list and the item.
func (v *Review) fill(r *http.Request, p *queuePage, query index.Node) error {
	ctx, q := r.Context(), asked(r.Context(), p.List)
	q.Sort, q.After, q.Limit = p.place.sort, p.place.after, pageSize
	hits, err := v.narrow(ctx, query, &q)
	if err != nil {
		return err
	}
	if hits > maxHits {
		p.Notice = p.T("queue.maxhits", hits, maxHits)
	}
	list, err := v.opts.Campaigns.Queue(ctx, q)
	if err != nil {
		return err
	}
	p.rows(list.Campaigns, q.By)
	if len(p.Rows) == 0 && p.place.query == "" {
		p.Why, p.WhyURL = v.opts.WhyNothing(ctx, p.Layout)
		if err := v.countClaimed(ctx, p); err != nil {
			return err
		}
	}
	if list.Next != "" {
		p.Next = p.place.following(list.Next).url()
	}
	if p.place.after != "" {
		p.First = p.place.first().url()
	}
	if err := v.counts(r, p, q); err != nil {
		return err
	}
	if err := v.adds(ctx, p, query, q); err != nil {
		return err
	}
	return v.choose(r, p)
}

// countClaimed counts what others have claimed, which may be why nothing is waiting.
func (v *Review) countClaimed(ctx context.Context, p *queuePage) error {
	if p.List != campaign.ListOpen {
		return nil
	}
	account := auth.From(ctx)
	n, err := v.opts.Campaigns.Count(ctx, campaign.Query{List: campaign.ListClaimed, Sight: account.Sight, By: account.Name}, page.MaxCounted)
	if n > 0 {
		p.Claimed = strconv.Itoa(n)
	}
	return err
}

// rows makes the rows for the campaigns.
func (v *queuePage) rows(list []campaign.Campaign, by string) {
	for i := range list {
		c := &list[i]
		line := row{Campaign: *c, URL: v.place.item(campaignSubject(c.ID)).url()}
		if c.ClaimedBy != by {
			line.Looks = c.ClaimedBy
		}
		v.Rows = append(v.Rows, line)
	}
}

// counts sets how many rows the list has, and how many of them are new.
func (v *Review) counts(r *http.Request, p *queuePage, q campaign.Query) (err error) {
	ctx := r.Context()
	if p.List == campaign.ListShared { // it is not counted
		return nil
	}
	n, err := v.opts.Campaigns.Count(ctx, q, page.MaxCounted+1)
	if err != nil {
		return err
	}
	p.Total = strconv.Itoa(min(n, page.MaxCounted))
	if n > page.MaxCounted {
		p.Total += "+"
	}
	if p.Looked, err = v.opts.Looks.Looked(ctx, auth.From(ctx).Name, string(p.List)); err != nil || p.Looked.IsZero() {
		return err
	}
	if q.NewSince = p.Looked; p.List != campaign.ListAll && p.List != campaign.ListParked { // no database index has new rows among decided or parked ones
		if p.New, err = v.opts.Campaigns.Count(ctx, q, page.MaxCounted); err != nil {
			return err
		}
	}
	var ids []string
	for i := range p.Rows {
		c := &p.Rows[i]
		if c.New = c.FirstSeen.After(p.Looked); !c.New && c.Members > 1 {
			ids = append(ids, c.ID)
		}
	}
	grown, err := v.opts.Campaigns.Grown(ctx, q.Sight, ids, p.Looked, maxGrown)
	for i := range p.Rows {
		p.Rows[i].Grown = grown[p.Rows[i].ID]
	}
	return err
}

// recount puts the number of the list into the sidebar, which may show one from some seconds ago.
func (v *queuePage) recount() {
	if v.Query != "" || v.Total == "" || len(v.Menu) == 0 {
		return
	}
	for i := range v.Menu[0].Entries {
		if e := &v.Menu[0].Entries[i]; e.Current {
			e.Count = strings.TrimPrefix(v.Total, "0")
		}
	}
}

// Waiting are the other lists in the sidebar that are not empty, for somebody who has finished this
// one.
func (v *queuePage) Waiting() (list []page.MenuEntry) {
	if len(v.Menu) == 0 || v.Query != "" {
		return nil
	}
	for _, e := range v.Menu[0].Entries {
		if e.Count != "" && !e.Current {
			list = append(list, e)
		}
	}
	return list
}

// Announce says what is shown, for screen readers.
func (v *queuePage) Announce() string {
	parts := []string{v.ListName(), v.Total}
	if v.Problem != "" {
		parts = append(parts, v.Problem)
	}
	if v.Item != nil && v.Item.Campaign != nil {
		parts = append(parts, v.Label(&v.Item.Campaign.Campaign))
		if v.Item.Looks != "" {
			parts = append(parts, v.T("queue.looks", v.Item.Looks))
		}
	}
	return strings.Join(parts, " · ")
}
