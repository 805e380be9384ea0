// Package metrics counts pages on their way: fetched, skipped, analysed, saved, indexed. No label
// has a URL or a host, because a metrics database is kept longer, and read by more people, than a
// finding.
package metrics

import (
	"context"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// Stage is a step in the processing of a page, a label of qianshao_page_duration_seconds and
// qianshao_page_failures_total.
type Stage string

const (
	StageFetch   Stage = "fetch"
	StageAnalyse Stage = "analyse"
	StageArchive Stage = "archive"
	StageSave    Stage = "save"
	StageIndex   Stage = "index"
)

// Stages returns all stages in the order of processing.
func Stages() []Stage { return []Stage{StageFetch, StageAnalyse, StageArchive, StageSave, StageIndex} }

// ViewOutcome is the outcome of requesting another view of a page, a label of qianshao_views_total.
type ViewOutcome string

const (
	ViewSeen    ViewOutcome = "seen"
	ViewLedAway ViewOutcome = "led_away" // redirected out of scope
	ViewRefused ViewOutcome = "refused"  // skipped for any other reason
)

// ViewOutcomes returns every outcome.
func ViewOutcomes() []ViewOutcome { return []ViewOutcome{ViewSeen, ViewLedAway, ViewRefused} }

// durationBuckets range from the analysis of a small page (about 1 ms) to the longest fetch before
// its timeout, in seconds.
var durationBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// verdictBuckets range from a batch decided as soon as it arrives to findings that nobody has
// looked at for a quarter of a year, in seconds. 1, 3, 14 and 30 days are how long findings may
// wait, by their level (campaign.OverdueAfter).
var verdictBuckets = []float64{60, 600, 3600, 4 * 3600, 8 * 3600, day, 3 * day, 7 * day, 14 * day, 30 * day, 90 * day}

const day = 24 * 3600

// Metrics is the set of metrics of one process, in its own registry. All methods are safe for
// concurrent use and never fail.
type Metrics struct {
	registry *prometheus.Registry

	fetched    *prometheus.CounterVec
	skips      *prometheus.CounterVec
	bytes      prometheus.Counter
	analysed   prometheus.Counter
	unchanged  prometheus.Counter
	flaggedAny prometheus.Counter
	flagged    *prometheus.CounterVec
	findings   *prometheus.CounterVec
	allowed    *prometheus.CounterVec
	views      *prometheus.CounterVec
	refused    *prometheus.CounterVec
	browser    prometheus.Gauge
	ocr        prometheus.Gauge
	failures   *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	lastPage   prometheus.Gauge
	rules      prometheus.Gauge
	reloads    prometheus.Counter
	replanned  *prometheus.CounterVec
	records    prometheus.Counter
	archived   prometheus.Counter
	verdicts   *prometheus.HistogramVec
	reviews    *prometheus.CounterVec
	delivered  *prometheus.CounterVec
	deliveries *deliveriesCollector
	store      *storeCollector
}

// New returns fresh metrics. Every label value that is known in advance starts at 0, so that rate()
// sees its first increase.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		fetched:  counterVec("pages_fetched_total", "Pages received, by source.", "source"),
		skips:    counterVec("skips_total", "URLs not fetched and pages not analysed, by reason.", "reason"),
		bytes:    counter("fetch_bytes_total", "Bytes of the bodies of pages received, after content decoding."),
		analysed: counter("pages_analysed_total", "Pages on which the rules ran."),
		unchanged: counter("pages_unchanged_total",
			"Pages not judged again, because neither they nor the rules had changed since they were last judged."),
		flaggedAny: counter("pages_alerted_total",
			"Pages with at least one finding of level medium or above, each counted once."),
		flagged: counterVec("pages_flagged_total",
			"Flagged pages by category; a page with two categories counts in both.", "category"),
		findings: counterVec("findings_total",
			"Findings on pages, one for each kind of crime; every visit of a page counts again.", "category", "level"),
		allowed: counterVec("findings_allowed_total",
			"Findings not flagged because of the overlay's allow-list; every visit of a page counts again.", "category"),
		views: counterVec("views_total",
			"Requests for other views of pages, by view and outcome.", "view", "outcome"),
		refused: counterVec("browser_refused_total", "Requests of rendered pages that were refused or failed, by reason.", "reason"),
		browser: gauge("browser_available", "1 if pages can be rendered, 0 if there is no browser."),
		ocr:     gauge("ocr_available", "1 if text in pictures can be read, 0 if there is no tesseract with Chinese."),
		failures: counterVec("page_failures_total",
			"Pages for which a stage failed with an error; for the index, failed attempts to update it. Skips are counted elsewhere.", "stage"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "qianshao_page_duration_seconds", Help: "Time that one page spent in a stage; for the index, the time taken to update it with all pending changes.",
			Buckets: durationBuckets,
		}, []string{"stage"}),
		lastPage: gauge("last_page_timestamp_seconds", "Unix time at which a page was last saved; 0 before the first."),
		rules:    gauge("rules_loaded", "Rules in force."),
		reloads:  counter("rules_reload_failures_total", "Rule sets that were refused because of a mistake; the old set stays in force."),
		replanned: counterVec("clock_ahead_total",
			"URLs and hosts that were rescheduled, because a clock that was ahead had scheduled them far into the future.", "of"),
		records:  counter("evidence_records_total", "Records written to the evidence archive."),
		archived: counter("evidence_bytes_total", "Compressed bytes written to the evidence archive."),
		verdicts: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "qianshao_verdict_seconds", Help: "Time from when a finding was first seen to the first decision on it, by the finding's level; decisions made by a campaign's policy are left out.",
			Buckets: verdictBuckets,
		}, []string{"level"}),
		reviews:    counterVec("second_reviews_total", "Second, blind reviews, by whether they confirm the decision.", "outcome"),
		delivered:  counterVec("deliveries_total", "Attempts to send messages to people, by kind of channel and outcome.", "kind", "outcome"),
		deliveries: newDeliveriesCollector(),
		store:      newStoreCollector(),
	}
	m.registry.MustRegister(m.fetched, m.skips, m.bytes, m.analysed, m.unchanged, m.flaggedAny, m.flagged, m.findings,
		m.allowed, m.views, m.refused, m.browser, m.ocr, m.failures, m.duration, m.lastPage, m.rules, m.reloads, m.replanned, m.records, m.archived,
		m.verdicts, m.reviews, m.delivered, m.deliveries, buildInfo(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.initialise()
	return m
}

func (m *Metrics) initialise() {
	for _, r := range browserRefusals() {
		m.refused.WithLabelValues(r)
	}
	for _, s := range qianshao.Skips() {
		m.skips.WithLabelValues(string(s))
		m.refused.WithLabelValues(string(s))
	}
	for _, s := range []qianshao.Source{qianshao.SourceCrawl, qianshao.SourceFolder, qianshao.SourceWARC, qianshao.SourceLines} {
		m.fetched.WithLabelValues(string(s))
	}
	for _, v := range []qianshao.View{qianshao.ViewSearchVisitor, qianshao.ViewSearchCrawler, qianshao.ViewBrowser} {
		for _, o := range ViewOutcomes() {
			m.views.WithLabelValues(string(v), string(o))
		}
	}
	m.Replanned(0, 0)
	for _, s := range Stages() {
		m.duration.WithLabelValues(string(s))
		m.failures.WithLabelValues(string(s))
	}
	for _, o := range []string{reviewConfirmed, reviewDissent} {
		m.reviews.WithLabelValues(o)
	}
	for _, k := range DeliveryKinds() {
		for _, o := range DeliveryOutcomes() {
			m.delivered.WithLabelValues(k, string(o))
		}
	}
	for l := qianshao.LevelInformational; l <= qianshao.LevelCritical; l++ {
		m.verdicts.WithLabelValues(l.String())
	}
	for _, c := range qianshao.Categories() {
		m.flagged.WithLabelValues(string(c))
		m.allowed.WithLabelValues(string(c))
		for l := qianshao.LevelInformational; l <= qianshao.LevelCritical; l++ {
			m.findings.WithLabelValues(string(c), l.String())
		}
	}
}

// Registry is what /metrics serves; further collectors may be registered with it.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Fetched counts a page that came in, from any source, after took.
func (m *Metrics) Fetched(page qianshao.Page, took time.Duration) {
	m.fetched.WithLabelValues(string(page.Source)).Inc()
	m.bytes.Add(float64(len(page.Body)))
	m.store.fetched(page.Authorisation)
	m.observe(StageFetch, took)
}

// Skipped counts a URL or page without an assessment. A reason that is not in qianshao.Skips() is
// not counted: labels are a closed list.
func (m *Metrics) Skipped(reason qianshao.Skip) {
	if slices.Contains(qianshao.Skips(), reason) {
		m.skips.WithLabelValues(string(reason)).Inc()
	}
}

// Viewed counts a request for another view of a page.
func (m *Metrics) Viewed(v qianshao.View, outcome ViewOutcome) {
	m.views.WithLabelValues(string(v), string(outcome)).Inc()
}

// browserRefusals are the reasons that only the browser has, not the fetcher.
func browserRefusals() []string { return []string{"method", "document", "tunnel", "budget"} }

// BrowserRefused counts requests that were refused while a page was rendered. Unknown reasons are
// not counted.
func (m *Metrics) BrowserRefused(reason string, n int) {
	if slices.Contains(browserRefusals(), reason) || slices.Contains(qianshao.Skips(), qianshao.Skip(reason)) {
		m.refused.WithLabelValues(reason).Add(float64(n))
	}
}

// Browser records whether pages can be rendered.
func (m *Metrics) Browser(available bool) {
	m.browser.Set(0)
	if available {
		m.browser.Set(1)
	}
}

// OCR records whether text in pictures can be read.
func (m *Metrics) OCR(available bool) {
	m.ocr.Set(0)
	if available {
		m.ocr.Set(1)
	}
}

// Analysed counts an assessed page, its findings and, if it is flagged, its categories.
func (m *Metrics) Analysed(a qianshao.Assessment, took time.Duration) {
	m.analysed.Inc()
	for _, f := range a.Findings {
		m.findings.WithLabelValues(string(f.Category), f.Level.String()).Inc()
	}
	for _, f := range a.Allowed {
		m.allowed.WithLabelValues(string(f.Category)).Inc()
	}
	if a.Flagged() {
		m.flaggedAny.Inc()
		for _, c := range a.Categories {
			m.flagged.WithLabelValues(string(c)).Inc()
		}
	}
	m.observe(StageAnalyse, took)
}

// Unchanged counts a page that did not need to be judged again.
func (m *Metrics) Unchanged() {
	m.unchanged.Inc()
	m.lastPage.SetToCurrentTime()
}

// Archived counts what a flagged page added to the evidence archive: no records if it was already
// there.
func (m *Metrics) Archived(records int, bytes int64, took time.Duration) {
	m.records.Add(float64(records))
	m.archived.Add(float64(bytes))
	m.observe(StageArchive, took)
}

// Saved records that a page was saved in the store. The alert for stalls watches this metric.
func (m *Metrics) Saved(took time.Duration) {
	m.observe(StageSave, took)
	m.lastPage.SetToCurrentTime()
}

// Indexed records that the index has been updated with all changed findings, and how long that took.
func (m *Metrics) Indexed(took time.Duration) { m.observe(StageIndex, took) }

// Failed counts a page on which a stage failed with an error.
func (m *Metrics) Failed(stage Stage) { m.failures.WithLabelValues(string(stage)).Inc() }

// RulesLoaded records how many rules are in force.
func (m *Metrics) RulesLoaded(n int) { m.rules.Set(float64(n)) }

// RulesReloadFailed counts a rule set that was refused.
func (m *Metrics) RulesReloadFailed() { m.reloads.Inc() }

// Replanned counts visits that had been planned by a clock that was ahead, and were planned again.
func (m *Metrics) Replanned(urls, hosts int) {
	m.replanned.WithLabelValues("url").Add(float64(urls))
	m.replanned.WithLabelValues("host").Add(float64(hosts))
}

// Outcomes of second reviews.
const (
	reviewConfirmed = "confirmed"
	reviewDissent   = "dissent"
)

// Decided counts the first decision on a finding, or a second review.
func (m *Metrics) Decided(d *store.Decision) {
	switch {
	case d.Kind != qianshao.ActReview:
		m.verdicts.WithLabelValues(d.Level.String()).Observe(d.Waited.Seconds())
	case d.Agreed:
		m.reviews.WithLabelValues(reviewConfirmed).Inc()
	default:
		m.reviews.WithLabelValues(reviewDissent).Inc()
	}
}

func (m *Metrics) observe(stage Stage, took time.Duration) {
	m.duration.WithLabelValues(string(stage)).Observe(took.Seconds())
}

// scrapeTimeout bounds the database queries of a scrape; Prometheus itself gives up after 10 s.
const scrapeTimeout = 3 * time.Second

// WatchFrontier registers the gauge qianshao_frontier_next_due_timestamp_seconds, read from next at
// every scrape: it returns when a URL may next be visited, and whether any is left. After an error
// the gauge is left out of that scrape. It must be called at most once.
func (m *Metrics) WatchFrontier(next func(ctx context.Context) (due time.Time, ok bool, err error)) {
	m.registry.MustRegister(&frontierCollector{next: next, due: prometheus.NewDesc("qianshao_frontier_next_due_timestamp_seconds",
		"Unix time at which the next URL may be visited: in the past if one is due, absent if none is left.", nil, nil)})
}

// WatchUnmonitored registers the gauge qianshao_unmonitored{reason}, read from count at every
// scrape; count must return every reason. It must be called at most once.
func (m *Metrics) WatchUnmonitored(count func(ctx context.Context) (map[string]int, error)) {
	m.registry.MustRegister(&statesCollector{count, prometheus.NewDesc("qianshao_unmonitored",
		"Hosts and authorisations of the register that are not monitored, or will soon not be, by reason.", []string{"reason"}, nil)})
}

// WatchIndex registers the gauges of findings that the search index has not received yet, read from
// backlog at every scrape: qianshao_index_pending_findings, and qianshao_index_lag_seconds, the
// time since the first of them changed. It must be called at most once.
func (m *Metrics) WatchIndex(backlog func(ctx context.Context) (store.Backlog, error)) {
	m.registry.MustRegister(&backlogCollector{
		backlog: backlog,
		pending: prometheus.NewDesc("qianshao_index_pending_findings", "Findings that have changed since they were last written to the search index.", nil, nil),
		lag: prometheus.NewDesc("qianshao_index_lag_seconds",
			"Age of the oldest change that the search index does not have yet; 0 if it has all.", nil, nil),
	})
}

// WatchCampaigns registers the same gauges for findings that have not been grouped into campaigns
// yet: qianshao_campaigns_pending_findings and qianshao_campaigns_lag_seconds. It must be called at
// most once.
func (m *Metrics) WatchCampaigns(backlog func(ctx context.Context) (store.Backlog, error)) {
	m.registry.MustRegister(&backlogCollector{
		backlog: backlog,
		pending: prometheus.NewDesc("qianshao_campaigns_pending_findings", "Findings that have changed since they were last grouped into campaigns.", nil, nil),
		lag: prometheus.NewDesc("qianshao_campaigns_lag_seconds",
			"Age of the oldest change that the campaigns do not include yet; 0 if they include all.", nil, nil),
	})
}

// backlogCollector has the gauges of what a consumer of findings has not received yet.
type backlogCollector struct {
	pending, lag *prometheus.Desc
	backlog      func(context.Context) (store.Backlog, error)
}

func (c *backlogCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.pending
	ch <- c.lag
}

func (c *backlogCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	b, err := c.backlog(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.pending, err)
		return
	}
	ch <- prometheus.MustNewConstMetric(c.pending, prometheus.GaugeValue, float64(b.Findings))
	ch <- prometheus.MustNewConstMetric(c.lag, prometheus.GaugeValue, age(b.Oldest))
}

// statesCollector is a gauge with one label, counted at every scrape.
type statesCollector struct {
	count func(context.Context) (map[string]int, error)
	desc  *prometheus.Desc
}

func (c *statesCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c *statesCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	states, err := c.count(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.desc, err)
		return
	}
	for state, n := range states {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(n), state)
	}
}

type frontierCollector struct {
	due  *prometheus.Desc
	next func(context.Context) (time.Time, bool, error)
}

func (c *frontierCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.due }

func (c *frontierCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	due, ok, err := c.next(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.due, err)
	} else if ok {
		ch <- prometheus.MustNewConstMetric(c.due, prometheus.GaugeValue, unixSeconds(due))
	}
}

// buildInfo is a gauge that is always 1; its labels identify the running version.
func buildInfo() prometheus.Collector {
	version, revision := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	g := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "qianshao_build_info", Help: "The running build, in the labels. The value is always 1.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
	return g
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: "qianshao_" + name, Help: help})
}

func counterVec(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "qianshao_" + name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: "qianshao_" + name, Help: help})
}
