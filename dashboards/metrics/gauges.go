package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// MaxAuthorisations is up to how many authorisations have metrics of their own. Each costs four
// series; in a larger register none has, and a gauge says so.
const MaxAuthorisations = 1000

// WatchStore registers the gauges of the store's contents, read at every scrape. After an error
// they are left out of that scrape. It must be called at most once. A lag is never longer than the
// process has been running: before that, nobody could visit what was waiting.
func (m *Metrics) WatchStore(started time.Time, read func(ctx context.Context) (store.Gauges, error)) {
	m.store.started, m.store.read = started, read
	m.registry.MustRegister(m.store)
}

// Folder is the size of a data folder, and of the disk that it is on, in bytes.
type Folder struct {
	Store, Index, Evidence int64
	// Free is what we may still use of the disk, Size its capacity; both are 0 if unknown.
	Free, Size uint64
}

// WatchFolder registers the gauges of these sizes, read at every scrape. It must be called at most
// once.
func (m *Metrics) WatchFolder(read func(ctx context.Context) (Folder, error)) {
	m.registry.MustRegister(&folderCollector{
		read:  read,
		bytes: prometheus.NewDesc("qianshao_folder_bytes", "Size of the data folder in bytes, by part.", []string{"part"}, nil),
		free:  prometheus.NewDesc("qianshao_disk_free_bytes", "Free space on the data folder's disk, in bytes.", nil, nil),
		size:  prometheus.NewDesc("qianshao_disk_size_bytes", "Capacity of the data folder's disk, in bytes.", nil, nil),
	})
}

type folderCollector struct {
	bytes, free, size *prometheus.Desc
	read              func(context.Context) (Folder, error)
}

func (c *folderCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.bytes
	ch <- c.free
	ch <- c.size
}

func (c *folderCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	f, err := c.read(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.bytes, err)
		return
	}
	for part, n := range map[string]int64{"store": f.Store, "index": f.Index, "evidence": f.Evidence} {
		ch <- prometheus.MustNewConstMetric(c.bytes, prometheus.GaugeValue, float64(n), part)
	}
	if f.Size > 0 {
		ch <- prometheus.MustNewConstMetric(c.free, prometheus.GaugeValue, float64(f.Free))
		ch <- prometheus.MustNewConstMetric(c.size, prometheus.GaugeValue, float64(f.Size))
	}
}

// storeCollector has the gauges of store.Gauges, and the counter of pages by authorisation, with
// one label value for each authorisation in the register at the time of the scrape.
type storeCollector struct {
	started time.Time
	read    func(context.Context) (store.Gauges, error)

	mu    sync.Mutex
	pages map[string]int // by authorisation, since the start

	findings, answers, sites, queue, campaigns, oldest *prometheus.Desc
	items, due, dueHosts, lag                          *prometheus.Desc
	authorisations, leftOut                            *prometheus.Desc
	pagesOf, lastPageOf, openOf, dueHostsOf            *prometheus.Desc
	checkedAt, problems                                *prometheus.Desc
}

func newStoreCollector() *storeCollector {
	gauge := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("qianshao_"+name, help, labels, nil)
	}
	return &storeCollector{
		pages:          map[string]int{},
		findings:       gauge("findings", "Findings by state (whether their content is still on the page), category and level.", "state", "category", "level"),
		answers:        gauge("findings_answered", "Findings, open or gone, by category and decision; those in review are decided, and wait for a second, blind review.", "category", "answer"),
		sites:          gauge("flagged_hosts", "Hosts with open findings."),
		queue:          gauge("queue_findings", "Findings waiting for people, by state; the overdue ones are also counted as undecided.", "state"),
		campaigns:      gauge("queue_campaigns", "Campaigns with undecided findings, which are the rows of the queue."),
		oldest:         gauge("queue_oldest_seconds", "Time since the oldest undecided finding was first seen; 0 if there is none."),
		items:          gauge("frontier_items", "URLs in the crawl frontier, by state.", "state"),
		due:            gauge("frontier_due_items", "URLs that are due to be visited; each host still gets a pause between two visits."),
		dueHosts:       gauge("frontier_due_hosts", "Hosts with a URL that may be visited now."),
		lag:            gauge("frontier_lag_seconds", "How long the longest-waiting host has been due, but no longer than the process has been running; 0 if none is due."),
		authorisations: gauge("authorisations", "Authorisations in the register, by whether they are in force.", "state"),
		leftOut:        gauge("authorisations_left_out", "Authorisations without their own metrics: all of them if the register has more than 1,000, otherwise 0."),
		pagesOf:        gauge("authorisation_pages_total", "Pages received under an authorisation.", "authorisation"),
		lastPageOf:     gauge("authorisation_last_page_timestamp_seconds", "Unix time of the last page from the hosts last visited under an authorisation; 0 means never.", "authorisation"),
		openOf:         gauge("authorisation_open_findings", "Open findings under an authorisation.", "authorisation"),
		dueHostsOf:     gauge("authorisation_due_hosts", "Hosts that may be visited now and were last visited under an authorisation.", "authorisation"),
		checkedAt:      gauge("verification_timestamp_seconds", "Unix time of the last verification with a recorded result; 0 means never.", "of"),
		problems:       gauge("verification_problems", "Problems found by the last verification with a recorded result.", "of"),
	}
}

// fetched counts a page fetched under an authorisation.
func (c *storeCollector) fetched(authorisation string) {
	if authorisation == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pages[authorisation]++
}

func (c *storeCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.findings, c.answers, c.sites, c.queue, c.campaigns, c.oldest, c.items, c.due, c.dueHosts, c.lag,
		c.authorisations, c.leftOut, c.pagesOf, c.lastPageOf, c.openOf, c.dueHostsOf, c.checkedAt, c.problems,
	} {
		ch <- d
	}
}

func (c *storeCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	g, err := c.read(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.findings, err)
		return
	}
	put := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	c.putFindings(&g, put)
	c.putWork(&g, put)
	for of, check := range map[string]store.Check{"evidence": g.Evidence, "trail": g.Trail} {
		put(c.checkedAt, unixSeconds(check.At), of)
		put(c.problems, float64(check.Problems), of)
	}
	inForce := 0
	for i := range g.Authorisations {
		if g.Authorisations[i].InForce {
			inForce++
		}
	}
	put(c.authorisations, float64(inForce), "in_force")
	put(c.authorisations, float64(len(g.Authorisations)-inForce), "not_in_force")
	if len(g.Authorisations) > MaxAuthorisations {
		put(c.leftOut, float64(len(g.Authorisations)))
		return
	}
	put(c.leftOut, 0)
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range g.Authorisations {
		a := &g.Authorisations[i]
		ch <- prometheus.MustNewConstMetric(c.pagesOf, prometheus.CounterValue, float64(c.pages[a.ID]), a.ID)
		put(c.lastPageOf, unixSeconds(a.LastPage), a.ID)
		put(c.openOf, float64(a.Open), a.ID)
		put(c.dueHostsOf, float64(a.DueHosts), a.ID)
	}
}

// putFindings reports findings and decisions; missing combinations are 0.
func (c *storeCollector) putFindings(g *store.Gauges, put func(*prometheus.Desc, float64, ...string)) {
	type kind struct {
		category qianshao.Category
		level    qianshao.Level
	}
	open, gone := map[kind]int{}, map[kind]int{}
	for i := range g.Findings {
		f := &g.Findings[i]
		open[kind{f.Category, f.Level}] += f.Open
		gone[kind{f.Category, f.Level}] += f.Gone
	}
	for _, category := range qianshao.Categories() {
		for level := qianshao.LevelInformational; level <= qianshao.LevelCritical; level++ {
			k := kind{category, level}
			put(c.findings, float64(open[k]), string(qianshao.StateOpen), string(category), level.String())
			put(c.findings, float64(gone[k]), string(qianshao.StateGone), string(category), level.String())
		}
		for _, answer := range qianshao.Answers() {
			put(c.answers, float64(g.Answers[category][answer]), string(category), string(answer))
		}
	}
	put(c.sites, float64(g.FlaggedSites))
}

// putWork reports what is waiting for people and for the crawl.
func (c *storeCollector) putWork(g *store.Gauges, put func(*prometheus.Desc, float64, ...string)) {
	q, f := &g.Queue, &g.Frontier
	for state, n := range map[string]int{"undecided": q.Undecided, "overdue": q.Overdue, "parked": q.Parked, "reviewing": q.Reviewing, "relapsed": q.Relapsed} {
		put(c.queue, float64(n), state)
	}
	put(c.campaigns, float64(q.Campaigns))
	put(c.oldest, age(q.Oldest))
	put(c.items, float64(f.Waiting), "waiting")
	put(c.items, float64(f.Finished), "finished")
	put(c.due, float64(f.Due))
	put(c.dueHosts, float64(f.DueHosts))
	since := f.DueSince
	if !since.IsZero() && since.Before(c.started) {
		since = c.started
	}
	put(c.lag, age(since))
}

// age is the time since a moment, in seconds; 0 for the zero time, and for a moment in the future,
// if a clock was ahead.
func age(since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, time.Since(since).Seconds())
}

// unixSeconds is a moment in Prometheus's format; 0 for the zero time.
func unixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
