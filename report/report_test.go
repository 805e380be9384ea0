package report_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/report"
)

// TestRates: below ten decisions, or reviews, there is no rate; a tie does not count as a decision.
func TestRates(t *testing.T) {
	t.Parallel()
	if got, want := report.RateOf(5, 4, 7), (report.Rate{Right: 5, Wrong: 4, Tied: 7, Few: true}); got != want {
		t.Errorf("nine: %+v", got)
	}
	if r := report.RateOf(10, 0, 0); r.Few || r.Precision != 1 || math.Abs(r.Low-.7225) > .0001 || r.High < .9999 {
		t.Errorf("ten: %+v", r)
	}
	const crime, not = qianshao.VerdictCrime, qianshao.VerdictNotCrime
	few := report.AgreementOf(map[[2]qianshao.Verdict]int{{crime, crime}: 5, {not, not}: 3, {crime, not}: 1})
	if few.Reviews != 9 || few.Agreed != 8 || few.Kappa != nil || !few.Few() {
		t.Errorf("nine reviews: %+v", few)
	}
	enough := report.AgreementOf(map[[2]qianshao.Verdict]int{{crime, crime}: 5, {not, not}: 5})
	if enough.Kappa == nil || *enough.Kappa != 1 || enough.Few() {
		t.Errorf("ten reviews: %+v", enough)
	}
	same := report.AgreementOf(map[[2]qianshao.Verdict]int{{crime, crime}: 20})
	if same.Kappa != nil {
		t.Errorf("if all verdicts are the same, kappa is %v", *same.Kappa)
	}
	if _, err := json.Marshal(report.Report{Verdicts: report.Verdicts{Agreement: few}}); err != nil {
		t.Error(err)
	}
}

// TestEnd: standings are as of the end of the period, or of when the report was made.
func TestEnd(t *testing.T) {
	t.Parallel()
	p := report.Week(time.Date(2026, time.November, 5, 0, 0, 0, 0, time.UTC), time.UTC)
	for _, made := range []time.Time{p.From.Add(time.Hour), p.To, p.To.AddDate(1, 0, 0)} {
		r := report.Report{Query: report.Query{Period: p}, Made: made}
		want := made
		if made.After(p.To) {
			want = p.To
		}
		if !r.End().Equal(want) {
			t.Errorf("made at %s, its end is %s", made, r.End())
		}
	}
}
