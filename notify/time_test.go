package notify

import (
	"fmt"
	"testing"
	"time"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestQuietHours: quiet hours are in the operator's time zone, can span midnight, and are correct on days
// of 23 and 25 hours.
func TestQuietHours(t *testing.T) {
	night, noon := Quiet{22 * 60, 7*60 + 30}, Quiet{12 * 60, 14 * 60}
	for _, tc := range []struct {
		zone  string
		quiet Quiet
		at    string
		end   string // "" outside quiet hours
	}{
		{"Asia/Shanghai", night, "2026-11-02 21:59", ""},
		{"Asia/Shanghai", night, "2026-11-02 22:00", "2026-11-03 07:30"},
		{"Asia/Shanghai", night, "2026-11-02 23:59", "2026-11-03 07:30"},
		{"Asia/Shanghai", night, "2026-11-03 00:00", "2026-11-03 07:30"},
		{"Asia/Shanghai", night, "2026-12-31 23:00", "2027-01-01 07:30"},
		{"Asia/Shanghai", night, "2026-11-03 07:29", "2026-11-03 07:30"},
		{"Asia/Shanghai", night, "2026-11-03 07:30", ""},
		{"Asia/Urumqi", noon, "2026-11-03 13:00", "2026-11-03 14:00"},
		{"Asia/Urumqi", noon, "2026-11-03 14:00", ""},
		{"Asia/Shanghai", Quiet{60, 60}, "2026-11-03 01:00", ""},
		{"Asia/Shanghai", Quiet{}, "2026-11-03 00:00", ""},
		{"Europe/Berlin", night, "2026-03-28 23:00", "2026-03-29 07:30"},
		{"Europe/Berlin", night, "2026-10-24 23:00", "2026-10-25 07:30"},
		{"Europe/Berlin", Quiet{23 * 60, 2*60 + 30}, "2026-03-29 01:59", "2026-03-29 03:30"}, // there is no 02:30
	} {
		z := zone(t, tc.zone)
		const format = "2006-01-02 15:04"
		at, err := time.ParseInLocation(format, tc.at, z)
		if err != nil {
			t.Fatal(err)
		}
		end := ""
		if tc.quiet.Holds(at.UTC(), z) {
			end = tc.quiet.End(at.UTC(), z).In(z).Format(format)
		}
		if end != tc.end {
			t.Errorf("%v at %s in %s: until %q, want %q", tc.quiet, tc.at, tc.zone, end, tc.end)
		}
	}
	if (Quiet{0, 24 * 60}).Valid() || (Quiet{-1, 0}).Valid() || !(Quiet{0, 24*60 - 1}).Valid() {
		t.Error("valid")
	}
}

// TestPeriods: weeks begin on Monday, months on the first, at midnight of the zone.
func TestPeriods(t *testing.T) {
	for _, tc := range []struct {
		period   Period
		after    string
		from, to string
	}{
		{Week, "2026-11-01T15:59:59Z", "10-26 00:00", "11-02 00:00"}, // the last second of Sunday in China
		{Week, "2026-11-01T16:00:00Z", "11-02 00:00", "11-09 00:00"},
		{Week, "2026-12-31T00:00:00Z", "12-28 00:00", "01-04 00:00"},
		{Month, "2026-11-30T15:59:59Z", "11-01 00:00", "12-01 00:00"},
		{Month, "2026-11-30T16:00:00Z", "12-01 00:00", "01-01 00:00"},
	} {
		after, err := time.Parse(time.RFC3339, tc.after)
		if err != nil {
			t.Fatal(err)
		}
		from, to := tc.period.Ending(after, zone(t, "Asia/Shanghai"))
		if got, want := fmt.Sprint(from.Format("01-02 15:04"), to.Format("01-02 15:04")), fmt.Sprint(tc.from, tc.to); got != want {
			t.Errorf("%s after %s: %s, want %s", tc.period, tc.after, got, want)
		}
	}
}

// TestCheck: mistakes in settings are reported, each by its own error.
func TestCheck(t *testing.T) {
	good := Alert{Name: "夜班", Events: []Event{New}, Every: time.Minute, Hourly: 1}
	for want, change := range map[error]func(a *Alert){
		nil:       func(*Alert) {},
		ErrName:   func(a *Alert) { a.Name = "a\u202eb" },
		ErrEvents: func(a *Alert) { a.Events = []Event{New, "other"} },
		ErrEvery:  func(a *Alert) { a.Every = time.Second },
		ErrHourly: func(a *Alert) { a.Hourly = MaxHourly + 1 },
		ErrQuiet:  func(a *Alert) { a.Quiet.To = 24 * 60 },
	} {
		a := good
		change(&a)
		if err := a.Check(); err != want { //nolint:errorlint // sentinels are compared directly
			t.Errorf("%v, want %v", err, want)
		}
	}
}
