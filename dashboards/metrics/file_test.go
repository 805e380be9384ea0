package metrics

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// crawled returns the metrics of a crawl that fetched that many pages. After the one with four
// pages, the store cannot be read.
func crawled(pages int) *Metrics {
	m := New()
	for range pages {
		m.Fetched(qianshao.Page{Source: qianshao.SourceCrawl, Authorisation: "city"}, 20*time.Millisecond)
	}
	m.RulesLoaded(pages)
	m.WatchStore(time.Now(), func(context.Context) (store.Gauges, error) {
		if pages == 4 {
			return store.Gauges{}, errors.New("disk full")
		}
		return store.Gauges{Authorisations: []store.AuthorisationCount{{ID: "city"}}}, nil
	})
	return m
}

// TestWriteFile writes the file after each of several crawls: two that succeed, one that fails, one
// that cannot begin.
func TestWriteFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "qianshao.prom")
	at := time.Unix(1_800_000_000, 0)
	last := New()
	last.lastPage.Set(17)
	for _, step := range []struct {
		what             string
		m                *Metrics
		succeeded        bool
		pages, rules     float64
		success, lastRun float64
		lastPage         float64
		city             float64 // pages under the authorisation; the old value is kept if they cannot be read
	}{
		{"the first", crawled(3), true, 3, 3, 1_800_000_060, 1_800_000_060, 0, 3},
		{"more", crawled(4), true, 7, 4, 1_800_000_120, 1_800_000_120, 0, 3},
		{"a failure", crawled(1), false, 8, 1, 1_800_000_120, 1_800_000_180, 0, 4},
		{"that did not begin", nil, false, 8, 1, 1_800_000_120, 1_800_000_240, 0, 4},
		{"with a page saved", last, true, 8, 0, 1_800_000_300, 1_800_000_300, 17, 0},
		{"without", New(), true, 8, 0, 1_800_000_360, 1_800_000_360, 17, 0},
	} {
		c := Crawl{Started: at, Ended: at.Add(time.Minute), Succeeded: step.succeeded}
		at = c.Ended
		if err := WriteFile(path, step.m, c); err != nil {
			t.Fatal(err)
		}
		got := readFile(path)
		histogram := got.series("qianshao_page_duration_seconds")[`stage="fetch",`].GetHistogram()
		values := map[string]float64{
			"pages":     got.series("qianshao_pages_fetched_total")[`source="crawl",`].GetCounter().GetValue(),
			"rules":     got.value("qianshao_rules_loaded"),
			"success":   got.value(lastSuccess),
			"last run":  got.value("qianshao_crawl_last_run_timestamp_seconds"),
			"duration":  got.value("qianshao_crawl_last_run_duration_seconds"),
			"last page": got.value("qianshao_last_page_timestamp_seconds"),
			"city":      got.series("qianshao_authorisation_pages_total")[`authorisation="city",`].GetCounter().GetValue(),
			"timed":     float64(histogram.GetSampleCount()),
			"below 25 ms": func() float64 {
				for _, b := range histogram.GetBucket() {
					if b.GetUpperBound() == .025 {
						return float64(b.GetCumulativeCount())
					}
				}
				return -1
			}(),
		}
		want := map[string]float64{"pages": step.pages, "rules": step.rules, "success": step.success, "last run": step.lastRun,
			"duration": 60, "last page": step.lastPage, "city": step.city, "timed": step.pages, "below 25 ms": step.pages}
		if diff := cmp.Diff(want, values); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.what, diff)
		}
		checkFile(t, path)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("%d files are left, error %v", len(entries), err)
	}
}

// checkFile checks that node_exporter accepts a file: text format, no timestamps, no metric that
// node_exporter itself has, readable by everybody.
func checkFile(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(file)
	if err != nil || len(families) < 15 {
		t.Errorf("%d metrics, error %v", len(families), err)
	}
	for name, family := range families {
		if !strings.HasPrefix(name, "qianshao_") || family.GetHelp() == "" || family.Metric[0].TimestampMs != nil {
			t.Errorf("%s, help %q, time %v", name, family.GetHelp(), family.Metric[0].TimestampMs)
		}
	}
	if info, err := file.Stat(); err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
}

// TestWriteFileOnDamage: a damaged file is replaced; failing to write is an error, and leaves the
// old file.
func TestWriteFileOnDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "qianshao.prom")
	for _, content := range []string{"", "\x00\x01 no metrics {", "qianshao_pages_fetched_total{source=\"crawl\"} 1\nqianshao_pages_fetched_total{source=\"crawl\"} x\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := WriteFile(path, crawled(2), Crawl{Ended: time.Unix(60, 0), Succeeded: true}); err != nil {
			t.Fatal(err)
		}
		if n := readFile(path).series("qianshao_pages_fetched_total")[`source="crawl",`].GetCounter().GetValue(); n != 2 {
			t.Errorf("after %q: %v pages", content, n)
		}
		checkFile(t, path)
	}
	if err := WriteFile(filepath.Join(path, "below a file.prom"), New(), Crawl{}); err == nil || errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v", err)
	}
}
