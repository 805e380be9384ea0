package metrics

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

func TestLint(t *testing.T) {
	m := New()
	watchAll(m, store.Gauges{Authorisations: []store.AuthorisationCount{{ID: "city", InForce: true}}})
	problems, err := testutil.GatherAndLint(m.Registry())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		// We cannot change the names of the Go collector.
		if strings.HasPrefix(p.Metric, "qianshao_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func TestWayOfAPage(t *testing.T) {
	m := New()
	m.Fetched(qianshao.Page{Source: qianshao.SourceCrawl, Body: []byte("12345")}, 20*time.Millisecond)
	m.Skipped(qianshao.SkipRobots)
	m.Skipped("http://not-a-reason.example")
	m.Analysed(qianshao.Assessment{
		Category: qianshao.Gambling, Categories: []qianshao.Category{qianshao.Gambling, qianshao.Fraud},
		Level: qianshao.LevelHigh, Score: 70,
		Findings: []qianshao.Finding{
			{Category: qianshao.Gambling, Level: qianshao.LevelHigh},
			{Category: qianshao.Fraud, Level: qianshao.LevelMedium},
			{Category: qianshao.Drugs, Level: qianshao.LevelLow},
		},
	}, time.Millisecond)
	m.Analysed(qianshao.Assessment{}, time.Millisecond)
	m.Archived(4, 1000, time.Millisecond)
	m.Saved(time.Millisecond)
	m.Indexed(time.Millisecond)
	m.Failed(StageSave)
	m.Replanned(3, 2)
	m.RulesLoaded(12)
	m.RulesReloadFailed()
	m.Decided(&store.Decision{Kind: qianshao.ActDecide, Level: qianshao.LevelHigh, Waited: time.Hour})
	m.Decided(&store.Decision{Kind: qianshao.ActReview, Agreed: true})
	m.Decided(&store.Decision{Kind: qianshao.ActReview})
	m.Decided(&store.Decision{Kind: qianshao.ActReview})
	m.Delivery("mail", DeliveryRetried)
	m.Delivery("li@example.org", DeliveryRetried)

	for _, tc := range []struct {
		name string
		got  float64
		want float64
	}{
		{"fetched", testutil.ToFloat64(m.fetched.WithLabelValues("crawl")), 1},
		{"bytes", testutil.ToFloat64(m.bytes), 5},
		{"robots", testutil.ToFloat64(m.skips.WithLabelValues("robots_disallowed")), 1},
		{"analysed", testutil.ToFloat64(m.analysed), 2},
		{"flagged once", testutil.ToFloat64(m.flaggedAny), 1},
		{"gambling", testutil.ToFloat64(m.flagged.WithLabelValues("gambling")), 1},
		{"fraud", testutil.ToFloat64(m.flagged.WithLabelValues("fraud")), 1},
		{"drugs not flagged", testutil.ToFloat64(m.flagged.WithLabelValues("drugs")), 0},
		{"low finding", testutil.ToFloat64(m.findings.WithLabelValues("drugs", "low")), 1},
		{"failure", testutil.ToFloat64(m.failures.WithLabelValues("save")), 1},
		{"evidence records", testutil.ToFloat64(m.records), 4},
		{"evidence bytes", testutil.ToFloat64(m.archived), 1000},
		{"rules", testutil.ToFloat64(m.rules), 12},
		{"URLs rescheduled", testutil.ToFloat64(m.replanned.WithLabelValues("url")), 3},
		{"hosts rescheduled", testutil.ToFloat64(m.replanned.WithLabelValues("host")), 2},
		{"verdicts", float64(testutil.CollectAndCount(m.verdicts)), 5},
		{"confirmed", testutil.ToFloat64(m.reviews.WithLabelValues("confirmed")), 1},
		{"dissent", testutil.ToFloat64(m.reviews.WithLabelValues("dissent")), 2},
		{"retried", testutil.ToFloat64(m.delivered.WithLabelValues("mail", "retried")), 1},
		{"deliveries by kind and outcome", float64(testutil.CollectAndCount(m.delivered)), 20},
		{"reloads", testutil.ToFloat64(m.reloads), 1},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, tc.got, tc.want)
		}
	}
	if testutil.ToFloat64(m.lastPage) == 0 {
		t.Error("last_page_timestamp_seconds is not set by Saved")
	}
	if n := testutil.CollectAndCount(m.skips); n != len(qianshao.Skips()) {
		t.Errorf("%d skip reasons are exposed, want exactly the %d of the vocabulary", n, len(qianshao.Skips()))
	}
}

// TestLabels checks that label values come from closed lists: no URL, no host, no free text.
func TestLabels(t *testing.T) {
	m := New()
	watchAll(m, store.Gauges{Authorisations: []store.AuthorisationCount{{ID: "city"}}})
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"source", "reason", "category", "level", "stage", "state", "view", "outcome", "of", "part", "kind", "answer", "authorisation", "version", "revision", "goversion"}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "qianshao_") {
			continue
		}
		for _, metric := range f.GetMetric() {
			for _, l := range metric.GetLabel() {
				if !slices.Contains(allowed, l.GetName()) {
					t.Errorf("%s has the label %s", f.GetName(), l.GetName())
				}
			}
		}
	}
}

// watchAll registers the gauges that are read at each scrape.
func watchAll(m *Metrics, g store.Gauges) {
	m.WatchFrontier(func(context.Context) (time.Time, bool, error) { return time.Unix(1, 0), true, nil })
	m.WatchStore(time.Now(), func(context.Context) (store.Gauges, error) { return g, nil })
	m.WatchFolder(func(context.Context) (Folder, error) {
		return Folder{Store: 3, Index: 4, Evidence: 5, Size: 2, Free: 1}, nil
	})
	m.WatchUnmonitored(func(context.Context) (map[string]int, error) { return map[string]int{"down": 1}, nil })
	backlog := func(context.Context) (store.Backlog, error) {
		return store.Backlog{Findings: 3, Oldest: time.Now().Add(-time.Hour)}, nil
	}
	m.WatchIndex(backlog)
	m.WatchCampaigns(backlog)
}

// gathered returns the values of a metric, by their labels as labels writes them.
func gathered(t *testing.T, m *Metrics, name string) map[string]float64 {
	t.Helper()
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		if f.GetName() == name {
			for _, metric := range f.GetMetric() {
				values[labels(metric)] = metric.GetGauge().GetValue() + metric.GetCounter().GetValue()
			}
		}
	}
	return values
}

// TestStore: the store's counts are exposed, and missing ones are 0.
func TestStore(t *testing.T) {
	m := New()
	now := time.Now()
	for range 3 {
		m.Fetched(qianshao.Page{Authorisation: "city"}, 0)
	}
	m.Fetched(qianshao.Page{Authorisation: "of no register"}, 0)
	watchAll(m, store.Gauges{
		Findings: []store.FindingCount{
			{Authorisation: "city", Category: qianshao.Gambling, Level: qianshao.LevelHigh, Open: 2, Gone: 1}, {Category: qianshao.Gambling, Level: qianshao.LevelHigh, Open: 1},
		},
		Answers:        map[qianshao.Category]map[qianshao.Answer]int{qianshao.Gambling: {"crime": 2, qianshao.AnswerNone: 1}},
		Queue:          store.QueueCount{Undecided: 4, Overdue: 1, Oldest: now.Add(-time.Hour)},
		Frontier:       store.FrontierCount{Waiting: 5, Finished: 6, Due: 7, DueHosts: 8, DueSince: time.UnixMilli(0)},
		Authorisations: []store.AuthorisationCount{{ID: "city", InForce: true, DueHosts: 9, Open: 2, LastPage: time.Unix(60, 0)}, {ID: "old"}},
		Evidence:       store.Check{At: time.Unix(70, 0), Problems: 10},
	})
	for _, tc := range []struct {
		name, labels string
		want         float64
	}{
		{"findings", `category="gambling",level="high",state="open",`, 3},
		{"findings", `category="gambling",level="high",state="gone",`, 1},
		{"findings", `category="drugs",level="low",state="open",`, 0},
		{"findings_answered", `answer="crime",category="gambling",`, 2},
		{"findings_answered", `answer="review",category="gambling",`, 0},
		{"queue_findings", `state="undecided",`, 4},
		{"queue_findings", `state="overdue",`, 1},
		{"frontier_items", `state="waiting",`, 5},
		{"frontier_items", `state="finished",`, 6},
		{"frontier_due_items", "", 7},
		{"frontier_due_hosts", "", 8},
		{"authorisations", `state="in_force",`, 1},
		{"authorisations", `state="not_in_force",`, 1},
		{"authorisations_left_out", "", 0},
		{"authorisation_pages_total", `authorisation="city",`, 3},
		{"authorisation_pages_total", `authorisation="old",`, 0},
		{"authorisation_last_page_timestamp_seconds", `authorisation="city",`, 60},
		{"authorisation_last_page_timestamp_seconds", `authorisation="old",`, 0},
		{"authorisation_open_findings", `authorisation="city",`, 2},
		{"authorisation_due_hosts", `authorisation="city",`, 9},
		{"verification_timestamp_seconds", `of="evidence",`, 70},
		{"verification_timestamp_seconds", `of="trail",`, 0},
		{"verification_problems", `of="evidence",`, 10},
		{"folder_bytes", `part="index",`, 4},
		{"disk_free_bytes", "", 1},
		{"deliveries", `state="failed",`, 0},
		{"delivery_oldest_pending_seconds", "", 0},
	} {
		if got, ok := gathered(t, m, "qianshao_"+tc.name)[tc.labels]; !ok || got != tc.want {
			t.Errorf("%s{%s} is %v, there: %v; want %v", tc.name, tc.labels, got, ok, tc.want)
		}
	}
	if got := gathered(t, m, "qianshao_queue_oldest_seconds")[""]; got < 3600 || got > 3700 {
		t.Errorf("the oldest has waited for %v s, want an hour", got)
	}
	if got := gathered(t, m, "qianshao_frontier_lag_seconds")[""]; got > 60 {
		t.Errorf("a host that is new is late by %v s, longer than the process runs", got)
	}
	if n := len(gathered(t, m, "qianshao_authorisation_pages_total")); n != 2 {
		t.Errorf("%d authorisations, want those of the register", n)
	}
	m.WatchDeliveries(func(context.Context) (Deliveries, error) { return Deliveries{Pending: 2, Failed: 1, Oldest: now}, nil })
	if got := gathered(t, m, "qianshao_deliveries"); got[`state="pending",`] != 2 || got[`state="failed",`] != 1 {
		t.Errorf("deliveries %v", got)
	}
}

// TestManyAuthorisations: if there are too many authorisations, none has metrics of its own, and a
// gauge says so.
func TestManyAuthorisations(t *testing.T) {
	m, list := New(), make([]store.AuthorisationCount, MaxAuthorisations+1)
	for i := range list {
		list[i].ID = strconv.Itoa(i)
	}
	watchAll(m, store.Gauges{Authorisations: list})
	if of := gathered(t, m, "qianshao_authorisation_open_findings"); len(of) != 0 {
		t.Errorf("%d authorisations are exposed", len(of))
	}
	if got := gathered(t, m, "qianshao_authorisations_left_out")[""]; got != MaxAuthorisations+1 {
		t.Errorf("left out are %v", got)
	}
}

func TestFrontierError(t *testing.T) {
	m := New()
	m.WatchFrontier(func(context.Context) (time.Time, bool, error) {
		return time.Time{}, false, errors.New("database is closed")
	})
	families, err := m.Registry().Gather()
	if err == nil || !strings.Contains(err.Error(), "database is closed") {
		t.Errorf("error %v does not tell the cause", err)
	}
	if len(families) == 0 {
		t.Error("one failing gauge took all other metrics with it")
	}
}
