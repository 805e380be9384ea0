package report_test

import (
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/report"
)

const layout = "2006-01-02 15:04"

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := qianshao.ParseZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestPeriods: a period begins and ends at midnight in its zone, whatever the time is elsewhere; the one
// before ends where it begins.
func TestPeriods(t *testing.T) {
	t.Parallel()
	type make func(time.Time, *time.Location) report.Period
	for _, tc := range []struct {
		name, zone, at       string // at is in UTC
		make                 make
		from, to, beforeFrom string // in the zone
		days                 int
	}{
		{"Sunday's last minute", "Asia/Shanghai", "2026-11-08 15:59", report.Week, "2026-11-02 00:00", "2026-11-09 00:00", "2026-10-26 00:00", 7},
		{"Monday's first", "Asia/Shanghai", "2026-11-08 16:00", report.Week, "2026-11-09 00:00", "2026-11-16 00:00", "2026-11-02 00:00", 7},
		{"still Sunday in UTC", "UTC", "2026-11-08 16:00", report.Week, "2026-11-02 00:00", "2026-11-09 00:00", "2026-10-26 00:00", 7},
		{"over the year's end", "Asia/Shanghai", "2026-12-31 12:00", report.Week, "2026-12-28 00:00", "2027-01-04 00:00", "2026-12-21 00:00", 7},
		{"the month ends", "Asia/Shanghai", "2026-02-28 15:59", report.Month, "2026-02-01 00:00", "2026-03-01 00:00", "2026-01-01 00:00", 28},
		{"a leap year", "Asia/Shanghai", "2028-02-29 15:59", report.Month, "2028-02-01 00:00", "2028-03-01 00:00", "2028-01-01 00:00", 29},
		{"December", "Asia/Shanghai", "2026-12-31 15:59", report.Month, "2026-12-01 00:00", "2027-01-01 00:00", "2026-11-01 00:00", 31},
		{"January", "Asia/Shanghai", "2026-12-31 16:00", report.Month, "2027-01-01 00:00", "2027-02-01 00:00", "2026-12-01 00:00", 31},
		{"a quarter", "Asia/Shanghai", "2026-12-31 15:59", report.Quarter, "2026-10-01 00:00", "2027-01-01 00:00", "2026-07-01 00:00", 92},
		{"the first quarter", "Asia/Shanghai", "2026-02-01 00:00", report.Quarter, "2026-01-01 00:00", "2026-04-01 00:00", "2025-10-01 00:00", 90},
		{"clocks put back", "Europe/Berlin", "2026-10-25 12:00", report.Week, "2026-10-19 00:00", "2026-10-26 00:00", "2026-10-12 00:00", 7},
		{"clocks put forward at midnight", "America/Havana", "2026-03-10 12:00", report.Week, "2026-03-09 00:00", "2026-03-16 00:00", "2026-03-02 00:00", 7},
		{"days", "Asia/Shanghai", "2026-11-08 16:00", func(at time.Time, z *time.Location) report.Period { return report.Days(at, 10, z) },
			"2026-10-31 00:00", "2026-11-10 00:00", "2026-10-21 00:00", 10},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			zone := zoneOf(t, tc.zone)
			at, err := time.Parse(layout, tc.at)
			if err != nil {
				t.Fatal(err)
			}
			p := tc.make(at, zone)
			before := p.Before()
			if got := p.From.In(zone).Format(layout); got != tc.from {
				t.Errorf("from %s, want %s", got, tc.from)
			}
			if got := p.To.In(zone).Format(layout); got != tc.to {
				t.Errorf("to %s, want %s", got, tc.to)
			}
			if got := before.From.In(zone).Format(layout); got != tc.beforeFrom || !before.To.Equal(p.From) || before.Kind != p.Kind {
				t.Errorf("before it is %s to %s", got, before.To)
			}
			if n := len(p.Days()); n != tc.days {
				t.Errorf("%d days, want %d", n, tc.days)
			}
			for _, p := range []report.Period{p, before} {
				if err := p.Check(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestMidnights: if clocks are put forward at midnight, the day begins at one; a day of 23 hours is a day.
func TestMidnights(t *testing.T) {
	t.Parallel()
	zone := zoneOf(t, "America/Havana")
	days := report.Week(time.Date(2026, time.March, 8, 12, 0, 0, 0, zone), zone).Days()
	if last := days[6]; last.Format(layout) != "2026-03-08 01:00" || last.Sub(days[5]) != 24*time.Hour {
		t.Errorf("Sunday begins at %s", last)
	}
}

// TestRefusedPeriods: an invalid period is refused.
func TestRefusedPeriods(t *testing.T) {
	t.Parallel()
	zone := zoneOf(t, "Asia/Shanghai")
	week := report.Week(time.Date(2026, time.November, 5, 0, 0, 0, 0, zone), zone)
	noon := week
	noon.From = noon.From.Add(12 * time.Hour)
	utc := week
	utc.Zone = time.UTC
	turned := week
	turned.From, turned.To = week.To, week.From
	for name, p := range map[string]report.Period{
		"none": {}, "noon": noon, "another zone's midnight": utc, "turned": turned, "two years": report.Days(week.From, 731, zone),
	} {
		if p.Check() == nil {
			t.Errorf("%s is accepted as a period", name)
		}
	}
	if err := report.Days(week.From, report.MaxDays, zone).Check(); err != nil {
		t.Error(err)
	}
}
