package app

import (
	"os"
	"path/filepath"
	"time"

	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// checkMetricsFile checks before a crawl that its metrics can be written to path.
func checkMetricsFile(path string) error {
	if filepath.Ext(path) != metrics.FileExt {
		return &datafolder.InputError{Err: locales.Errorf("start.metrics_name", path, metrics.FileExt)}
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return &datafolder.InputError{Err: locales.Errorf("start.metrics_folder", path, folder)}
	}
	// Reading the last crawl's counters from a pipe would block at the end of the crawl.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return &datafolder.InputError{Err: locales.Errorf("start.metrics_not_file", path)}
	}
	return nil
}

// leaveMetrics writes the metrics of a crawl that has ended, if that is
// configured. counted is nil if the crawl could not begin.
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
