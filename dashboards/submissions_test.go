package dashboards

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/intake"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// takesSubmissions sets up submissions as the command does, with nothing authorised.
func takesSubmissions(t *testing.T) *outpost {
	t.Helper()
	var o *outpost
	o = newOutpost(t, func(opts *Options) {
		opts.Submit = func(ctx context.Context, report store.Report) (qianshao.Submission, error) {
			item, skip, err := ingest.Place(&ingest.Scope{}, report.URL, testNow)
			if err != nil {
				return qianshao.Submission{}, err
			}
			if strings.Contains(report.URL, "full.example") {
				return qianshao.Submission{}, fmt.Errorf("submit: %w", store.ErrTooManyWaiting)
			}
			report.URL, report.At = item.URL, testNow
			return o.store.Submit(ctx, report, nil, skip)
		}
	})
	return o
}

func (o *outpost) post(target, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1"+target, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return o.serve(r)
}

func TestSubmissionsAPI(t *testing.T) {
	o := takesSubmissions(t)
	for _, tc := range []struct {
		body   string
		status int
		code   string
	}{
		{`{"url": "https://casino.example/a#x", "category": "gambling"}`, http.StatusAccepted, ""},
		{`{"url": "https://casino.example/a"}`, http.StatusAccepted, ""},
		{`{"url": "casino"}`, http.StatusBadRequest, "bad_url"},
		{`{"url": "javascript:alert(1)"}`, http.StatusBadRequest, "bad_url"},
		{`{"url": "file:///etc/passwd"}`, http.StatusBadRequest, "bad_url"},
		{`{"url": "https://casino.example/", "category": "protest"}`, http.StatusBadRequest, "bad_category"},
		{`{"url": "https://casino.example/", "reporter": "张三"}`, http.StatusBadRequest, "bad_body"},
		{`{"url": "https://casino.example/"} x`, http.StatusBadRequest, "bad_body"},
		{`[`, http.StatusBadRequest, "bad_body"},
		{`{"url": "https://casino.example/` + strings.Repeat("a", intake.MaxBody) + `"}`, http.StatusRequestEntityTooLarge, "bad_body"},
		{`{"url": "https://full.example/"}`, http.StatusServiceUnavailable, "too_many_waiting"},
	} {
		w := o.post("/api/v1/submissions", "application/json; charset=utf-8", tc.body)
		if w.Code != tc.status || tc.code != "" && !strings.Contains(w.Body.String(), `"code":"`+tc.code+`"`) {
			t.Errorf("%.80s: %d %s, want %d %s", tc.body, w.Code, w.Body, tc.status, tc.code)
		}
	}
	if w := o.post("/api/v1/submissions", "application/x-www-form-urlencoded", `{"url": "https://casino.example/"}`); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("a form, as any web page can send one: %d", w.Code)
	}

	_, listed, _ := o.get(t, "/api/v1/submissions")
	var got struct{ Submissions []qianshao.Submission }
	if err := json.Unmarshal([]byte(listed), &got); err != nil || len(got.Submissions) != 1 {
		t.Fatalf("error %v: %s", err, listed)
	}
	want := qianshao.Submission{
		ID: qianshao.SubmissionID("https://casino.example/a"), URL: "https://casino.example/a", Category: qianshao.Gambling, Reports: 2, Origin: "api 192.0.2.0/24",
		First: testNow, Last: testNow, State: qianshao.SubmissionWaiting, Skip: qianshao.SkipNotAuthorised,
	}
	if got.Submissions[0] != want {
		t.Errorf("got %+v\nwant %+v", got.Submissions[0], want)
	}
	status, body, _ := o.get(t, "/api/v1/submissions/"+want.ID)
	contains(t, body, `"state":"waiting"`, `"reason":"not_authorised"`)
	if status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	contains(t, listed, `"open_by_origin":[{"origin":"api 192.0.2.0/24","waiting":1,"queued":0}]`)
	for _, want := range []int{http.StatusNoContent, http.StatusNotFound} {
		r := httptest.NewRequest(http.MethodDelete, "http://127.0.0.1/api/v1/submissions/"+qianshao.SubmissionID("https://casino.example/a"), nil)
		w := o.serve(r)
		if w.Code != want {
			t.Errorf("withdrawn: %d %s, want %d", w.Code, w.Body, want)
		}
	}
	if status, _, _ := o.get(t, "/api/v1/submissions/none"); status != http.StatusNotFound {
		t.Errorf("an unknown submission: status %d", status)
	}
}

func TestSubmissionsPage(t *testing.T) {
	o := takesSubmissions(t)
	form := url.Values{"url": {"https://casino.example/<b>"}, "category": {"gambling"}}.Encode()
	w := o.post("/submissions", "application/x-www-form-urlencoded", form)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	_, body, _ := o.get(t, w.Header().Get("Location"))
	contains(t, body, "已收到", "hxxps://casino[.]example/", "等待授权", "没有授权", "赌博", "网页表单 1 条等待授权、0 条等待抓取", "撤回")
	checkMarkup(t, "/submissions", body)
	button := regexp.MustCompile(`action="(/submissions/[0-9a-f]{16}/withdraw)"`).FindStringSubmatch(body)
	if button == nil {
		t.Fatal("there is no button to withdraw a report")
	}
	if strings.Contains(body, `href="https://casino`) {
		t.Error("the reported page is a link")
	}
	for range 2 { // the button is pressed twice
		if w = o.post(button[1], "application/x-www-form-urlencoded", ""); w.Code != http.StatusSeeOther {
			t.Errorf("withdrawn: status %d: %s", w.Code, w.Body)
		}
	}
	if _, body, _ = o.get(t, "/submissions"); strings.Contains(body, "casino[.]example") {
		t.Error("a report that was withdrawn is still listed")
	}
	w = o.post("/submissions", "application/x-www-form-urlencoded", url.Values{"url": {hostile}}.Encode())
	if w.Code != http.StatusBadRequest {
		t.Errorf("status %d", w.Code)
	}
	contains(t, w.Body.String(), "这不是网页地址")
	checkMarkup(t, "/submissions", w.Body.String())

	o = newOutpost(t, nil)
	if status, body, _ := o.get(t, "/submissions"); status != http.StatusNotFound || strings.Contains(body, `href="/submissions"`) {
		t.Errorf("a console that takes no submissions offers the page (status %d)", status)
	}
}

// TestSubmissionLeadsToFinding: a report links to the finding on its page, or to the search if
// there are several.
func TestSubmissionLeadsToFinding(t *testing.T) {
	t.Parallel()
	o := takesSubmissions(t)
	const address = "https://reported.example/a"
	item := ingest.Item{URL: address, Host: "reported.example", Authorisation: "mine"}
	if _, err := o.store.Submit(t.Context(), store.Report{URL: address, Origin: "form", By: "test", At: testNow}, &item, ""); err != nil {
		t.Fatal(err)
	}
	if err := o.store.Done(t.Context(), item, ingest.Outcome{}); err != nil {
		t.Fatal(err)
	}
	id := o.saveBlock(t, address, "mine", blockText)
	_, body, _ := o.get(t, "/submissions")
	contains(t, body, `<a href="/findings/`+id+`">查看发现</a>`)
	first, second := casino(casinoSource), casino(casinoSource)
	second.Rule = "another"
	first.URL, first.ID, second.URL, second.ID = address, id, address, qianshao.FindingID(address, second.Rule)
	_, err := o.store.SavePage(t.Context(), store.Save{
		Page:     qianshao.Page{URL: address, Authorisation: "mine", Status: http.StatusOK, FetchedAt: testNow.Add(-time.Hour)},
		Document: &qianshao.Document{Source: casinoSource}, Assessment: qianshao.Assessment{Findings: []qianshao.Finding{first, second}, Level: first.Level},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, body, _ = o.get(t, "/submissions"); !strings.Contains(body, `<a href="/search?q=url`) {
		t.Errorf("where there are two findings, no search leads to them: %s", body)
	}
}

func TestSubmissionsAreLimited(t *testing.T) {
	o := takesSubmissions(t)
	for range intake.Burst + 1 {
		o.post("/api/v1/submissions", "application/json", `{"url": "x"}`)
	}
	if w := o.post("/api/v1/submissions", "application/json", `{"url": "https://a.example/"}`); w.Code != http.StatusTooManyRequests {
		t.Errorf("status %d after a flood", w.Code)
	}
}
