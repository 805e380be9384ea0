package report_test

import (
	"errors"
	"testing"
	"time"

	"github.com/qianshao/qianshao/report"
)

// TestChoice: a choice gives the period of the operator's days; a mistake has its code, and the Choice of a
// period gives the period again.
func TestChoice(t *testing.T) {
	t.Parallel()
	zone := zoneOf(t, "Asia/Shanghai")
	now := time.Date(2026, time.November, 25, 16, 30, 0, 0, time.UTC) // Thursday, 26 November, 00:30 there
	for _, tc := range []struct {
		choice   report.Choice
		from, to string // or the code of the mistake
	}{
		{report.Choice{}, "2026-11-16", "2026-11-23"},
		{report.Choice{Kind: report.KindWeek}, "2026-11-16", "2026-11-23"},
		{report.Choice{Kind: report.KindMonth}, "2026-10-01", "2026-11-01"},
		{report.Choice{Kind: report.KindQuarter}, "2026-07-01", "2026-10-01"},
		{report.Choice{Kind: report.KindWeek, Of: "2026-11-26"}, "2026-11-23", "2026-11-30"},
		{report.Choice{Kind: report.KindMonth, Of: "2026-02-28"}, "2026-02-01", "2026-03-01"},
		{report.Choice{From: "2026-11-01", To: "2026-11-01"}, "2026-11-01", "2026-11-02"},
		{report.Choice{Kind: report.KindDays, From: "2025-11-26", To: "2026-11-26"}, "2025-11-26", "2026-11-27"},
		{report.Choice{Kind: "year"}, report.MistakeKind, ""},
		{report.Choice{Kind: report.KindDays}, report.MistakeKind, ""},
		{report.Choice{Of: "26.11.2026"}, report.MistakeDate, ""},
		{report.Choice{From: "2026-02-30", To: "2026-03-01"}, report.MistakeDate, ""},
		{report.Choice{From: "2026-02-01"}, report.MistakeHalf, ""},
		{report.Choice{To: "2026-02-01"}, report.MistakeHalf, ""},
		{report.Choice{From: "2026-02-02", To: "2026-02-01"}, report.MistakeOrder, ""},
		{report.Choice{Kind: report.KindWeek, From: "2026-02-01", To: "2026-02-01"}, report.MistakeBoth, ""},
		{report.Choice{Of: "2026-02-01", From: "2026-02-01", To: "2026-02-01"}, report.MistakeBoth, ""},
		{report.Choice{From: "2025-01-01", To: "2026-11-01"}, report.MistakeLong, ""},
		{report.Choice{From: "2026-11-27", To: "2026-11-28"}, report.MistakeFuture, ""},
		{report.Choice{Kind: report.KindMonth, Of: "2026-12-01"}, report.MistakeFuture, ""},
	} {
		p, err := tc.choice.Period(now, zone)
		var mistake *report.Mistake
		if errors.As(err, &mistake) {
			if mistake.Code != tc.from || mistake.Error() == "" {
				t.Errorf("%+v: %s (%v), want %s", tc.choice, mistake.Code, err, tc.from)
			}
			continue
		}
		if from, to := p.From.Format(time.DateOnly), p.To.Format(time.DateOnly); err != nil || from != tc.from || to != tc.to {
			t.Errorf("%+v: %s to %s, %v; want %s to %s", tc.choice, from, to, err, tc.from, tc.to)
		}
		if again, err := p.Choice().Period(now, zone); err != nil || !again.From.Equal(p.From) || !again.To.Equal(p.To) {
			t.Errorf("%+v: chosen again as %+v it is %+v, %v", tc.choice, p.Choice(), again, err)
		}
	}
}
