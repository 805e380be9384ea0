package console

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/store"
)

var reported = time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)

// aReport returns the report of a finding on a hostile page, in two views.
func aReport() Report {
	const source = "<p>\n<script>alert(1)</script> 百\u202E家乐 \"'><img src=x onerror=alert(1)>\n</p>"
	const other = "<p>\n<p>时时彩"
	place := strings.Index(source, "百")
	elsewhere := strings.Index(other, "时时彩")
	f := qianshao.Finding{
		ID: "0123456789abcdef", URL: "http://a.example/\"><script>alert(2)</script>", Title: "线上赌场推广<b>", Rule: "gambling-x", Category: qianshao.Gambling,
		Level: qianshao.LevelHigh, Score: 80, Authorisation: "a", RobotsWaiver: "附件 <3>",
		Breakdown: []qianshao.ScorePart{{Reason: "rule_level", Detail: "rule level high", Points: 80}},
		Evidence: []qianshao.Evidence{
			{Term: "百家乐", Text: source[place : place+len("百\u202E家乐")], Span: qianshao.Span{Start: place, End: place + len("百\u202E家乐")}, Line: 2, Column: 28, Region: qianshao.RegionText, Steps: []string{"invisible"}, Before: "<i>前", After: "后"},
			{Term: "时时彩", Text: "时时彩", View: qianshao.ViewSearchVisitor, Span: qianshao.Span{Start: elsewhere, End: elsewhere + len("时时彩")}, Line: 2, Column: 4, Region: qianshao.RegionText},
		},
		PlainVersion: &qianshao.Evidence{Text: "招生<简章>", Line: 1, Column: 1},
		Indicators:   []qianshao.Indicator{{Kind: qianshao.IndicatorURL, Value: "http://b.example/", Line: 2, Column: 1}},
	}
	return Report{
		Finding: store.Finding{Finding: f, PageTitle: "题目</title>", Source: source, Status: 200, FirstSeen: reported, LastSeen: reported, FetchedAt: reported, RequestedURL: f.URL},
		Views:   []store.View{{View: qianshao.ViewSearchVisitor, Source: other}},
		Under:   &qianshao.Authorisation{ID: "a", Owner: "某市第一中学", Basis: "合同<1>", ValidFrom: reported, ValidUntil: reported.AddDate(1, 0, 0)},
		Captures: []evidence.Captured{{Capture: evidence.Capture{ID: 2, Captured: reported, Seen: reported},
			Links: []evidence.Link{{Seq: 2, Kind: "response", URI: f.URL, Record: strings.Repeat("a", 64), Chain: strings.Repeat("b", 64)}}}},
		Screenshot: []byte("\x89PNG"), Head: evidence.Head{Seq: 7, Chain: strings.Repeat("c", 64), Added: reported},
		Made: reported, By: "qianshao/test",
	}
}

func written(t *testing.T, r Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestReportIsInert: whatever the page says, the report has no scripts and no links, and loads
// nothing.
func TestReportIsInert(t *testing.T) {
	allowed := map[string]bool{}
	for tag := range strings.FieldsSeq("html head meta title style body header section footer h1 h2 h3 p span b bdi br code pre mark small dl dt dd ul ol li table thead tbody tfoot tr th td div figure img") {
		allowed[tag] = true
	}
	tokens := html.NewTokenizer(strings.NewReader(written(t, aReport())))
	for tokens.Next() != html.ErrorToken {
		token := tokens.Token()
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		if !allowed[token.Data] {
			t.Errorf("the report has a <%s>", token.Data)
		}
		for _, a := range token.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "href" || a.Key == "src" && !strings.HasPrefix(a.Val, "data:image/png;base64,") {
				t.Errorf("<%s> has %s=%q", token.Data, a.Key, a.Val)
			}
		}
	}
}

// TestReportSays: the report has each part of a finding, with the evidence marked in its place.
func TestReportSays(t *testing.T) {
	text := written(t, aReport())
	for _, part := range []string{
		`data-n="2"><code>&lt;script&gt;alert(1)&lt;/script&gt; <mark>百</mark><span class="sign" title="U&#43;202E">RLO</span><mark>家乐</mark>`,
		"第 2 行第 28 列", "普通访客所见", "从搜索引擎来的访客所见", "&lt;p&gt;<mark>时时彩</mark>", "普通访客在同一处所见", "招生&lt;简章&gt;",
		"责任单位已书面豁免：<bdi>附件 &lt;3&gt;</bdi>", "合同&lt;1&gt;", "2026-11-25 16:00:00", "hxxp://b[.]example/",
		"规则级别", "&#43;80", strings.Repeat("a", 64), strings.Repeat("b", 64), strings.Repeat("c", 64), "登记链第 7 条", "data:image/png;base64,iVBORw==", "未作遮盖",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the report has no %q", part)
		}
	}
	if strings.Contains(text, "内容已消失") {
		t.Error("the finding is open, and yet gone")
	}
}

// TestReportOfAScript: evidence in an external script is quoted, since the page's source does not show it.
func TestReportOfAScript(t *testing.T) {
	r := aReport()
	r.Finding.Evidence = []qianshao.Evidence{{Term: "百家乐", Text: "百家乐", Before: "<i>前", After: "后", Script: "http://a.example/a.js", Line: 2, Column: 1, Region: qianshao.RegionScript, Hidden: qianshao.HidingScript}}
	page := written(t, r)
	for _, want := range []string{"hxxp://a[.]example/a.js", "&lt;i&gt;前<mark>百家乐</mark>后"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

// TestReportOfAPicture: text read from a picture is quoted with the picture's address, defanged.
func TestReportOfAPicture(t *testing.T) {
	r := aReport()
	r.Finding.Evidence = []qianshao.Evidence{{Term: "百家乐", Text: "百家乐", Before: "<i>前", After: "后", Picture: "http://a.example/a.png", Line: 2, Column: 1, Region: qianshao.RegionText, Name: qianshao.NamePicture}}
	r.Finding.Indicators = []qianshao.Indicator{{Kind: qianshao.IndicatorQRCode, Value: "https://bet.example/?c=1", Picture: qianshao.PictureScreenshot, Line: 2, Column: 1}}
	page := written(t, r)
	for _, want := range []string{"hxxp://a[.]example/a.png", "&lt;i&gt;前<mark>百家乐</mark>后", "二维码", "hxxps://bet[.]example/?c=1", "图片（网页截图）"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

// TestReportOfWhatIsGone: if its source is no longer kept, a finding is shown by the text that its
// evidence carries.
func TestReportOfWhatIsGone(t *testing.T) {
	r := aReport()
	r.Finding.Source, r.Views, r.Screenshot, r.Under = "", nil, nil, nil
	r.Finding.GoneAt = reported.Add(time.Hour)
	r.Finding.Hash, r.Finding.Charset = strings.Repeat("d", 64), "gb18030"
	r.Finding.PageNow = store.PageState{Hash: strings.Repeat("e", 64), Status: 203, At: reported.Add(2 * time.Hour)}
	r.Finding.Changes = []qianshao.Change{
		{At: reported, State: qianshao.StateOpen, Cause: qianshao.CauseCategory, From: qianshao.Gambling, To: qianshao.Fraud},
		{At: r.Finding.GoneAt, State: qianshao.StateGone, Cause: qianshao.CausePage},
	}
	text := written(t, r)
	for _, part := range []string{"内容已消失", "类别已变：由“网络赌博”变为“诈骗”", "2026-11-25 17:00:00 起已不再见到", `data-n="2"><code>&lt;i&gt;前<mark>百</mark>`, "</mark>后", "登记册中已没有授权“<code>a</code>”"} {
		if !strings.Contains(text, part) {
			t.Errorf("the report has no %q", part)
		}
	}
	found, now, _ := strings.Cut(text, "网页现状")
	if !strings.Contains(found, strings.Repeat("d", 64)) || !strings.Contains(found, "gb18030") || strings.Contains(found, strings.Repeat("e", 64)) {
		t.Error("what was found has not its own hash and charset")
	}
	for _, part := range []string{strings.Repeat("e", 64), "203", "2026-11-25 18:00:00"} {
		if !strings.Contains(now, part) {
			t.Errorf("the page's present state has no %q", part)
		}
	}
	if strings.Contains(text, "网页截图") {
		t.Error("there is a screenshot")
	}
}

func TestReportJSON(t *testing.T) {
	var b bytes.Buffer
	r := aReport()
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got api.Finding
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got.ID != r.Finding.ID || got.Under == nil || len(got.Evidence) != 2 {
		t.Errorf("%v in %s", err, b.String())
	}
}
