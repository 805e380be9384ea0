package metrics

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// DeliveryKinds are the kinds of channels in package notify; they are the values of the label kind
// of qianshao_deliveries_total.
func DeliveryKinds() []string { return []string{"webhook", "dingtalk", "wecom", "feishu", "mail"} }

// DeliveryOutcome is the outcome of an attempt to deliver a message, a label of
// qianshao_deliveries_total.
type DeliveryOutcome string

// The outcomes.
const (
	DeliveryDelivered DeliveryOutcome = "delivered"
	DeliveryRetried   DeliveryOutcome = "retried" // failed, and will be tried again
	DeliveryFailed    DeliveryOutcome = "failed"  // failed, and was given up
	DeliveryDropped   DeliveryOutcome = "dropped" // had nothing left to say
)

// DeliveryOutcomes returns every outcome.
func DeliveryOutcomes() []DeliveryOutcome {
	return []DeliveryOutcome{DeliveryDelivered, DeliveryRetried, DeliveryFailed, DeliveryDropped}
}

// Delivery counts an attempt to deliver a message. Unknown kinds are not counted.
func (m *Metrics) Delivery(kind string, outcome DeliveryOutcome) {
	if slices.Contains(DeliveryKinds(), kind) && slices.Contains(DeliveryOutcomes(), outcome) {
		m.delivered.WithLabelValues(kind, string(outcome)).Inc()
	}
}

// Deliveries are the messages that have not arrived.
type Deliveries struct {
	Pending, Failed int
	// Oldest is when the oldest of Pending was made; zero if there are none.
	Oldest time.Time
}

// WatchDeliveries registers qianshao_deliveries{state} and
// qianshao_delivery_oldest_pending_seconds, which are read at every scrape. If there are no
// messages, both are 0.
func (m *Metrics) WatchDeliveries(read func(ctx context.Context) (Deliveries, error)) {
	m.deliveries.read.Store(&read)
}

type deliveriesCollector struct {
	rows, oldest *prometheus.Desc
	read         atomic.Pointer[func(context.Context) (Deliveries, error)]
}

func newDeliveriesCollector() *deliveriesCollector {
	return &deliveriesCollector{
		rows:   prometheus.NewDesc("qianshao_deliveries", "Messages to people that have not been delivered: pending, or failed and given up.", []string{"state"}, nil),
		oldest: prometheus.NewDesc("qianshao_delivery_oldest_pending_seconds", "Age of the oldest pending message; 0 if there is none.", nil, nil),
	}
}

func (c *deliveriesCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.rows
	ch <- c.oldest
}

func (c *deliveriesCollector) Collect(ch chan<- prometheus.Metric) {
	var d Deliveries
	if read := c.read.Load(); read != nil {
		ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
		defer cancel()
		var err error
		if d, err = (*read)(ctx); err != nil {
			ch <- prometheus.NewInvalidMetric(c.rows, err)
			return
		}
	}
	ch <- prometheus.MustNewConstMetric(c.rows, prometheus.GaugeValue, float64(d.Pending), "pending")
	ch <- prometheus.MustNewConstMetric(c.rows, prometheus.GaugeValue, float64(d.Failed), "failed")
	ch <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, age(d.Oldest))
}
