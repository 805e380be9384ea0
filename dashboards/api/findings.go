package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

func (a *API) routeFindings() {
	register(a, "", huma.Operation{
		OperationID: "search", Method: http.MethodGet, Path: "/search", Summary: "Search findings",
	}, a.search)
	register(a, "", huma.Operation{
		OperationID: "finding", Method: http.MethodGet, Path: "/findings/{id}", Summary: "A finding",
	}, a.finding)
}

// Found is the answer to a search.
type Found struct {
	index.Results
	// Suggestion is another reading of the query that may have been meant; nil if there is none.
	Suggestion *index.Suggestion `json:"suggestion,omitempty"`
	// Behind is since when changes have been waiting to be indexed; the zero time if none are. The
	// number of them would reveal findings that not everybody sees.
	Behind time.Time `json:"behind_since,omitzero"`
}

// Suggest adds another reading of the query that may have been meant.
func (f *Found) Suggest(p index.Parser, query string) {
	if offer, ok := p.Suggest(query); ok {
		f.Suggestion = &offer
	}
}

type searchInput struct {
	Query  string     `query:"q" doc:"In the query language; empty finds everything."`
	Sort   index.Sort `query:"sort" enum:"seen,new,score" doc:"seen: last seen first; new: first seen first; score: the highest first."`
	Offset int        `query:"offset" minimum:"0" maximum:"10000"`
	Limit  int        `query:"limit" minimum:"0" maximum:"10000" default:"20" doc:"0 returns only facets. limit and offset together are at most 10000."`
	After  string     `query:"after" doc:"next of an answer in the same order; returns the page after it."`
	Before string     `query:"before" doc:"prev of an answer in the same order; returns the page before it."`
}

func (a *API) search(ctx context.Context, in *searchInput) (*struct{ Body Found }, error) {
	parser := a.opts.Parser(ctx)
	query, err := parse(parser, in.Query)
	if err != nil {
		return nil, a.failure(ctx, "query", err)
	}
	if in.Offset+in.Limit > index.MaxWindow {
		return nil, badParameter("offset and limit together must be at most %d; narrow the query", index.MaxWindow)
	}
	out := &struct{ Body Found }{}
	out.Body.Results, err = a.hits(ctx, index.Request{
		Query: query, Sort: in.Sort, Offset: in.Offset, Limit: in.Limit, Sight: auth.From(ctx).Sight,
		After: index.Cursor(in.After), Before: index.Cursor(in.Before),
	})
	if err != nil {
		return nil, a.failure(ctx, "query", err)
	}
	out.Body.Suggest(parser, in.Query)
	behind, err := a.opts.Store.Backlog(ctx, store.ConsumerIndex)
	if err != nil {
		return nil, a.failure(ctx, "query", err)
	}
	out.Body.Behind = behind.Oldest
	return out, nil
}

// hits searches, and returns the hits with what programs may be shown.
func (a *API) hits(ctx context.Context, r index.Request) (index.Results, error) {
	results, err := a.opts.Index.Search(ctx, r)
	if errors.Is(err, index.ErrCursor) {
		return results, badParameter("after or before must be a next or prev of an answer in the same order, one of them alone, without offset; begin at the first page")
	}
	if results.Hits == nil {
		results.Hits = []index.Hit{}
	}
	for i := range results.Hits {
		results.Hits[i].URL = mask.String(results.Hits[i].URL)
	}
	return results, err
}

// parse reads a query. The error for one that cannot be read is a Problem.
func parse(parser index.Parser, query string) (index.Node, error) {
	node, err := parser.Parse(query)
	var syntax *index.SyntaxError
	if errors.As(err, &syntax) {
		return nil, badQuery(syntax.Message(locales.English), syntax.Message(locales.Chinese), syntax.Column)
	}
	return node, err
}

// Finding is a finding as the API shows it. It leaves out the page's source, which may have
// megabytes and belongs to its author.
type Finding struct {
	qianshao.Finding
	// Page is the page as it was at the last visit that saw the finding.
	Page Page `json:"page"`
	// PageNow is what the last visit found at the page's URL.
	PageNow PageNow `json:"page_now"`

	Under *qianshao.Authorisation `json:"authorised_by"` // null for local files
	First time.Time               `json:"first_seen"`
	Last  time.Time               `json:"last_seen"`
	State qianshao.State          `json:"state"`
	// Gone is when the page was first seen without it; absent while it is open.
	Gone time.Time `json:"gone_at,omitzero"`
	// Changes has the times at which it was gone, came back, or moved to another category, oldest
	// first.
	Changes []qianshao.Change `json:"changes"`
	// Campaigns has the campaigns that it is in, the primary one first; absent in files.
	Campaigns []Membership `json:"campaigns,omitempty" doc:"The campaigns that it belongs to, the primary one first; none while it waits to be grouped."`
	// Review is what people have said of it; absent in files.
	Review *Review `json:"review,omitempty"`
}

// PageNow is the current state of a finding's page.
type PageNow struct {
	// Status is 0 if the URL now leads to another page, or if the page was not fetched by HTTP.
	Status int `json:"status"`
	// SHA256 is empty if there is no page.
	SHA256    string    `json:"sha256"`
	FetchedAt time.Time `json:"fetched_at"`
}

// Page is what the API says about the page of a finding. SHA256 is empty and Status 0 if the
// finding was already gone when these fields were introduced.
type Page struct {
	Title        string    `json:"title"`
	RequestedURL string    `json:"requested_url"`
	Status       int       `json:"status"`
	Charset      string    `json:"charset"`
	SHA256       string    `json:"sha256"`
	FetchedAt    time.Time `json:"fetched_at"`
}

type findingInput struct {
	IfChanged
	ID string `path:"id"`
}

func (a *API) finding(ctx context.Context, in *findingInput) (*single[Finding], error) {
	f, err := a.opts.Store.VisibleFinding(ctx, auth.From(ctx).Sight, in.ID)
	if err != nil {
		return nil, a.failure(ctx, "finding", err)
	}
	under, err := store.Optional(a.opts.Store.Authorisation(ctx, f.Authorisation))
	if err != nil {
		return nil, a.failure(ctx, "finding", err)
	}
	out := NewFinding(f, under)
	if a.opts.Desk != nil {
		if out.Review, err = a.review(ctx, qianshao.Subject{Kind: qianshao.SubjectFinding, ID: f.ID}); err != nil {
			return nil, a.refusal(ctx, "finding", err)
		}
		if out.Campaigns, err = a.memberships(ctx, f.ID); err != nil {
			return nil, a.failure(ctx, "finding", err)
		}
	}
	return answer(in.IfChanged, out)
}

// NewFinding returns a finding as the API shows it. under is nil for local files. Resident identity
// numbers in its URLs are masked; its texts have been masked before.
func NewFinding(f store.Finding, under *qianshao.Authorisation) Finding {
	f.Finding.URL, f.RequestedURL = mask.String(f.Finding.URL), mask.String(f.RequestedURL)
	return Finding{
		Finding: f.Finding, Under: under, First: f.FirstSeen, Last: f.LastSeen,
		State: f.State(), Gone: f.GoneAt, Changes: append([]qianshao.Change{}, f.Changes...),
		Page: Page{
			Title: f.PageTitle, RequestedURL: f.RequestedURL, Status: f.Status,
			Charset: f.Charset, SHA256: f.Hash, FetchedAt: f.FetchedAt,
		},
		PageNow: PageNow{Status: f.PageNow.Status, SHA256: f.PageNow.Hash, FetchedAt: f.PageNow.At},
	}
}
