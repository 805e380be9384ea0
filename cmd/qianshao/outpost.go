package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/index/bleveindex"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite"
)

// outpost is a data folder at work: the truth, the index derived from it, the
// analyzer in force and the metrics.
type outpost struct {
	folder   string // the data folder
	store    *sqlite.Store
	index    *bleveindex.Index
	analyzer atomic.Pointer[standard]
	metrics  *metrics.Metrics
	views    *viewer           // nil where nothing is fetched
	evidence *evidence.Archive // nil where nothing is fetched
	log      *slog.Logger
	large    sync.Mutex // held while a large page is judged
}

// Bounds on the memory of a process that crawls for months beside others.
// Judging a page takes some twelve times its size.
const (
	// largePage is the size from which on pages are judged one at a time: the
	// workers together hold no more than one of them needs.
	largePage = 512 << 10
	// memoryLimit is where the collector of garbage begins to work harder; the
	// program and what it maps come on top. GOMEMLIMIT sets another.
	memoryLimit = 160 << 20
	// garbage is how much of it may gather below the limit, in percent of what is
	// in use. The limit holds the peaks, so it need not be collected as often as
	// Go does by itself. GOGC sets another.
	garbage = 300
)

// limitMemory applies memoryLimit, unless the operator has set limits.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" && os.Getenv("GOGC") == "" {
		debug.SetMemoryLimit(memoryLimit)
		debug.SetGCPercent(garbage)
	}
}

// standard is an analyzer with the name of what it judges by: the program and
// the rules. A page's verdict holds as long as that name and its content do.
type standard struct {
	*analyze.Analyzer
	name string
}

// openOutpost opens the data folder, creating it where it is missing. Only one
// process at a time may have it open.
func openOutpost(s *session) (*outpost, error) {
	limitMemory()
	analyzer, err := s.loadVetted()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return nil, fmt.Errorf("create the data folder: %w", err)
	}
	o := &outpost{folder: s.data, metrics: metrics.New(), log: s.log}
	o.use(analyzer)
	if o.index, err = openIndex(s.data); err != nil {
		return nil, err
	}
	if o.store, err = openStore(s); err != nil {
		return nil, errors.Join(err, o.index.Close())
	}
	o.metrics.WatchFrontier(o.frontierStates, o.store.Next)
	o.metrics.WatchFindings(o.findingStates)
	return o, nil
}

// frontierStates are the values of the gauge qianshao_frontier_items.
func (o *outpost) frontierStates(ctx context.Context) (map[string]int, error) {
	counts, err := o.store.Counts(ctx)
	return map[string]int{"waiting": counts.Waiting, "finished": counts.URLs - counts.Waiting}, err
}

// findingStates are the values of the gauge qianshao_findings.
func (o *outpost) findingStates(ctx context.Context) (map[string]int, error) {
	counts, err := o.store.Counts(ctx)
	return map[string]int{string(qianshao.StateOpen): counts.Open, string(qianshao.StateGone): counts.Findings - counts.Open}, err
}

func openStore(s *session) (*sqlite.Store, error) {
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return nil, fmt.Errorf("create the data folder: %w", err)
	}
	return sqlite.Open(s.ctx, filepath.Join(s.data, "qianshao.db"))
}

func indexPath(data string) string { return filepath.Join(data, "index.bleve") }

func openIndex(data string) (*bleveindex.Index, error) {
	return bleveindex.Open(indexPath(data), indexOptions())
}

func indexOptions() bleveindex.Options { return bleveindex.Options{Fold: fold.String} }

// use puts an analyzer in force; pages under way finish with the one before.
func (o *outpost) use(analyzer *analyze.Analyzer) {
	o.analyzer.Store(&standard{analyzer, versionString() + " " + analyzer.Rules().Digest()})
	o.metrics.RulesLoaded(len(analyzer.Rules().On()))
}

func (o *outpost) rules() string { return o.analyzer.Load().name }

func (o *outpost) Close() error {
	return errors.Join(o.index.Close(), o.store.Close())
}

// take is the way of a page: understand and judge, archive, save, index. It
// returns the links to follow. Every step may be repeated, so that a crash between any
// two of them costs nothing but the repetition; the crawler marks the page
// done only after take has returned. before is what the last visit left.
func (o *outpost) take(ctx context.Context, page qianshao.Page, before ingest.Memory) (handled ingest.Handled, err error) {
	viewed, err := o.views.look(ctx, &page)
	if err != nil {
		return handled, err
	}
	if !viewed {
		handled, known, err := o.confirm(ctx, &page, before)
		if known || err != nil {
			return handled, err
		}
	}
	handled.Hash = hashOf(page.Body)
	page = withStylesheets(ctx, o.views.fetcher, page)
	for i := range page.Others { // what hides in one view hides in all
		page.Others[i].Stylesheets = page.Stylesheets
	}
	standard := o.analyzer.Load()
	doc, assessment, links, err := o.judge(ctx, standard, &page)
	if err != nil {
		return handled, err
	}
	if err := o.archive(ctx, evidence.Item{Page: page, Assessment: assessment, Rules: standard.name}); err != nil {
		return handled, err
	}
	saved, err := o.save(ctx, store.Save{Page: page, Document: doc, Assessment: assessment, ViewsAsked: viewed || o.views.rendered(&page), Rules: standard.name})
	if err != nil {
		return handled, err
	}
	if err := o.list(ctx, saved); err != nil {
		return handled, err
	}
	handled.Open = saved.Open
	handled.Links = links
	return handled, nil
}

// confirm takes a page that is as it was when it was last judged, and need not
// be judged again; known is false for any other. One that came without body and
// is not known after all is stale.
func (o *outpost) confirm(ctx context.Context, page *qianshao.Page, before ingest.Memory) (handled ingest.Handled, known bool, err error) {
	bodiless := page.NotModified()
	handled.Hash = before.Hash
	if !bodiless {
		handled.Hash = hashOf(page.Body)
	}
	// The item's memory counts, and not the store's alone, since it is written
	// last: links of a page that was saved may not have been.
	if before.Hash != "" && before.Hash == handled.Hash && before.Rules == o.rules() {
		var saved store.Saved
		if saved, known, err = o.store.Confirm(ctx, page.URL, handled.Hash, before.Rules, page.FetchedAt); err != nil {
			o.metrics.Failed(metrics.StageSave)
			return handled, false, err
		}
		if known {
			o.metrics.Unchanged()
			handled.Open = saved.Open
			return handled, true, errors.Join(o.seenAgain(ctx, page, saved), o.list(ctx, saved))
		}
	}
	handled.Stale = bodiless
	return handled, bodiless, nil
}

// assess judges a page; of large ones, one at a time.
func (o *outpost) assess(by *standard, page *qianshao.Page) (*qianshao.Document, qianshao.Assessment) {
	if len(page.Body) > largePage {
		o.large.Lock()
		defer o.large.Unlock()
		debug.FreeOSMemory() // or what pages before have left would count beside what this one takes
	}
	return by.Assess(*page)
}

// judge assesses a page, and again if that showed that more must be seen of it.
// links are those of all that was seen.
func (o *outpost) judge(ctx context.Context, by *standard, page *qianshao.Page) (doc *qianshao.Document, assessment qianshao.Assessment, links []string, err error) {
	start := time.Now()
	doc, assessment = o.assess(by, page)
	took := time.Since(start)
	more, err := o.views.lookAgain(ctx, page, doc, assessment)
	if err != nil {
		return doc, assessment, nil, err
	}
	if len(more.pages) > 0 || more.changed {
		page.Others = append(page.Others, more.pages...)
		start = time.Now()
		doc, assessment = o.assess(by, page)
		took += time.Since(start)
	}
	for _, a := range assessment.Allowed {
		o.log.Info("the allow-list holds an alert back", "url", page.URL, "rule", a.Rule, "level", a.Level.String(), "by", a.By)
	}
	o.metrics.Analysed(assessment, took)
	for _, link := range doc.Links {
		links = append(links, link.URL)
	}
	return doc, assessment, append(links, more.links...), nil
}

// archive keeps a flagged page as evidence.
func (o *outpost) archive(ctx context.Context, item evidence.Item) error {
	if !item.Assessment.Flagged() {
		return nil
	}
	start := time.Now()
	authorisation, err := o.store.Authorisation(ctx, item.Page.Authorisation)
	var added evidence.Added
	if err == nil {
		item.Authorisation = &authorisation
		added, err = o.evidence.Add(ctx, item)
	}
	if err != nil {
		o.metrics.Failed(metrics.StageArchive)
		return err
	}
	o.metrics.Archived(added.Records, added.Bytes, time.Since(start))
	return nil
}

// seenAgain tells the archive that evidence still stands.
func (o *outpost) seenAgain(ctx context.Context, page *qianshao.Page, saved store.Saved) error {
	if !saved.Open {
		return nil
	}
	return o.evidence.Seen(ctx, page.URL, page.FetchedAt)
}

func (o *outpost) save(ctx context.Context, save store.Save) (store.Saved, error) {
	start := time.Now()
	saved, err := o.store.SavePage(ctx, save)
	if err != nil {
		o.metrics.Failed(metrics.StageSave)
		return saved, err
	}
	o.metrics.Saved(time.Since(start))
	return saved, nil
}

// gone takes the news that a page is no longer there.
func (o *outpost) gone(ctx context.Context, gone ingest.Gone) error {
	saved, err := o.store.PageGone(ctx, gone.URL, gone.Status, gone.Cause, gone.At)
	if err != nil {
		o.metrics.Failed(metrics.StageSave)
		return err
	}
	return o.list(ctx, saved)
}

// list brings the index to what was saved.
func (o *outpost) list(ctx context.Context, saved store.Saved) error {
	if len(saved.Findings) == 0 {
		return nil
	}
	start := time.Now()
	if err := o.index.Put(ctx, saved.Findings); err != nil {
		o.metrics.Failed(metrics.StageIndex)
		return err
	}
	o.metrics.Indexed(time.Since(start))
	return nil
}

// hashOf returns the SHA-256 of a body, in hex.
func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
