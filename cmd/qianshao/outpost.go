package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/index/bleveindex"
	"github.com/qianshao/qianshao/index/store"
)

// outpost is a data folder at work: the truth, the index derived from it, the
// analyzer in force and the metrics.
type outpost struct {
	store    *store.Store
	index    *bleveindex.Index
	analyzer atomic.Pointer[analyze.Analyzer]
	metrics  *metrics.Metrics
	views    *viewer // nil where nothing is fetched
	log      *slog.Logger
}

// openOutpost opens the data folder, creating it where it is missing. Only one
// process at a time may have it open.
func openOutpost(s *session) (*outpost, error) {
	analyzer, err := s.loadAnalyzer()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return nil, fmt.Errorf("create the data folder: %w", err)
	}
	o := &outpost{metrics: metrics.New(), log: s.log}
	o.use(analyzer)
	if o.index, err = openIndex(s.data); err != nil {
		return nil, err
	}
	if o.store, err = openStore(s); err != nil {
		return nil, errors.Join(err, o.index.Close())
	}
	o.metrics.WatchFrontier(o.frontierStates, o.store.Next)
	return o, nil
}

// frontierStates are the values of the gauge qianshao_frontier_items.
func (o *outpost) frontierStates(ctx context.Context) (map[string]int, error) {
	counts, err := o.store.Counts(ctx)
	return map[string]int{"waiting": counts.Waiting, "finished": counts.URLs - counts.Waiting}, err
}

func openStore(s *session) (*store.Store, error) {
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return nil, fmt.Errorf("create the data folder: %w", err)
	}
	return store.Open(s.ctx, filepath.Join(s.data, "qianshao.db"))
}

func indexPath(data string) string { return filepath.Join(data, "index.bleve") }

func openIndex(data string) (*bleveindex.Index, error) {
	return bleveindex.Open(indexPath(data), indexOptions())
}

func indexOptions() bleveindex.Options { return bleveindex.Options{Fold: fold.String} }

// use puts an analyzer in force; pages under way finish with the one before.
func (o *outpost) use(analyzer *analyze.Analyzer) {
	o.analyzer.Store(analyzer)
	o.metrics.RulesLoaded(len(analyzer.Rules().Rules()))
}

func (o *outpost) Close() error {
	return errors.Join(o.index.Close(), o.store.Close())
}

// take is the way of a page: understand and judge, save, index. It returns
// the links to follow. Every step may be repeated, so that a crash between any
// two of them costs nothing but the repetition; the crawler marks the page
// done only after take has returned.
func (o *outpost) take(ctx context.Context, page qianshao.Page) (links []string, err error) {
	viewed, err := o.views.look(ctx, &page)
	if err != nil {
		return nil, err
	}
	doc, assessment := o.judge(ctx, &page)
	saved, err := o.save(ctx, store.Save{Page: page, Document: doc, Assessment: assessment, ViewsAsked: viewed})
	if err != nil {
		return nil, err
	}
	if err := o.list(ctx, saved); err != nil {
		return nil, err
	}
	for _, link := range doc.Links {
		links = append(links, link.URL)
	}
	return links, nil
}

// judge assesses a page, and again if that showed that more must be seen of it.
func (o *outpost) judge(ctx context.Context, page *qianshao.Page) (*qianshao.Document, qianshao.Assessment) {
	start := time.Now()
	doc, assessment := o.analyzer.Load().Assess(*page)
	took := time.Since(start)
	if more := o.views.lookAgain(ctx, page, assessment); len(more) > 0 {
		page.Others = append(page.Others, more...)
		start = time.Now()
		doc, assessment = o.analyzer.Load().Assess(*page)
		took += time.Since(start)
	}
	o.metrics.Analysed(assessment, took)
	return doc, assessment
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

// list brings the index to what was saved.
func (o *outpost) list(ctx context.Context, saved store.Saved) error {
	start := time.Now()
	if err := o.updateIndex(ctx, saved); err != nil {
		o.metrics.Failed(metrics.StageIndex)
		return err
	}
	o.metrics.Indexed(time.Since(start))
	return nil
}

func (o *outpost) updateIndex(ctx context.Context, saved store.Saved) error {
	if len(saved.Removed) > 0 {
		if err := o.index.Delete(ctx, saved.Removed); err != nil {
			return err
		}
		if err := o.store.Unlisted(ctx, saved.Removed); err != nil {
			return err
		}
	}
	if len(saved.Entries) > 0 {
		return o.index.Put(ctx, saved.Entries)
	}
	return nil
}
