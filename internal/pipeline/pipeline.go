// Package pipeline takes a page through all steps: its other views are fetched, and it is judged,
// archived if it is flagged, and saved. Process shows these steps on one screen. The index is
// updated from the store's outbox.
package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/extract"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/ingest/picture"
	"github.com/qianshao/qianshao/ingest/render"
	"github.com/qianshao/qianshao/internal/turns"
	"github.com/qianshao/qianshao/store"
)

// Store is the part of the store that the pipeline needs.
type Store interface {
	// SavePage saves a flagged page. Other pages are saved with their visits.
	SavePage(ctx context.Context, save store.Save) (store.Saved, error)
	// Confirm records that a page was seen unchanged since it was judged; known is false if it
	// must be judged again.
	Confirm(ctx context.Context, pageURL, hash, rules string, at time.Time) (saved store.Saved, known bool, err error)
	// PageGone records that a page is no longer there.
	PageGone(ctx context.Context, pageURL string, status int, cause qianshao.Cause, at time.Time) (store.Saved, error)
	// ViewState says when a page's other views were last requested.
	ViewState(ctx context.Context, url string) (store.ViewState, error)
	// FindingsOfPage returns all findings of a page, open and gone.
	FindingsOfPage(ctx context.Context, pageURL string) ([]qianshao.FindingRecord, error)
	// Authorisation returns the entry of the register with an id.
	Authorisation(ctx context.Context, id string) (qianshao.Authorisation, error)
}

// ActiveRules are the compiled rules in force. Their name is made of the program's version and the
// digest of the rules. A page's assessment is valid until that name or the page's content changes.
type ActiveRules struct {
	*analyze.Analyzer
	Name string
}

// Options are the parts of a pipeline. All but the last five are required.
type Options struct {
	Store    Store
	Evidence *evidence.Archive
	// Rules returns the rules in force. Pages in progress finish with the rules that they began
	// with.
	Rules func() *ActiveRules
	// Fetcher gets style sheets, scripts, other views and second looks.
	Fetcher *fetch.Fetcher
	// Scope returns the register of authorisations in force, which says in which views a page may
	// be requested.
	Scope func() *ingest.Scope
	// Browser renders pages. Without it pages are judged by their source.
	Browser *render.Browser
	// OCR reads text in pictures. Without it only QR codes are read.
	OCR *picture.OCR
	// Changed is called after findings were saved, so that data derived from them can be updated.
	// It may be nil.
	Changed func()
	// Metrics count what becomes of pages. They may be nil.
	Metrics *metrics.Metrics
	// Log receives what an operator may want to look into; nil discards it.
	Log *slog.Logger
}

// Pipeline takes pages through all steps. It is safe for concurrent use.
type Pipeline struct {
	Options
	turns    *turns.Turns
	pictures pictureMemory
}

// New checks the options and returns a pipeline.
func New(opts Options) (*Pipeline, error) {
	if opts.Store == nil || opts.Evidence == nil || opts.Rules == nil || opts.Fetcher == nil || opts.Scope == nil {
		return nil, errors.New("pipeline: Store, Evidence, Rules, Fetcher and Scope are required")
	}
	if opts.Changed == nil {
		opts.Changed = func() {}
	}
	if opts.Metrics == nil {
		opts.Metrics = metrics.New()
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Pipeline{Options: opts, turns: turns.New(maxWorked, largePage)}, nil
}

// Process takes a page through all steps: request its other views, judge, archive, save. It returns
// the links to follow, including those of a feed. A page that is not flagged is saved by the
// crawler, in the transaction that marks it done: most pages are not, and most of the cost of
// saving one is the commit. Every step may be repeated, so a crash between two steps only costs the
// repetition. The crawler marks the page done only after Process has returned. before is what the
// last visit left.
func (p *Pipeline) Process(ctx context.Context, page qianshao.Page, before ingest.Memory) (handled ingest.Handled, err error) {
	viewed, err := p.addViews(ctx, &page)
	if err != nil {
		return handled, err
	}
	if !viewed {
		handled, known, err := p.confirm(ctx, &page, before)
		if known || err != nil {
			return handled, err
		}
	}
	rules, extraction := p.Rules(), analyze.NewExtraction(page)
	turn := &turn{turns: p.turns, x: extraction}
	defer turn.end()
	judged, err := p.judge(ctx, rules, extraction, turn)
	if err != nil {
		return handled, err
	}
	page = extraction.Whole()
	hash := hashOf(page.Body)
	viewed = viewed || p.onlyRendered(&page)
	if !judged.assessment.Flagged() {
		kept := unflagged(&page, hash, rules.Name, viewed, judged.scripted)
		return ingest.Handled{Hash: hash, Page: kept, Links: slices.Concat(judged.links, p.feedLinks(page))}, nil
	}
	merged, err := p.identify(ctx, page.URL, &judged.assessment, before.Rules != rules.Name, before.Hash == hash)
	if err != nil {
		return handled, err
	}
	if err := p.archive(ctx, evidence.Item{Page: page, Assessment: judged.assessment, Rules: rules.Name}); err != nil {
		return handled, err
	}
	saved, err := p.save(ctx, store.Save{
		Page: page, Document: judged.doc, Assessment: judged.assessment, Rules: rules.Name, Merged: merged,
		ViewsAsked: viewed, Scripted: judged.scripted,
	})
	if err != nil {
		return handled, err
	}
	return ingest.Handled{Hash: hash, Open: saved.Open, Links: slices.Concat(judged.links, p.feedLinks(page))}, nil
}

// unflagged returns what is kept of a page that is not flagged. It has none of the page's text.
func unflagged(page *qianshao.Page, hash, rules string, viewsAsked, scripted bool) *ingest.Unflagged {
	return &ingest.Unflagged{
		URL: page.URL, RequestedURL: page.RequestedURL, Authorisation: page.Authorisation, Status: page.Status, FetchedAt: page.FetchedAt,
		Hash: hash, Rules: rules, ViewsAsked: viewsAsked, Scripted: scripted,
	}
}

// Saved is called with the number of unflagged pages that were saved with their visits. Findings of
// these pages may be gone.
func (p *Pipeline) Saved(pages int, took time.Duration) {
	for range pages {
		p.Metrics.Saved(took)
	}
	p.Changed()
}

// Gone records that a page is no longer there.
func (p *Pipeline) Gone(ctx context.Context, gone ingest.Gone) error {
	saved, err := p.Store.PageGone(ctx, gone.URL, gone.Status, gone.Cause, gone.At)
	if err != nil {
		p.Metrics.Failed(metrics.StageSave)
		return err
	}
	p.tell(saved)
	return nil
}

// RulesName names the rules in force. The crawler compares it with ingest.Memory.
func (p *Pipeline) RulesName() string { return p.Rules().Name }

// judged is the result of judging a page.
type judged struct {
	doc           *qianshao.Document
	assessment    qianshao.Assessment
	madeByScript  bool
	hardlyAnyText bool
	pictures      []string      // references, as in Document.Pictures
	scripted      bool          // it has external scripts on its own site
	links         []string      // of all views and renderings
	took          time.Duration // time to assess it
}

// assess assesses a page with what has been fetched so far. Of a large page it keeps only what is
// saved, because the rest takes some ten times the page's size.
func assess(rules *ActiveRules, x *analyze.Extraction) (j judged) {
	start := time.Now()
	j.doc, j.assessment = rules.AssessExtraction(x)
	j.madeByScript, j.hardlyAnyText = extract.MadeByScript(j.doc), extract.HardlyAnyText(j.doc)
	for _, ref := range j.doc.Pictures {
		j.pictures = append(j.pictures, strings.Clone(ref))
	}
	for _, link := range j.doc.Links {
		j.links = append(j.links, strings.Clone(link.URL)) // a part of the source would keep all of it in memory
	}
	if isLarge(x) {
		j.doc = kept(j.doc, j.assessment.Flagged())
		x.Forget()
	}
	j.took = time.Since(start)
	return j
}

// kept returns the part of a document that the store saves. That has no text if the page is not
// flagged.
func kept(doc *qianshao.Document, flagged bool) *qianshao.Document {
	out := &qianshao.Document{Charset: doc.Charset, CharsetFrom: doc.CharsetFrom, Title: strings.Clone(doc.Title), Notes: doc.Notes}
	if flagged {
		out.Source = doc.Source
		for _, r := range doc.Regions {
			out.Regions = append(out.Regions, qianshao.Region{Kind: r.Kind, Text: r.Text})
		}
	}
	return out
}

// judge fetches the page's style sheets and scripts and assesses it, and assesses it again if a
// follow-up or its pictures show more. When it returns, the page has its turn.
func (p *Pipeline) judge(ctx context.Context, rules *ActiveRules, x *analyze.Extraction, turn *turn) (j judged, err error) {
	scripted, err := p.addParts(ctx, x, turn)
	if err != nil {
		return j, err
	}
	if err := turn.take(ctx); err != nil {
		return j, err
	}
	if j = assess(rules, x); p.callsForFollowUp(j) {
		if j, err = p.judgeAgain(ctx, rules, x, turn, j); err != nil {
			return j, err
		}
	}
	for _, a := range j.assessment.Allowed {
		p.Log.Info("the allow-list suppresses an alert", "url", x.Page.URL, "rule", a.Rule, "level", a.Level.String(), "by", a.By)
	}
	p.Metrics.Analysed(j.assessment, j.took)
	j.scripted = scripted
	return j, nil
}

// addParts fetches the page's style sheets and scripts. scripted says whether the page has scripts
// on its own site.
func (p *Pipeline) addParts(ctx context.Context, x *analyze.Extraction, turn *turn) (scripted bool, err error) {
	if err := turn.take(ctx); err != nil {
		return false, err
	}
	sheets, scripts := x.Stylesheets(), x.Scripts()
	turn.end()
	x.Page.Stylesheets = FetchStylesheets(ctx, p.Fetcher, sheets)
	x.Page.Scripts, scripted = FetchScripts(ctx, p.Fetcher, x, scripts)
	for _, other := range x.Others { // a sheet that hides something in one view hides it in all
		other.Page.Stylesheets, other.Page.Scripts = x.Page.Stylesheets, x.Page.Scripts
	}
	return scripted, nil
}

// judgeAgain does the follow-up of a page with the result j and reads its pictures, outside the
// page's turn. It assesses the page again if they show more of it.
func (p *Pipeline) judgeAgain(ctx context.Context, rules *ActiveRules, x *analyze.Extraction, turn *turn, j judged) (judged, error) {
	turn.leave(&j)
	more, err := p.followUp(ctx, x, j)
	if err != nil {
		return j, err
	}
	if len(more.pages) > 0 || more.replaced {
		x.Others = append(x.Others, more.pages...)
		if err := turn.take(ctx); err != nil {
			return j, err
		}
		j = j.again(rules, x)
		turn.leave(&j)
	}
	said := p.addPictures(ctx, x, j)
	if err := turn.take(ctx); err != nil {
		return j, err
	}
	if said || j.doc == nil {
		j = j.again(rules, x)
	}
	j.links = append(j.links, more.links...)
	return j, nil
}

// again assesses a page with the result j once more.
func (j judged) again(rules *ActiveRules, x *analyze.Extraction) judged {
	took := j.took
	j = assess(rules, x)
	j.took += took
	return j
}

// archive archives a flagged page as evidence.
func (p *Pipeline) archive(ctx context.Context, item evidence.Item) error {
	if !item.Assessment.Flagged() {
		return nil
	}
	start := time.Now()
	authorisation, err := p.Store.Authorisation(ctx, item.Page.Authorisation)
	var added evidence.Added
	if err == nil {
		item.Authorisation = &authorisation
		added, err = p.Evidence.Add(ctx, item)
	}
	if err != nil {
		p.Metrics.Failed(metrics.StageArchive)
		return err
	}
	p.Metrics.Archived(added.Records, added.Bytes, time.Since(start))
	return nil
}

// save saves a judged page in the store.
func (p *Pipeline) save(ctx context.Context, save store.Save) (store.Saved, error) {
	start := time.Now()
	saved, err := p.Store.SavePage(ctx, save)
	if err != nil {
		p.Metrics.Failed(metrics.StageSave)
		return saved, err
	}
	p.Metrics.Saved(time.Since(start))
	p.tell(saved)
	return saved, nil
}

// tell calls Changed if findings have changed.
func (p *Pipeline) tell(saved store.Saved) {
	if saved.Changed {
		p.Changed()
	}
}

// feedLinks returns the entries of a page that is a feed.
func (p *Pipeline) feedLinks(page qianshao.Page) []string {
	links, err := ingest.FeedLinks(page)
	if err != nil {
		p.Log.Info("feed not read", "error", err)
	}
	return links
}

// hashOf returns the SHA-256 of a body, in hex.
func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
