package metrics

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

func TestLint(t *testing.T) {
	m := New()
	m.WatchFrontier(
		func(context.Context) (map[string]int, error) { return map[string]int{"waiting": 1}, nil },
		func(context.Context) (time.Time, bool, error) { return time.Unix(1, 0), true, nil },
	)
	if n, err := testutil.GatherAndCount(m.Registry(), "qianshao_frontier_items", "qianshao_frontier_next_due_timestamp_seconds"); n != 2 || err != nil {
		t.Errorf("%d frontier gauges, error %v; want 2", n, err)
	}
	m.WatchUnmonitored(func(context.Context) (map[string]int, error) { return map[string]int{"down": 1}, nil })
	backlog := func(context.Context) (store.Backlog, error) {
		return store.Backlog{Findings: 3, Oldest: time.Now().Add(-time.Hour)}, nil
	}
	m.WatchIndex(backlog)
	m.WatchCampaigns(backlog)
	problems, err := testutil.GatherAndLint(m.Registry())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		// The Go collector's own names are not ours to mend.
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
		{"URLs planned anew", testutil.ToFloat64(m.replanned.WithLabelValues("url")), 3},
		{"hosts planned anew", testutil.ToFloat64(m.replanned.WithLabelValues("host")), 2},
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

// TestLabels holds labels to closed lists: no URL, no host, no free text.
func TestLabels(t *testing.T) {
	m := New()
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"source", "reason", "category", "level", "stage", "state", "view", "outcome", "of", "version", "revision", "goversion"}
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

func TestFrontierError(t *testing.T) {
	m := New()
	m.WatchFrontier(
		func(context.Context) (map[string]int, error) { return nil, errors.New("database is closed") },
		func(context.Context) (time.Time, bool, error) { return time.Time{}, false, nil },
	)
	families, err := m.Registry().Gather()
	if err == nil || !strings.Contains(err.Error(), "database is closed") {
		t.Errorf("error %v does not tell the cause", err)
	}
	if len(families) == 0 {
		t.Error("one failing gauge took all other metrics with it")
	}
}
