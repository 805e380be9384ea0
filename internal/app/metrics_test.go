package app_test

import (
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/notify"
)

// TestMetrics: /metrics shows what a crawl has found and people have decided.
func TestMetrics(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	a, _ := apptest.Crawl(t, casinoPage, func(o *app.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	ann := qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}
	result, err := a.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), Limit: 1})
	if err != nil || len(result.Hits) != 1 {
		t.Fatalf("%d hits, error %v", len(result.Hits), err)
	}
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: result.Hits[0].ID}
	v, err := a.Desk.Look(t.Context(), ann, subject)
	if err != nil {
		t.Fatal(err)
	}
	level := v.Level.String()
	before := []string{metric(t, a, `qianshao_queue_findings{state="undecided"}`), metric(t, a, `qianshao_verdict_seconds_count{level="`+level+`"}`)}
	if !slices.Equal(before, []string{"1", "0"}) {
		t.Errorf("before the decision undecided and decided are %q", before)
	}
	draft := desk.Draft{Subject: subject, Kind: qianshao.ActDecide, Seen: v.Seen, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked}
	if _, err := a.Desk.Do(t.Context(), ann, draft); err != nil {
		t.Fatal(err)
	}
	ahead.Store(int64(24 * time.Hour)) // the counts are renewed, however slow the machine was when it last read them
	const answered = `qianshao_findings_answered{answer="crime",category="gambling"}`
	for name, want := range map[string]string{
		`qianshao_queue_findings{state="undecided"}`:                                "0",
		`qianshao_verdict_seconds_count{level="` + level + `"}`:                     "1",
		`qianshao_findings{category="gambling",level="` + level + `",state="open"}`: "1",
		answered: "1",
		`qianshao_authorisation_pages_total{authorisation="test"}`:   "1",
		`qianshao_authorisation_open_findings{authorisation="test"}`: "1",
		`qianshao_flagged_hosts`:                                     "1",
		`qianshao_authorisations{state="in_force"}`:                  "1",
		`qianshao_frontier_items{state="finished"}`:                  "0",
		`qianshao_deliveries_total{kind="mail",outcome="failed"}`:    "0",
	} {
		if got := metric(t, a, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for _, size := range []string{`qianshao_folder_bytes{part="store"}`, `qianshao_folder_bytes{part="index"}`, `qianshao_folder_bytes{part="evidence"}`} {
		if n, err := strconv.ParseFloat(metric(t, a, size), 64); err != nil || n < 1000 {
			t.Errorf("%s is %v, error %v", size, n, err)
		}
	}
	if ocr := metric(t, a, "qianshao_ocr_available"); ocr != "0" && ocr != "1" {
		t.Errorf("qianshao_ocr_available is %s", ocr)
	}
}

// TestDeliveryKinds checks that the label has all kinds of channels.
func TestDeliveryKinds(t *testing.T) {
	t.Parallel()
	var kinds []string
	for _, k := range notify.Kinds() {
		kinds = append(kinds, string(k))
	}
	if !slices.Equal(kinds, metrics.DeliveryKinds()) {
		t.Errorf("kinds of channels %q, of metrics %q", kinds, metrics.DeliveryKinds())
	}
}
