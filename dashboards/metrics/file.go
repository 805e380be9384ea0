package metrics

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// FileExt is the extension of metrics files: node_exporter reads no others.
const FileExt = ".prom"

// Crawl is the outcome of a crawl that has ended.
type Crawl struct {
	Started, Ended time.Time
	// Succeeded says that it visited everything that was due.
	Succeeded bool
}

// WriteFile writes the metrics of a crawl into a file for node_exporter's textfile collector. The
// file is readable by everybody, and replaced as a whole or not at all. Counters continue from the
// old file's values, and so does the time of the last success if this crawl failed. m is nil if the
// crawl could not begin; the old file's other metrics are then kept.
func WriteFile(path string, m *Metrics, c Crawl) error {
	old := readFile(path)
	gather := func() ([]*dto.MetricFamily, error) {
		families := old.ofPages()
		if m != nil {
			families = m.continued(old)
		}
		families = append(families, c.families(old)...)
		slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
		return families, nil
	}
	if err := prometheus.WriteToTextfile(path, prometheus.GathererFunc(gather)); err != nil {
		return fmt.Errorf("metrics file: %w", err)
	}
	return nil
}

// crawlPrefix is the prefix of metrics that exist only in the file.
const crawlPrefix = "qianshao_crawl_"

const lastSuccess = crawlPrefix + "last_success_timestamp_seconds"

// families returns the gauges of the crawl itself.
func (c Crawl) families(old fileFamilies) []*dto.MetricFamily {
	ended := float64(c.Ended.UnixMilli()) / 1000
	success, succeeded := old.value(lastSuccess), 0.0
	if c.Succeeded {
		success, succeeded = ended, 1
	}
	return []*dto.MetricFamily{
		gaugeFamily(crawlPrefix+"last_run_duration_seconds", "Duration of the last crawl.", c.Ended.Sub(c.Started).Seconds()),
		gaugeFamily(crawlPrefix+"last_run_succeeded", "1 if the last crawl visited everything that was due, 0 if it failed or was interrupted.", succeeded),
		gaugeFamily(crawlPrefix+"last_run_timestamp_seconds", "Unix time at which the last crawl ended.", ended),
		gaugeFamily(lastSuccess, "Unix time at which the last crawl that visited everything that was due ended; 0 before the first.", success),
	}
}

func gaugeFamily(name, help string, value float64) *dto.MetricFamily {
	return &dto.MetricFamily{
		Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: &value}}},
	}
}

// continued returns the metrics of this process, with the old file's counts added to its counters.
// Metrics of the Go runtime and of the process are left out: node_exporter has metrics with the
// same names, and a duplicate name would make its whole scrape fail. A gauge that cannot be read,
// such as the size of a frontier on a full disk, is left out, since other metrics show the problem.
// A counter that cannot be read keeps the old file's value.
func (m *Metrics) continued(old fileFamilies) []*dto.MetricFamily {
	var families []*dto.MetricFamily
	gathered, err := m.registry.Gather()
	if err != nil {
		families = old.countersBeside(gathered)
	}
	for _, family := range gathered {
		if !strings.HasPrefix(family.GetName(), "qianshao_") {
			continue
		}
		before := old.series(family.GetName())
		for _, metric := range family.GetMetric() {
			if earlier, ok := before[labels(metric)]; ok {
				goOn(metric, earlier)
				if family.GetName() == "qianshao_last_page_timestamp_seconds" && metric.GetGauge().GetValue() == 0 {
					metric.Gauge = earlier.GetGauge()
				}
			}
		}
		families = append(families, family)
	}
	return families
}

// goOn adds the earlier counts to a counter or a histogram.
func goOn(metric, earlier *dto.Metric) {
	if counter := metric.GetCounter(); counter != nil && earlier.GetCounter() != nil {
		*counter.Value += earlier.GetCounter().GetValue()
	}
	now, before := metric.GetHistogram(), earlier.GetHistogram()
	if now == nil || before == nil {
		return
	}
	*now.SampleCount += before.GetSampleCount()
	*now.SampleSum += before.GetSampleSum()
	counts := map[float64]uint64{}
	for _, bucket := range before.GetBucket() {
		counts[bucket.GetUpperBound()] = bucket.GetCumulativeCount()
	}
	for _, bucket := range now.GetBucket() {
		*bucket.CumulativeCount += counts[bucket.GetUpperBound()]
	}
}

// fileFamilies are the metrics of a file, by name.
type fileFamilies map[string]*dto.MetricFamily

// readFile reads a metrics file. If it is missing or damaged, it returns none: counters that start
// again are better than no metrics until somebody looks.
func readFile(path string) fileFamilies {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(file)
	if err != nil {
		return nil
	}
	return families
}

// ofPages returns the metrics except those of the crawl itself, which WriteFile writes anew.
func (f fileFamilies) ofPages() []*dto.MetricFamily {
	var families []*dto.MetricFamily
	for name, family := range f {
		if !strings.HasPrefix(name, crawlPrefix) {
			families = append(families, family)
		}
	}
	return families
}

// countersBeside returns the counters that were not gathered.
func (f fileFamilies) countersBeside(gathered []*dto.MetricFamily) (families []*dto.MetricFamily) {
	for name, family := range f {
		has := slices.ContainsFunc(gathered, func(g *dto.MetricFamily) bool { return g.GetName() == name })
		if family.GetType() == dto.MetricType_COUNTER && !has {
			families = append(families, family)
		}
	}
	return families
}

// value returns the value of a gauge without labels; 0 if there is none.
func (f fileFamilies) value(name string) float64 {
	return f.series(name)[""].GetGauge().GetValue()
}

func (f fileFamilies) series(name string) map[string]*dto.Metric {
	series := map[string]*dto.Metric{}
	for _, metric := range f[name].GetMetric() {
		series[labels(metric)] = metric
	}
	return series
}

// labels writes a metric's labels for comparison. They are always sorted by name, whether gathered
// or read.
func labels(metric *dto.Metric) string {
	var text strings.Builder
	for _, pair := range metric.GetLabel() {
		fmt.Fprintf(&text, "%s=%q,", pair.GetName(), pair.GetValue())
	}
	return text.String()
}
