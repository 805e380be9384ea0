package campaigns

import (
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/desk/campaign"
)

// Dimensions of the chart, in its own units.
const (
	chartHeight = 48
	barWidth    = 10
	// maxBars is as many as fit into a column of the page; for longer times, a bar stands for more
	// days.
	maxBars = 60
)

// chart shows when the members were first seen, as bars.
type chart struct {
	Bars          []bar
	Width, Height int
	// Days is how many days a bar stands for.
	Days        int
	First, Last time.Time
}

// bar is the members of one or more days. Relapsed ones are marked below it.
type bar struct {
	X, Y, Height    int
	At              time.Time
	Found, Relapsed int
}

// newChart draws the days; nil if there are fewer than two.
func newChart(days []campaign.Day) *chart {
	if len(days) < 2 {
		return nil
	}
	first, last := days[0].At, days[len(days)-1].At
	between := func(at time.Time) int { return int((at.Sub(first) + 12*time.Hour) / (24 * time.Hour)) } // days may have 23 hours, because of summer time
	span := between(last) + 1
	c := &chart{Height: chartHeight + 6, Days: (span + maxBars - 1) / maxBars, First: first, Last: last}
	c.Bars = make([]bar, (span+c.Days-1)/c.Days)
	most := 1
	for _, d := range days {
		b := &c.Bars[between(d.At)/c.Days]
		b.Found += d.Found
		b.Relapsed += d.Relapsed
		most = max(most, b.Found)
	}
	for i := range c.Bars {
		b := &c.Bars[i]
		b.X, b.At = i*barWidth, first.AddDate(0, 0, i*c.Days)
		if b.Found > 0 {
			b.Height = max(b.Found*chartHeight/most, 2) // one member must be visible even beside a thousand
		}
		b.Y = chartHeight - b.Height
	}
	c.Width = len(c.Bars) * barWidth
	return c
}

// shownEvents is how many events a campaign's page lists, and shownDays how many of them may be
// days, so that acts are visible even if members join every day.
const shownEvents, shownDays = 20, 10

// event is an event in a campaign's history.
type event struct {
	At time.Time
	// Act is somebody's act; nil for a day on which members joined or came back.
	Act             *decision.Entry
	Found, Relapsed int
	// Batch is a batch that somebody began; nil for other events.
	Batch *batchRow
}

// eventsOf lists acts, batches, and the days on which members joined or came back, the latest
// first. The members of a campaign's first day have not joined it: they formed it.
func eventsOf(days []campaign.Day, acts []decision.Entry, batches []batchRow) (list []event) {
	for _, d := range slices.Backward(days) {
		if len(list) == shownDays {
			break
		}
		if d.First {
			d.Found = 0
		}
		if d.Found+d.Relapsed > 0 {
			list = append(list, event{At: d.At, Found: d.Found, Relapsed: d.Relapsed})
		}
	}
	for i := range acts {
		if acts[i].Kind != qianshao.ActClaim { // a claim is not part of the campaign's history
			list = append(list, event{At: acts[i].At, Act: &acts[i]})
		}
	}
	for i := range batches {
		b := &batches[i]
		at := b.Done
		if at.IsZero() { // it is still in progress
			at = b.At
		}
		list = append(list, event{At: at, Batch: b})
	}
	slices.SortStableFunc(list, func(a, b event) int { return b.At.Compare(a.At) })
	return list[:min(len(list), shownEvents)]
}

// Day writes a day.
func (v *campaignPage) Day(t time.Time) string { return t.In(v.TimeZone()).Format(time.DateOnly) }
