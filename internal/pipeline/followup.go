package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/ingest/fetch"
)

// followUp is the result of the follow-up requests for a judged page.
type followUp struct {
	pages []*analyze.Extraction
	links []string // links that scripts made
	// replaced says that the browser's rendering has replaced a view of the page.
	replaced bool
}

// callsForFollowUp reports whether followUp or addPictures may find something to do.
func (p *Pipeline) callsForFollowUp(j judged) bool {
	return p.Browser != nil || j.showsMoreToSearch() || len(j.pictures) > 0 && (j.assessment.Flagged() || j.hardlyAnyText)
}

// showsMoreToSearch reports whether a view of the page has evidence that a plain visitor
// does not get.
func (j judged) showsMoreToSearch() bool {
	views := j.assessment.Views
	return views[qianshao.ViewSearchVisitor] != nil || views[qianshao.ViewSearchCrawler] != nil
}

// followUp fetches what else is needed to judge a page, which for most pages is nothing. If another
// view has evidence that the plain visit did not have, it makes a second plain visit, so that a
// rotating banner is not called cloaking. Flagged pages and pages made by scripts are rendered in
// the browser.
func (p *Pipeline) followUp(ctx context.Context, page *analyze.Extraction, j judged) (more followUp, err error) {
	ctx, cancel := context.WithTimeout(ctx, viewsTime)
	defer cancel()
	if j.showsMoreToSearch() {
		again, err := p.Fetcher.Get(ctx, fetch.Request{URL: page.Page.RequestedURL})
		if err != nil {
			p.Log.Info("no second plain visit to compare the views with", "url", page.Page.URL, "error", err)
		} else {
			more.pages = append(more.pages, analyze.NewExtraction(again))
		}
	}
	if p.Browser != nil {
		err = p.renderViews(ctx, page, j.madeByScript || j.assessment.Flagged(), &more)
	}
	return more, err
}

// renderViews renders the page in the browser if that is necessary. If one of the page's scripts
// reads the referrer, the answer to a visitor from a search engine is rendered, too, and replaces
// that view: most redirects of such visitors are made by scripts.
func (p *Pipeline) renderViews(ctx context.Context, page *analyze.Extraction, wanted bool, more *followUp) error {
	search := slices.IndexFunc(page.Others, func(other *analyze.Extraction) bool {
		return other.Page.View == qianshao.ViewSearchVisitor && !other.Page.LedAway() && readsReferrer(other.Page.Body)
	})
	if !wanted && search < 0 {
		return nil
	}
	rendered, err := p.render(ctx, page, more)
	if err != nil {
		return err
	}
	if rendered != nil {
		more.pages = append(more.pages, rendered)
	}
	if search < 0 {
		return nil
	}
	if rendered, err = p.render(ctx, page.Others[search], more); err != nil {
		return err
	}
	if rendered != nil {
		rendered.Page.Exchanges = page.Others[search].Page.Exchanges
		page.Others[search], more.replaced = rendered, true
	}
	return nil
}

// readsReferrer reports whether a script of the page may check where its visitor comes from.
func readsReferrer(body []byte) bool { return bytes.Contains(body, []byte("referrer")) }

// render returns the browser's rendering of a page, or nil if that fails. Then the page is judged
// by its source, unless a finding is based on what the browser showed last time.
func (p *Pipeline) render(ctx context.Context, x *analyze.Extraction, more *followUp) (*analyze.Extraction, error) {
	page := x.Page
	page.ContentType = contentType(x)
	out, err := p.Browser.Render(ctx, page)
	for why, n := range out.Refused {
		p.Metrics.BrowserRefused(string(why), n)
	}
	if err != nil {
		p.Metrics.Viewed(qianshao.ViewBrowser, metrics.ViewRefused)
		p.Log.Info("page not rendered", "url", page.URL, "error", err)
		state, stateErr := p.Store.ViewState(ctx, page.URL)
		if view := cmp.Or(page.View, qianshao.ViewBrowser); stateErr == nil && slices.Contains(state.Open, view) {
			return nil, fmt.Errorf("view %s: %w", view, err)
		}
		return nil, nil
	}
	rendered := analyze.NewExtraction(out.Page)
	turn := turn{turns: p.turns, x: rendered}
	if err := turn.take(ctx); err != nil {
		return nil, err
	}
	defer turn.end()
	for _, link := range rendered.Document().Links {
		more.links = append(more.links, strings.Clone(link.URL)) // a part of the source would keep all of it in memory
	}
	outcome := metrics.ViewSeen
	if to, err := fetch.Canonical(out.Leaving); err == nil {
		more.links = append(more.links, to)
		if p.isOutside(to) {
			outcome = metrics.ViewLedAway
			out.Page.URL, out.Page.Status, out.Page.Body = to, http.StatusFound, nil
			rendered = analyze.NewExtraction(out.Page)
		}
	}
	p.Metrics.Viewed(qianshao.ViewBrowser, outcome)
	return rendered, nil
}

// contentType returns the page's type with the charset from which we decoded it. A page may declare
// no charset or a wrong one, and then a browser would decode it differently.
func contentType(x *analyze.Extraction) string {
	kind, _, err := mime.ParseMediaType(x.Page.ContentType)
	if err != nil || !fetch.PageType(kind, nil) {
		kind = "text/html"
	}
	return kind + "; charset=" + x.Charset()
}

// isOutside reports whether no authorisation covers a URL.
func (p *Pipeline) isOutside(rawURL string) bool {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false
	}
	_, skip := p.Scope().Decide(u, time.Now())
	return skip == qianshao.SkipNotAuthorised
}
