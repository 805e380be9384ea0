package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/extract"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/ingest/render"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite"
)

// Each other view is one more request to the host, under the same scope,
// robots.txt and pace. So a page is asked for in them when it is new, when it has
// changed, at most once in viewsRest, and at least once in viewsTerm: a redirect
// for search visitors leaves the plain page as it was. Where a finding rests on
// a view it is asked for at every visit, or the finding would seem to be gone.
const (
	viewsRest = 24 * time.Hour
	viewsTerm = 7 * 24 * time.Hour
	// viewsTime bounds each of the two looks at the views of one page; with the
	// visit itself they stay within a lease.
	viewsTime = 90 * time.Second
)

// viewer gets other views of pages where their authorisation permits it. A nil
// viewer gets none: files have no other views.
type viewer struct {
	fetcher *fetch.Fetcher
	scope   func() *ingest.Scope
	store   *sqlite.Store
	browser *render.Browser // nil if there is none
	metrics *metrics.Metrics
	log     *slog.Logger
}

// look adds the other views that are due to page, and says whether it must be
// judged anew for their sake. It fails if one cannot be had just now on which a
// finding rests.
func (v *viewer) look(ctx context.Context, page *qianshao.Page) (due bool, err error) {
	if v == nil {
		return false, nil
	}
	wanted := v.permitted(page)
	if len(wanted) == 0 && v.browser == nil {
		return false, nil
	}
	state, err := v.store.ViewState(ctx, page.URL)
	if err != nil {
		return false, err
	}
	if due = viewsDue(page, state); len(wanted) == 0 {
		due = renderingDue(page, state)
	}
	if !due {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, viewsTime)
	defer cancel()
	if page.NotModified() { // its text is needed to compare with
		whole, err := v.fetcher.Get(ctx, fetch.Request{URL: page.URL})
		if err != nil {
			return false, fmt.Errorf("fetch the page anew to compare its views: %w", err)
		}
		*page = whole
	}
	for _, view := range wanted {
		other, err := v.get(ctx, page, view)
		switch {
		case err == nil:
			page.Others = append(page.Others, other)
		case ctx.Err() != nil || isTemporary(err) && slices.Contains(state.Open, view):
			return true, fmt.Errorf("view %s: %w", view, err)
		}
	}
	return true, nil
}

// permitted returns the views for which page's authorisation lets us ask.
func (v *viewer) permitted(page *qianshao.Page) (views []qianshao.View) {
	u, err := url.Parse(page.URL)
	if err != nil {
		return nil
	}
	authorisation, skip := v.scope().Decide(u, time.Now())
	if skip != "" {
		return nil
	}
	for _, view := range []qianshao.View{qianshao.ViewSearchVisitor, qianshao.ViewSearchCrawler} {
		if authorisation.Permits(view) {
			views = append(views, view)
		}
	}
	return views
}

func viewsDue(page *qianshao.Page, state store.ViewState) bool {
	age := page.FetchedAt.Sub(state.At)
	changed := !page.NotModified() && hashOf(page.Body) != state.Hash
	resting := slices.ContainsFunc(state.Open, func(v qianshao.View) bool { return v != qianshao.ViewBrowser })
	return resting || age >= viewsTerm || changed && age >= viewsRest
}

// renderingDue says whether a page that a browser has shown before is to be
// shown to it again, though its source may be what it was.
func renderingDue(page *qianshao.Page, state store.ViewState) bool {
	return !state.At.IsZero() && (slices.Contains(state.Open, qianshao.ViewBrowser) || page.FetchedAt.Sub(state.At) >= viewsRest)
}

// get asks for one view. A redirect out of the scope is an answer, too; it is
// not followed.
func (v *viewer) get(ctx context.Context, page *qianshao.Page, view qianshao.View) (qianshao.Page, error) {
	other, err := v.fetcher.Get(ctx, fetch.Request{URL: page.RequestedURL, View: view})
	if err == nil {
		v.metrics.Viewed(view, metrics.ViewSeen)
		return other, nil
	}
	if away, ok := ledAway(page, view, err); ok {
		v.metrics.Viewed(view, metrics.ViewLedAway)
		v.log.Info("another view is led out of the scope; not followed", "view", string(view), "url", page.URL)
		return away, nil
	}
	v.metrics.Viewed(view, metrics.ViewRefused)
	v.log.Debug("view not fetched", "view", string(view), "url", page.URL, "error", err)
	return qianshao.Page{}, err
}

// ledAway makes a page of a redirect to a place that nobody has authorised.
func ledAway(page *qianshao.Page, view qianshao.View, err error) (qianshao.Page, bool) {
	var skip *fetch.SkipError
	if !errors.As(err, &skip) || skip.Skip != qianshao.SkipNotAuthorised || len(skip.Exchanges) == 0 {
		return qianshao.Page{}, false
	}
	last := skip.Exchanges[len(skip.Exchanges)-1]
	status := http.StatusFound
	_, _ = fmt.Sscanf(string(last.ResponseHeader), "HTTP/%s %d", new(string), &status)
	return qianshao.Page{
		URL: skip.URL, RequestedURL: page.RequestedURL, Authorisation: page.Authorisation, Source: page.Source,
		FetchedAt: last.At, Status: status, View: view, RobotsWaiver: page.RobotsWaiver, Exchanges: skip.Exchanges,
	}, true
}

func isTemporary(err error) bool {
	var skip *fetch.SkipError
	return errors.As(err, &skip) && skip.Temporary()
}

// closer is what a second look at a judged page brought.
type closer struct {
	pages []qianshao.Page
	links []string // that scripts have made
	// changed says that a view of the page is now what the browser showed of it.
	changed bool
}

// lookAgain gets what a page needs to be judged rightly, nothing for most: a
// second plain visit where another view shows what the first did not, so that a
// banner which merely rotates is not called cloaking; and what a browser shows
// of pages that their scripts make, and of flagged ones.
func (v *viewer) lookAgain(ctx context.Context, page *qianshao.Page, doc *qianshao.Document, assessment qianshao.Assessment) (closer, error) {
	var more closer
	if v == nil {
		return more, nil
	}
	ctx, cancel := context.WithTimeout(ctx, viewsTime)
	defer cancel()
	if assessment.Views[qianshao.ViewSearchVisitor] != nil || assessment.Views[qianshao.ViewSearchCrawler] != nil {
		again, err := v.fetcher.Get(ctx, fetch.Request{URL: page.RequestedURL})
		if err != nil {
			v.log.Info("no second plain visit to hold the views against", "url", page.URL, "error", err)
		} else {
			more.pages = append(more.pages, again)
		}
	}
	err := v.showAll(ctx, page, extract.MadeByScript(doc) || assessment.Flagged(), &more)
	return more, err
}

// showAll shows the page to the browser where that is wanted. Where a script of
// it reads the referrer, what a search engine's visitor got is shown, too, and
// stands for that view from then on: most redirects of these are made so.
func (v *viewer) showAll(ctx context.Context, page *qianshao.Page, wanted bool, more *closer) error {
	search := slices.IndexFunc(page.Others, func(other qianshao.Page) bool {
		return other.View == qianshao.ViewSearchVisitor && !other.LedAway() && readsReferrer(other.Body)
	})
	if v.browser == nil || !wanted && search < 0 {
		return nil
	}
	shown, err := v.show(ctx, *page, more)
	if err != nil {
		return err
	}
	if shown != nil {
		more.pages = append(more.pages, *shown)
	}
	if search < 0 {
		return nil
	}
	if shown, err = v.show(ctx, page.Others[search], more); err != nil {
		return err
	}
	if shown != nil {
		shown.Exchanges = page.Others[search].Exchanges
		page.Others[search], more.changed = *shown, true
	}
	return nil
}

// readsReferrer says whether a script of the page may ask where its visitor comes from.
func readsReferrer(body []byte) bool { return bytes.Contains(body, []byte("referrer")) }

// show gets what the browser makes of a page. A page that cannot be shown is
// judged by its source, unless a finding rests on what the browser showed last time.
func (v *viewer) show(ctx context.Context, page qianshao.Page, more *closer) (*qianshao.Page, error) {
	page.ContentType = declared(page)
	out, err := v.browser.Render(ctx, page)
	for why, n := range out.Refused {
		v.metrics.BrowserRefused(string(why), n)
	}
	if err != nil {
		v.metrics.Viewed(qianshao.ViewBrowser, metrics.ViewRefused)
		v.log.Info("page not rendered", "url", page.URL, "error", err)
		state, stateErr := v.store.ViewState(ctx, page.URL)
		if view := cmp.Or(page.View, qianshao.ViewBrowser); stateErr == nil && slices.Contains(state.Open, view) {
			return nil, fmt.Errorf("view %s: %w", view, err)
		}
		return nil, nil
	}
	for _, link := range analyze.Extract(out.Page).Links {
		more.links = append(more.links, link.URL)
	}
	outcome := metrics.ViewSeen
	if to, err := fetch.Canonical(out.Leaving); err == nil {
		more.links = append(more.links, to)
		if v.isOutside(to) {
			outcome = metrics.ViewLedAway
			out.Page.URL, out.Page.Status, out.Page.Body = to, http.StatusFound, nil
		}
	}
	v.metrics.Viewed(qianshao.ViewBrowser, outcome)
	return &out.Page, nil
}

// declared is the page's type with the charset that it is in: of a page that
// declares none, or a wrong one, a browser makes something else than we do.
func declared(page qianshao.Page) string {
	kind, _, err := mime.ParseMediaType(page.ContentType)
	if err != nil || !fetch.PageType(kind, nil) {
		kind = "text/html"
	}
	return kind + "; charset=" + analyze.Extract(page).Charset
}

// isOutside says whether nobody has authorised requests to a URL.
func (v *viewer) isOutside(rawURL string) bool {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false
	}
	_, skip := v.scope().Decide(u, time.Now())
	return skip == qianshao.SkipNotAuthorised
}

// rendered says whether a browser has shown the page, which is noted only
// where no other view has a time of its own.
func (v *viewer) rendered(page *qianshao.Page) bool {
	isBrowser := func(other qianshao.Page) bool { return other.View == qianshao.ViewBrowser }
	return v != nil && slices.ContainsFunc(page.Others, isBrowser) && len(v.permitted(page)) == 0
}
