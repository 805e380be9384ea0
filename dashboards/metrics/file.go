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

// FileExt is how the name of a metrics file ends: node_exporter reads no others.
const FileExt = ".prom"

// Crawl is how a crawl went that has ended.
type Crawl struct {
	Started, Ended time.Time
	// Succeeded says that it visited all that was due.
	Succeeded bool
}

// WriteFile writes the metrics of a crawl into a file for node_exporter's textfile
// collector, readable by all, whole or not at all. Counters go on from those that
// the file has, and the time of the last success stays if this one is none. m is nil
// if the crawl could not begin; then what the file has stays.
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

// crawlPrefix begins the names of the metrics that only the file has.
const crawlPrefix = "qianshao_crawl_"

const lastSuccess = crawlPrefix + "last_success_timestamp_seconds"

// families are the gauges of the crawl itself.
func (c Crawl) families(old fileFamilies) []*dto.MetricFamily {
	ended := float64(c.Ended.UnixMilli()) / 1000
	success, succeeded := old.value(lastSuccess), 0.0
	if c.Succeeded {
		success, succeeded = ended, 1
	}
	return []*dto.MetricFamily{
		gaugeFamily(crawlPrefix+"last_run_duration_seconds", "Time that the last crawl took.", c.Ended.Sub(c.Started).Seconds()),
		gaugeFamily(crawlPrefix+"last_run_succeeded", "1 if the last crawl visited all that was due, 0 if it failed or was interrupted.", succeeded),
		gaugeFamily(crawlPrefix+"last_run_timestamp_seconds", "Unix time at which the last crawl ended.", ended),
		gaugeFamily(lastSuccess, "Unix time at which a crawl last ended that visited all that was due; 0 before the first.", success),
	}
}

func gaugeFamily(name, help string, value float64) *dto.MetricFamily {
	return &dto.MetricFamily{
		Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: &value}}},
	}
}

// continued returns the metrics of this process, counters added to those of the
// file. Those of the Go runtime and of the process are left out: node_exporter has
// its own by the same names, and a name that comes twice fails its whole scrape.
// A gauge that cannot be read at the moment is left out, as the size of a frontier whose
// disk is full: the rest tells of that. Counters that cannot stay as they were.
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

// goOn adds what was counted earlier to a counter or a histogram.
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

// fileFamilies are the metrics that a file has, by name.
type fileFamilies map[string]*dto.MetricFamily

// readFile reads a metrics file; none where there is no file, or a damaged one:
// counters that begin anew are better than no metrics until somebody looks.
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

// ofPages returns the metrics that are not of crawls, which WriteFile writes anew.
func (f fileFamilies) ofPages() []*dto.MetricFamily {
	var families []*dto.MetricFamily
	for name, family := range f {
		if !strings.HasPrefix(name, crawlPrefix) {
			families = append(families, family)
		}
	}
	return families
}

// countersBeside returns the counters that are not among the gathered.
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

// series returns a family's metrics by their labels.
func (f fileFamilies) series(name string) map[string]*dto.Metric {
	series := map[string]*dto.Metric{}
	for _, metric := range f[name].GetMetric() {
		series[labels(metric)] = metric
	}
	return series
}

// labels writes a metric's labels, to compare them. Gathered and read ones are in
// the order in which they are written, by name.
func labels(metric *dto.Metric) string {
	var text strings.Builder
	for _, pair := range metric.GetLabel() {
		fmt.Fprintf(&text, "%s=%q,", pair.GetName(), pair.GetValue())
	}
	return text.String()
}
