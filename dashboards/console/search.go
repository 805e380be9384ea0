package console

import (
	"context"
	"errors"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/untrusted"
)

const (
	// pageSize is how many findings one page of results shows.
	pageSize = 20
	// snippetRunes bounds the evidence in a list, in characters.
	snippetRunes = 60
	// queryLead is how much of a query is shown before and after a mistake, in characters.
	queryLead = 80
)

// searchPage is the model of the search page: a query with its findings.
type searchPage struct {
	*page.Layout
	// Sort is the order of the hits; "" is the default order.
	Sort index.Sort
	// Orders are the orders that can be chosen.
	Orders []order
	Error  *queryError
	// Offer is another reading of the query that may have been meant; nil if there is none.
	Offer  *offer
	Chips  []chip
	Facets []facet
	Days   []dayBar
	Groups []group
	Total  int
	From   int
	To     int
	Took   string
	Prev   string
	Next   string
	// Unmonitored says how much is not monitored; "" if everything is.
	Unmonitored string
	// Empty says why there is nothing to list: none, nohit or end; "" if there is something.
	Empty string
	// WhyNot says why a URL has no hits; nil for other queries.
	WhyNot *why
	// Unknown are the nonexistent names in a query without hits.
	Unknown []unknown
	// Freezes says that the account may act on many findings at once.
	Freezes  bool
	Examples []chip
	rule     func(id string) (r RuleTexts, ok bool) // Options.Rule
}

// order is an order that can be chosen.
type order struct {
	Name, URL string
	Active    bool
}

// offer is another reading of the query, with the reason for it.
type offer struct{ Query, URL, Why string }

// queryError shows where a query cannot be read: the text before, at and after the mistake; or it
// says that the position in the results is not valid, with the URL of the first page.
type queryError struct{ Before, At, After, Message, First string }

// group is a run of consecutive hits on the same page.
type group struct {
	URL   string
	Title []untrusted.Piece // empty if the page has none
	Rows  []row
}

type row struct {
	index.Hit
	Link          string
	At            time.Time
	Name          string // the rule's title
	Before, After string
	Match         []untrusted.Piece
	// Members is the number of findings of the hit's campaign that may be seen; 0 if it is the only
	// one.
	Members int
	// Words is the excerpt around the query's words, unless they are only in the page's title; it
	// replaces Before, Match and After.
	Words []untrusted.Piece
}

// position is where a page of results begins: right after a hit, right before one, or at an offset,
// which links of earlier versions use.
type position struct {
	after, before index.Cursor
	offset        int
}

func positionOf(r *http.Request) position {
	return position{index.Cursor(r.FormValue("after")), index.Cursor(r.FormValue("before")), page.Offset(r, index.MaxWindow-pageSize)}
}

func orderedURL(query string, sort index.Sort, at position) string {
	values := url.Values{}
	if query != "" {
		values.Set("q", query)
	}
	if sort != "" {
		values.Set("sort", string(sort))
	}
	if at.after != "" {
		values.Set("after", string(at.after))
	}
	if at.before != "" {
		values.Set("before", string(at.before))
	}
	if at.offset > 0 {
		values.Set("offset", strconv.Itoa(at.offset))
	}
	return page.WithQuery("/search", values)
}

// sortOf reads the parameter sort: "" for the default order, and for anything that is not an order.
func sortOf(r *http.Request) index.Sort {
	sort := index.Sort(r.FormValue("sort"))
	if !sort.Valid() || sort == index.SortSeen {
		return ""
	}
	return sort
}

// link is the first page of a search, in the current order.
func (v *searchPage) link(query string) string { return orderedURL(query, v.Sort, position{}) }

func (c *Console) serveSearch(w http.ResponseWriter, r *http.Request) {
	v := &searchPage{Layout: c.Layout(w, r, "search.title"), Sort: sortOf(r), rule: c.opts.Rule}
	v.Query = strings.TrimSpace(r.FormValue("q"))
	for _, q := range v.examples() {
		v.Examples = append(v.Examples, chip{q, v.link(q)})
	}
	v.Unmonitored = c.opts.Unmonitored(r.Context(), v.Layout)
	v.Freezes = c.opts.Desk != nil && auth.May(r.Context(), qianshao.PowerDecide)
	parser := c.opts.Parser(r.Context())
	query, err := parser.Parse(v.Query)
	if err != nil {
		v.Error = v.explain(err)
		c.Render(w, r, http.StatusBadRequest, "search", v)
		return
	}
	at := positionOf(r)
	results, err := c.opts.Index.Search(r.Context(), index.Request{
		Sight: auth.From(r.Context()).Sight, Query: query, Sort: v.Sort, After: at.after, Before: at.before, Offset: at.offset, Limit: pageSize,
	})
	if errors.Is(err, index.ErrCursor) {
		v.Error = &queryError{Message: v.T("search.cursor"), First: v.link(v.Query)}
		c.Render(w, r, http.StatusBadRequest, "search", v)
		return
	}
	if err != nil {
		c.FailWith(w, r, err)
		return
	}
	v.orders()
	v.offer(parser)
	v.chips(query)
	v.facets(query, results.Facets)
	if err := c.list(r.Context(), v, query, at, results.Hits); err != nil {
		c.FailWith(w, r, err)
		return
	}
	v.paging(results)
	err = c.whyEmpty(r.Context(), v, at)
	if err == nil {
		err = c.whyNot(r, v)
	}
	if err == nil {
		err = c.unknownIDs(r.Context(), v, query)
	}
	if err != nil {
		c.FailWith(w, r, err)
		return
	}
	c.Render(w, r, http.StatusOK, "search", v)
}

// examples are example queries, in the page's language.
func (v *searchPage) examples() []string {
	if v.IsEnglish() {
		return []string{"level:>=high", "hidden:true", "category:gambling", `"注册送"`, "seen:>=7d"}
	}
	return []string{"级别:>=高", "隐藏:是", "类别:赌博", `"注册送"`, "最近:7天"}
}

// orders fills the menu of orders.
func (v *searchPage) orders() {
	for _, sort := range index.Sorts() {
		name := sort
		if sort == index.SortSeen {
			sort = ""
		}
		v.Orders = append(v.Orders, order{v.T("sort." + string(name)), orderedURL(v.Query, sort, position{}), v.Sort == sort})
	}
}

// offer sets Offer if the query may have been meant differently.
func (v *searchPage) offer(parser index.Parser) {
	meant, ok := parser.Suggest(v.Query)
	if !ok {
		return
	}
	v.Offer = &offer{meant.Query, v.link(meant.Query), meant.Chinese}
	if v.IsEnglish() {
		v.Offer.Why = meant.English
	}
}

// Answer names an answer as a search may show it.
func (v *searchPage) Answer(a qianshao.Answer) string {
	return v.Language.Named("answer.", string(a))
}

// Sign is a sign for an answer. It does not reveal a verdict that is waiting for a second review.
func (v *searchPage) Sign(a qianshao.Answer) string {
	if verdict := a.Verdict(); verdict != "" {
		return v.Layout.Sign(verdict)
	}
	return "◐"
}

// when is the time shown with a hit.
func (v *searchPage) when(hit *index.Hit) time.Time {
	if v.Sort == index.SortNew {
		return hit.FirstSeen
	}
	return hit.LastSeen
}

// WhenName says which time that is.
func (v *searchPage) WhenName() string {
	if v.Sort == index.SortNew {
		return v.T("sort.new")
	}
	return v.T("sort.seen")
}

// explain splits the query at the character where it cannot be read.
func (v *searchPage) explain(err error) *queryError {
	var syntax *index.SyntaxError
	if !errors.As(err, &syntax) {
		return &queryError{Message: v.Language.Error(err)}
	}
	text := []rune(syntax.Query)
	at := min(max(syntax.Column-1, 0), len(text))
	from, to := max(0, at-queryLead), min(len(text), at+queryLead)
	e := &queryError{Before: string(text[from:at]), At: "␣", Message: v.Misread(syntax)}
	if at < len(text) {
		e.At, e.After = string(text[at]), string(text[at+1:max(at+1, to)])
	}
	return e
}

// list groups the hits by page, and reads from the store what the index does not have: the rule's
// title, and where in the snippet the evidence begins.
func (c *Console) list(ctx context.Context, v *searchPage, query index.Node, at position, hits []index.Hit) error {
	here := orderedURL(v.Query, v.Sort, at)
	ids := make([]string, 0, len(hits))
	for _, hit := range hits {
		ids = append(ids, hit.ID)
	}
	findings, err := c.opts.Store.Findings(ctx, ids)
	if err != nil {
		return err
	}
	marker, sight := index.NewMarker(query, c.opts.Fold), auth.From(ctx).Sight
	members, err := c.members(ctx, sight, hits)
	if err != nil {
		return err
	}
	for _, hit := range hits {
		line := row{Hit: hit, At: v.when(&hit), Link: page.FindingURL(hit.ID, here), Name: hit.Rule, Before: untrusted.Plain(hit.Evidence)}
		f, ok := findings[hit.ID]
		if ok && !sight.Sees(f.Authorisation) {
			continue // it has moved to another authorisation since it was indexed
		}
		if n := members[hit.Campaign]; n > 1 {
			line.Members = n
		}
		if ok {
			line.Name = untrusted.Plain(f.Title)
			if e, ok := f.Primary(); ok {
				line.Before, line.After = untrusted.Plain(e.Before), untrusted.Plain(e.After)
				text := html.UnescapeString(e.Text) // since Before and After have been unescaped, too
				line.Match = untrusted.Reveal(untrusted.First(text, snippetRunes), untrusted.LookMark)
			}
			if hit.Snippet == nil {
				hit.Snippet = marker.Snippet("", evidenceTexts(&f)...)
			}
		}
		if n := len(v.Groups); n == 0 || v.Groups[n-1].URL != hit.URL {
			v.Groups = append(v.Groups, group{URL: hit.URL, Title: untrusted.Reveal(untrusted.Plain(hit.Title), "")})
		}
		g := &v.Groups[len(v.Groups)-1]
		if s := hit.Snippet; s != nil && s.Text == strings.ReplaceAll(hit.Title, "\n", " ") {
			g.Title = marked(*s)
		} else if s != nil {
			line.Words = marked(*s)
		}
		g.Rows = append(g.Rows, line)
	}
	for i := range v.Groups {
		slices.SortStableFunc(v.Groups[i].Rows, func(a, b row) int { return b.Score - a.Score })
	}
	return nil
}

// members returns how many findings of each hit's campaign may be seen.
func (c *Console) members(ctx context.Context, sight qianshao.Sight, hits []index.Hit) (map[string]int, error) {
	if c.opts.Campaigns == nil {
		return nil, nil
	}
	var ids []string
	for i := range hits {
		if hits[i].Campaign != "" {
			ids = append(ids, hits[i].Campaign)
		}
	}
	return c.opts.Campaigns.Sizes(ctx, sight, ids)
}

// evidenceTexts are the pieces of evidence of a finding, each with the text around it. The index
// has only the primary one.
func evidenceTexts(f *qianshao.Finding) []string {
	var texts []string
	for _, e := range f.Evidence {
		texts = append(texts, e.Before+html.UnescapeString(e.Text)+e.After)
	}
	return texts
}

// marked shows a snippet with the query's words marked. The pieces are cleaned after they are cut,
// because cleaning shifts the positions of the words.
func marked(s index.Snippet) []untrusted.Piece {
	var out []untrusted.Piece
	for _, piece := range s.Pieces() {
		look := ""
		if piece.IsHit {
			look = untrusted.LookMark
		}
		out = append(out, untrusted.Reveal(piece.Text, look)...)
	}
	return out
}

func (v *searchPage) paging(results index.Results) {
	v.Total, v.Took = results.Total, results.Took.Round(100*time.Microsecond).String()
	if len(results.Hits) == 0 {
		return
	}
	v.From, v.To = results.From+1, results.From+len(results.Hits)
	switch {
	case results.Prev == "":
	case results.From <= pageSize: // the page before this one is the first, and a full one
		v.Prev = v.link(v.Query)
	default:
		v.Prev = orderedURL(v.Query, v.Sort, position{before: results.Prev})
	}
	if results.Next != "" {
		v.Next = orderedURL(v.Query, v.Sort, position{after: results.Next})
	}
}

// whyEmpty sets Empty: an empty database is reported differently from a query without hits.
func (c *Console) whyEmpty(ctx context.Context, v *searchPage, at position) error {
	switch {
	case len(v.Groups) > 0:
		return nil
	case at != position{} && v.Total > 0:
		v.Empty = "end"
		return nil
	case v.Query == "":
		v.Empty = "none"
		return nil
	}
	all, err := c.opts.Index.Search(ctx, index.Request{Sight: auth.From(ctx).Sight, NoFacets: true})
	if err != nil {
		return err
	}
	v.Empty = "nohit"
	if all.Total == 0 {
		v.Empty = "none"
	}
	return nil
}
