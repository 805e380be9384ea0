package dashboards

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// saveCloaked stores a page that shows a casino only to visitors who come from a search engine, and
// returns the finding's id.
func saveCloaked(t *testing.T, o *outpost, instead string) string {
	t.Helper()
	plainSource := "<h1>专家介绍</h1>\n" + instead + "\n<p>地址</p>"
	other := "<h1>专家介绍</h1>\n<p><script>alert(1)</script>线上赌场开户</p>\n<p>地址</p>"
	at, place := strings.Index(other, "线上赌场"), strings.Index(plainSource, instead)
	page := qianshao.Page{URL: "http://clinic.example/a", FetchedAt: testNow, Status: 200}
	page.Others = []qianshao.Page{
		{View: qianshao.ViewSearchVisitor, URL: page.URL, Status: 200, FetchedAt: testNow},
		{View: qianshao.ViewBrowser, URL: page.URL, Status: 200, FetchedAt: testNow, Screenshot: []byte("\x89PNG picture")},
	}
	f := qianshao.Finding{
		ID: qianshao.FindingID(page.URL, "gambling"), URL: page.URL, Rule: "casino", Category: qianshao.Gambling, Level: qianshao.LevelHigh, Score: 80,
		Breakdown: []qianshao.ScorePart{{Reason: "rule_level", Detail: "rule level high", Points: 62},
			{Reason: "cloaked", Detail: "shown only to visitors from a search engine (search_visitor)", Points: 18}},
		Evidence: []qianshao.Evidence{{Block: "b", Term: "线上赌场", Text: "线上赌场", Region: qianshao.RegionText, View: qianshao.ViewSearchVisitor,
			Span: qianshao.Span{Start: at, End: at + len("线上赌场")}, Line: 2, Column: 30}},
		PlainVersion: &qianshao.Evidence{Text: instead, Span: qianshao.Span{Start: place, End: place + len(instead)}, Line: 2, Column: 1},
	}
	_, err := o.store.SavePage(t.Context(), store.Save{
		Page: page, Document: &qianshao.Document{Charset: "utf-8", Source: plainSource},
		Assessment: qianshao.Assessment{Category: f.Category, Level: f.Level, Score: f.Score, Findings: []qianshao.Finding{f},
			Views: map[qianshao.View]*qianshao.Document{qianshao.ViewSearchVisitor: {Charset: "utf-8", Source: other}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f.ID
}

func get(t *testing.T, o *outpost, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
	return o.serve(r)
}

func TestBothVersionsStandSideBySide(t *testing.T) {
	for instead, want := range map[string]string{"<p>李主任，周一出诊</p>": "<p>李主任，周一出诊</p>", "": ""} {
		o := newOutpost(t, nil)
		id := saveCloaked(t, o, instead)
		doc, err := goquery.NewDocumentFromReader(get(t, o, "/findings/"+id).Body)
		if err != nil {
			t.Fatal(err)
		}
		figures := doc.Find(".versions figure")
		if figures.Length() != 2 {
			t.Fatalf("%d versions", figures.Length())
		}
		seen, plain := figures.Eq(0), figures.Eq(1)
		if got := seen.Find("mark").Text(); got != "线上赌场" || !strings.Contains(seen.Text(), "从搜索引擎来的访客") {
			t.Errorf("the view marks %q: %s", got, seen.Text())
		}
		if got := plain.Find("mark").Text(); got != want || !strings.Contains(plain.Text(), "普通访客") {
			t.Errorf("the plain version marks %q: %s", got, plain.Text())
		}
		if nothing := strings.Contains(plain.Text(), "此处没有内容"); nothing != (instead == "") {
			t.Errorf("nothing at this place: %t", nothing)
		}
		if doc.Find("main script").Length() > 0 {
			t.Error("the view's script is a script of ours")
		}
		if text := doc.Find("main").Text(); !strings.Contains(text, "对访客区别展示") || !strings.Contains(text, "只给从搜索引擎来的访客看") {
			t.Errorf("the page does not say that it is cloaking: %s", text)
		}
	}
}

func TestScreenshot(t *testing.T) {
	o := newOutpost(t, nil)
	id := saveCloaked(t, o, "<p>x</p>")
	if page := get(t, o, "/findings/"+id).Body.String(); !strings.Contains(page, `<img src="/findings/`+id+`/screenshot"`) {
		t.Error("the finding does not show its screenshot")
	}
	w := get(t, o, "/findings/"+id+"/screenshot")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/png" || w.Body.String() != "\x89PNG picture" {
		t.Errorf("%d %v %q", w.Code, w.Header(), w.Body)
	}
	if w := get(t, o, "/findings/0000000000000000/screenshot"); w.Code != http.StatusNotFound {
		t.Errorf("a finding that is not there: %d", w.Code)
	}
}
