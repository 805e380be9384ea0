package app

import (
	"os"
	"path/filepath"
	"time"

	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// checkMetricsFile says before a crawl whether its metrics can be left there.
func checkMetricsFile(path string) error {
	if filepath.Ext(path) != metrics.FileExt {
		return &datafolder.InputError{Err: locales.Errorf("start.metrics_name", path, metrics.FileExt)}
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return &datafolder.InputError{Err: locales.Errorf("start.metrics_folder", path, folder)}
	}
	// A pipe would be waited for when the crawl has ended: the last crawl's counters are read.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return &datafolder.InputError{Err: locales.Errorf("start.metrics_not_file", path)}
	}
	return nil
}

// leaveMetrics leaves the metrics of a crawl that has ended, if they are wanted.
// counted is nil if the crawl could not begin.
func (a *App) leaveMetrics(counted *metrics.Metrics, succeeded bool) error {
	if a.opts.Crawl == nil || a.opts.Crawl.MetricsFile == "" {
		return nil
	}
	crawl := metrics.Crawl{Started: a.started, Ended: time.Now(), Succeeded: succeeded}
	if err := metrics.WriteFile(a.opts.Crawl.MetricsFile, counted, crawl); err != nil {
		return locales.Errorf("start.metrics_write", err)
	}
	return nil
}
