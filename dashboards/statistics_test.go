package dashboards

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/figures"
)

// counting returns an outpost with the page of statistics; asked counts how often a report was
// made.
func counting(t *testing.T) (o *outpost, d *desk.Desk, asked *atomic.Int32) {
	t.Helper()
	o, _, _, _ = twoOwners(t)
	d = o.withDesk(t)
	asked = &atomic.Int32{}
	reports := figures.New(o.store.Database(), o.options.Now)
	o.options.Reports = func(ctx context.Context, q report.Query) (*report.Report, error) {
		asked.Add(1)
		return reports.Report(ctx, q)
	}
	return o, d, asked
}

// reads returns the page with the report, which a busy machine may make in the background first.
func (p *person) reads(t *testing.T, target string) string {
	t.Helper()
	for range 100 {
		if page := p.ask("GET", target, "").Body.String(); strings.Contains(page, `<div class="rpt">`) {
			return page
		}
	}
	t.Fatalf("%s: no report", target)
	return ""
}

// today is the page for the week of testNow, which has all findings.
const today = "/statistics?period=week&of=2026-11-23"

// TestStatistics: the page has the report of what its reader may see, and names nobody but the
// reader, at its head. A report is made once for all accounts with the same sight.
func TestStatistics(t *testing.T) {
	t.Parallel()
	o, _, asked := counting(t)
	me, other := o.join(t, limited("me-myself", qianshao.RoleAnalyst, "mine")), o.join(t, limited("somebody", qianshao.RoleAnalyst, "mine"))
	third := o.join(t, limited("lead", qianshao.RoleLead, "theirs"))
	other.handler, third.handler = me.handler, me.handler // it has the reports
	page := me.reads(t, today)
	_, report, ok := strings.Cut(page, `<div class="rpt">`)
	report, _, _ = strings.Cut(report, "</main>")
	if !ok || !strings.Contains(report, "mine[.]example") || strings.Contains(report, "theirs") || strings.Contains(page, ">theirs<") {
		t.Errorf("the report is %s", report)
	}
	for _, name := range []string{"me-myself", "somebody", "root"} {
		if strings.Contains(report, name) {
			t.Errorf("the report names %s", name)
		}
	}
	for _, want := range []string{"网页违法信息监测周报", "2026-11-23 至 2026-11-29", `href="/statistics?of=2026-11-16&amp;period=week"`, "本期尚未结束", "<svg"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "?of=2026-11-30") {
		t.Error("it leads to a week that has not begun")
	}
	me.reads(t, today)
	english := other.reads(t, today+"&lang=en")
	if !strings.Contains(english, "Weekly report") {
		t.Error("there is no English report")
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the report was made %d times", n)
	}
	if page := third.reads(t, today); strings.Contains(page, "mine[.]example") {
		t.Error("another sight is shown what was kept")
	}
	// Nor may somebody who has lost the right to see it.
	o.change(t, "somebody", func(r *store.AccountRecord) { r.Sight = qianshao.Sight{Authorisations: []string{"theirs"}} })
	if w := other.ask("GET", today, ""); w.Code == http.StatusOK {
		t.Errorf("the session outlives its sight: %d", w.Code)
	}
	other.visitor = o.enter(t, "somebody")
	if page := other.reads(t, today); strings.Contains(page, "mine[.]example") || !strings.Contains(page, "theirs[.]example") {
		t.Error("who sees something else now is shown what was kept")
	}
}

// TestStatisticsRefused: a mistake in the form is explained on the page; something that may not be
// seen is answered as if it did not exist.
func TestStatisticsRefused(t *testing.T) {
	t.Parallel()
	o, _, asked := counting(t)
	me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	for query, want := range map[string]string{
		"period=week&of=yesterday":                      "日期须写作 2026-11-26：yesterday",
		"period=year":                                   "请选择周、月、季",
		"period=days&from=2026-11-01":                   "请填首日和末日",
		"period=days&from=2026-11-02&to=2026-11-01":     "末日不能早于首日",
		"period=days&from=2020-11-02&to=2026-11-01":     "最长 366 天",
		"of=2027-01-01":                                 "尚未开始",
		"of=%3Cscript%3E":                               "&lt;script&gt;",
		"period=week&of=2026-11-16&from=2026-11-16x":    "", // left over from another kind
		"period=days&from=2026-11-01&to=2026-11-02":     "",
		"period=month&of=2026-10-05&authorisation=mine": "",
	} {
		w := me.ask("GET", "/statistics?"+query, "")
		if want == "" && w.Code != http.StatusOK || want != "" && (w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), want)) {
			t.Errorf("%s: %d, without %q", query, w.Code, want)
		}
	}
	made := asked.Load()
	for _, id := range []string{"theirs", "none"} {
		if w := me.ask("GET", today+"&authorisation="+id, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", id, w.Code)
		}
		if w := me.takeReport(url.Values{"authorisation": {id}, "format": {"csv"}}); w.Code != http.StatusNotFound {
			t.Errorf("the file of %s: %d", id, w.Code)
		}
	}
	if asked.Load() != made {
		t.Error("what may not be seen was counted")
	}
	if w := me.takeReport(url.Values{"format": {"pdf"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("as PDF: %d", w.Code)
	}
}

// TestHostileStatistics: hosts, titles, rules and labels create no elements on the report's page,
// nor do the periods in the request. Requests for extreme dates are answered.
func TestHostileStatistics(t *testing.T) {
	t.Parallel()
	o, _, _ := counting(t)
	finding := casino(hostile + casinoSource)
	finding.Rule, finding.Title = hostile, hostile
	o.save(t, qianshao.Page{URL: "http://evil.example/" + strings.TrimRight(hostile, "\x00"), Authorisation: "mine", Body: []byte(casinoSource), Status: http.StatusOK}, hostile, hostile+casinoSource, finding)
	me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	page := me.reads(t, today)
	checkMarkup(t, today, page)
	if !strings.Contains(page, "&lt;script&gt;") {
		t.Errorf("the report lacks the hostile rule: %s", page)
	}
	for _, query := range []string{
		"period=week&of=0001-01-01", "period=week&of=0000-01-01", "period=quarter&of=0000-12-31", "period=month&of=9999-12-31", "period=days&from=0000-01-01&to=0000-12-31",
		"period=days&from=2026-11-01&to=9999-12-31", "period=days&from=-2026-11-01&to=2026-11-02", "period=week&of=2026-02-30", "period=week&of=" + strings.Repeat("9", 4000),
		"period=" + url.QueryEscape(hostile), "period=days&from=" + url.QueryEscape(hostile) + "&to=x", "authorisation=" + url.QueryEscape(hostile),
	} {
		w := me.ask("GET", "/statistics?"+query, "")
		if w.Code != http.StatusOK && w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", query, w.Code)
		}
		checkMarkup(t, "/statistics?q="+query, w.Body.String())
	}
}

// takeReport sends the form that exports a report.
func (p *person) takeReport(form url.Values) *httptest.ResponseRecorder {
	return p.ask("POST", "/statistics/file", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// TestStatisticsFiles: a report can be exported in each format. The trail records who exported it
// and the hash of the file's bytes, and links to what it is about.
func TestStatisticsFiles(t *testing.T) {
	t.Parallel()
	o, d, _ := counting(t)
	me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	for format, media := range map[string]string{
		"html": "text/html; charset=utf-8", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "csv": "text/csv; charset=utf-8",
	} {
		w := me.takeReport(url.Values{"period": {"week"}, "of": {"2026-11-23"}, "format": {format}})
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != media || w.Header().Get("Content-Disposition") != `attachment; filename="qianshao-week-2026-11-23.`+format+`"` {
			t.Fatalf("as %s: %d %v", format, w.Code, w.Header())
		}
		if strings.Contains(w.Body.String(), "theirs") {
			t.Errorf("as %s it has what may not be seen", format)
		}
		sum := sha256.Sum256(w.Body.Bytes())
		acts := exportTrail(t, d)
		a := acts[0]
		if len(acts) > 1 && acts[len(acts)-1].Seq > a.Seq {
			a = acts[len(acts)-1]
		}
		if a.By != "me" || a.Subject.ID != hex.EncodeToString(sum[:]) || !strings.Contains(string(mustDetail(t, a)), "/statistics?of=2026-11-23") {
			t.Errorf("as %s: the trail has %+v", format, a)
		}
	}
	auditor := o.join(t, qianshao.Account{Name: "auditor", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()})
	if trail := auditor.ask("GET", "/trail?kind=export", "").Body.String(); !strings.Contains(trail, "导出 Word 文档") || !strings.Contains(trail, "统计报告 /statistics?of=2026-11-23&amp;period=week") {
		t.Error("the trail does not say what was taken")
	}
}

func mustDetail(t *testing.T, a desk.Shown) []byte {
	t.Helper()
	line, err := desk.RecordOf(&a.Act).MarshalLine()
	if err != nil {
		t.Fatal(err)
	}
	return line
}
