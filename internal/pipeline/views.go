package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/store"
)

// Each other view costs the host one more request, under the same scope, robots.txt and pace. So a
// page is requested in its other views when it is new or has changed, but at most once in
// viewsRest, and at least once in viewsTerm, since a redirect for search visitors does not change
// the plain page. A view on which a finding is based is requested at every visit, because otherwise
// the finding would seem to be gone.
const (
	viewsRest = 24 * time.Hour
	viewsTerm = 7 * 24 * time.Hour
	// viewsTime bounds each of the two rounds of requests for the views of a page. Together with
	// the visit itself they must end within a lease.
	viewsTime = 90 * time.Second
)

// addViews adds the other views that are due to a page. viewed says that some were, so that the
// page must be judged again even if it is unchanged. It fails if a view on which a finding is based
// cannot be fetched now.
func (p *Pipeline) addViews(ctx context.Context, page *qianshao.Page) (viewed bool, err error) {
	wanted := p.permitted(page)
	if len(wanted) == 0 && p.Browser == nil {
		return false, nil
	}
	state, err := p.Store.ViewState(ctx, page.URL)
	if err != nil {
		return false, err
	}
	due := viewsDue(page, state)
	if len(wanted) == 0 {
		due = renderingDue(page, state)
	}
	if !due {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, viewsTime)
	defer cancel()
	if page.NotModified() { // the comparison needs its text
		whole, err := p.Fetcher.Get(ctx, fetch.Request{URL: page.URL})
		if err != nil {
			return false, fmt.Errorf("fetch the page anew to compare its views: %w", err)
		}
		*page = whole
	}
	for _, view := range wanted {
		other, err := p.view(ctx, page, view)
		switch {
		case err == nil:
			page.Others = append(page.Others, other)
		case ctx.Err() != nil || isTemporary(err) && slices.Contains(state.Open, view):
			return true, fmt.Errorf("view %s: %w", view, err)
		}
	}
	return true, nil
}

// permitted returns the views in which the page's authorisation permits requests.
func (p *Pipeline) permitted(page *qianshao.Page) (views []qianshao.View) {
	u, err := url.Parse(page.URL)
	if err != nil {
		return nil
	}
	authorisation, skip := p.Scope().Decide(u, time.Now())
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
	age := viewsAge(page, state)
	changed := !page.NotModified() && hashOf(page.Body) != state.Hash
	resting := slices.ContainsFunc(state.Open, func(v qianshao.View) bool { return v != qianshao.ViewBrowser })
	return resting || age >= viewsTerm || changed && age >= viewsRest
}

// renderingDue reports whether a page that was rendered before must be rendered again, even if its
// source is unchanged.
func renderingDue(page *qianshao.Page, state store.ViewState) bool {
	return !state.At.IsZero() && (slices.Contains(state.Open, qianshao.ViewBrowser) || viewsAge(page, state) >= viewsRest)
}

// viewsAge returns how long ago the views were requested. A time in the future was recorded while
// the clock was ahead, and counts as long ago.
func viewsAge(page *qianshao.Page, state store.ViewState) time.Duration {
	age := page.FetchedAt.Sub(state.At)
	if age < -viewsTime {
		return viewsTerm
	}
	return age
}

// onlyRendered reports whether the page has and may have no other view than its rendering. Only
// then is the time of the rendering recorded. Otherwise the time of the other views counts.
func (p *Pipeline) onlyRendered(page *qianshao.Page) bool {
	isBrowser := func(other qianshao.Page) bool { return other.View == qianshao.ViewBrowser }
	return slices.ContainsFunc(page.Others, isBrowser) && len(p.permitted(page)) == 0
}

// view fetches the page in one view. A redirect out of the scope is not followed, but counts as an
// answer.
func (p *Pipeline) view(ctx context.Context, page *qianshao.Page, view qianshao.View) (qianshao.Page, error) {
	other, err := p.Fetcher.Get(ctx, fetch.Request{URL: page.RequestedURL, View: view})
	if err == nil {
		p.Metrics.Viewed(view, metrics.ViewSeen)
		return other, nil
	}
	if away, ok := ledAway(page, view, err); ok {
		p.Metrics.Viewed(view, metrics.ViewLedAway)
		p.Log.Info("another view redirects out of the scope; not followed", "view", string(view), "url", page.URL)
		return away, nil
	}
	p.Metrics.Viewed(view, metrics.ViewRefused)
	p.Log.Debug("view not fetched", "view", string(view), "url", page.URL, "error", err)
	return qianshao.Page{}, err
}

// ledAway makes a page from a redirect to a URL that no authorisation covers.
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

// FetchStylesheets fetches the style sheets that decide what a page hides, by URL. One that cannot be
// fetched is left out, and the page is judged without it.
func FetchStylesheets(ctx context.Context, fetcher *fetch.Fetcher, urls []string) map[string][]byte {
	var sheets map[string][]byte
	for _, sheet := range urls {
		css, err := fetcher.Stylesheet(ctx, sheet)
		if err != nil {
			continue
		}
		if sheets == nil {
			sheets = map[string][]byte{}
		}
		sheets[sheet] = css
	}
	return sheets
}

// Bounds on a page's scripts.
const (
	// scriptsTime bounds the wait for a page's scripts, which are fetched at the host's pace. Those
	// that are missing by then are fetched with one of the site's next pages.
	scriptsTime = 30 * time.Second
	// maxScripts and maxScriptBytes bound the scripts with which a page is judged, since it is read
	// with them each time.
	maxScripts     = 16
	maxScriptBytes = 1 << 20
)

// FetchScripts fetches the external scripts on the page's own site that matter, by URL. One that
// cannot be fetched is left out, and the page is judged without it. own says that the page has
// scripts on its own site, whether or not they matter now.
func FetchScripts(ctx context.Context, fetcher *fetch.Fetcher, x *analyze.Extraction, urls []string) (scripts map[string][]byte, own bool) {
	ctx, cancel := context.WithTimeout(ctx, scriptsTime)
	defer cancel()
	left := maxScriptBytes
	for _, script := range urls {
		code, err := fetcher.Script(ctx, script, x.Page.Authorisation, x.ScriptMatters)
		own = own || !isForeign(err)
		if err != nil || code == nil || len(code) > left || len(scripts) == maxScripts {
			continue
		}
		left -= len(code)
		if scripts == nil {
			scripts = map[string][]byte{}
		}
		scripts[script] = code
	}
	return scripts, own
}

// isForeign reports whether a script does not belong to the page's site, but for example to a CDN
// or a counter.
func isForeign(err error) bool {
	var skip *fetch.SkipError
	return errors.Is(err, fetch.ErrOtherSite) || errors.As(err, &skip) && skip.Skip == qianshao.SkipNotAuthorised
}
