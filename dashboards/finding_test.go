package dashboards

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/dashboards/console"
	"github.com/qianshao/qianshao/desk"
)

const glimpsedSource = `<!doctype html><title>校园新闻</title><style>.x{display:none}</style>
<h2>春季<b>运动会</b></h2><p>高一年级<i>夺冠</i></p>
<div class="x">新用户<a href="/x">注册` + "\u200b" + `送彩金</a>加微信</div><script>var s="注册送"</script>
<p>联系&lt;script&gt;alert(1)&lt;/script&gt;老师</p>`

// wholeOutpost returns an outpost with three findings of one campaign: two that everybody may see,
// and one of another owner. It has a desk, a rule with explanations, and sources that can be
// parsed.
func wholeOutpost(t *testing.T) (o *outpost, id, other string, d *desk.Desk) {
	t.Helper()
	o = newOutpost(t, func(o *Options) {
		o.Understand = func(url, source string) *qianshao.Document {
			x := analyze.Extraction{Page: qianshao.Page{URL: url, ContentType: "text/html; charset=utf-8", Body: []byte(source)}}
			return x.Document()
		}
		o.Rule = func(id string) (console.RuleTexts, bool) {
			return console.RuleTexts{
				Title: "线上赌场推广", Description: `推广<img src=x onerror=alert(1)>赌场`, Laws: []string{"刑法第三百零三条"}, Mistaken: []string{"警方通报"},
			}, id == "gambling-casino-promotion"
		}

	})
	f := casino(glimpsedSource)
	f.Evidence[0].Path, f.Level, f.Score = "body > div > a", qianshao.LevelCritical, 90 // "not a crime" on a critical finding needs a second review
	for i, host := range []string{"school.example", "clinic.example", "theirs.example"} {
		page := qianshao.Page{URL: "http://" + host + "/news", Status: 200, Authorisation: []string{"mine", "mine", "theirs"}[i], Body: []byte(glimpsedSource)}
		page.FetchedAt = testNow.AddDate(0, 0, i-3)
		o.save(t, page, "校园新闻", glimpsedSource, f)
	}
	d = o.withDesk(t)
	var err error
	if o.handler, err = New(o.options); err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"school.example", "clinic.example", "theirs.example"} {
		o.indexPage(t, "http://"+host+"/news")
	}
	return o, qianshao.FindingID("http://school.example/news", f.Rule), qianshao.FindingID("http://clinic.example/news", f.Rule), d
}

func markupOf(t *testing.T, body string) *goquery.Document {
	t.Helper()
	markup, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return markup
}

// texts returns the texts of the elements that a selector finds, each in one line.
func texts(markup *goquery.Document, selector string) (list []string) {
	markup.Find(selector).Each(func(_ int, s *goquery.Selection) {
		list = append(list, strings.Join(strings.Fields(s.Text()), " "))
	})
	return list
}

// TestGlimpse: a place is shown as visitors see it, without the text that is hidden from them, and
// says how that was hidden.
func TestGlimpse(t *testing.T) {
	t.Parallel()
	o, id, _, _ := wholeOutpost(t)
	code, body, _ := o.get(t, "/findings/"+id+"?lang=en")
	if code != http.StatusOK {
		t.Fatalf("%d: %s", code, body)
	}
	markup := markupOf(t, body)
	got := texts(markup, ".glimpse p")
	want := []string{"春季运动会", "高一年级夺冠", "The evidence is here, 13 characters that visitors do not see: display: none", "联系<script>alert(1)</script>老师"}
	if !slices.Equal(got, want) {
		t.Errorf("visitors see %q, want %q", got, want)
	}
	contains(t, body, "The style tells browsers not to show it at all.")
	contains(t, body, "What the rule looks for", "推广&lt;img src=x onerror=alert(1)&gt;赌场", "刑法第三百零三条", "警方通报", "The rule “线上赌场推广” found 1 term")
}

// TestRulesBeside: the other rules that fired are named by their titles, and link to their
// findings.
func TestRulesBeside(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, nil)
	source := "<body><p>注册送彩金</p></body>"
	p := qianshao.Page{URL: "http://mine.example/also", Authorisation: "mine", FetchedAt: testNow, Status: http.StatusOK}
	o.save(t, p, "标题", source, qianshao.Finding{
		Rule: "rule-one", Title: "规则", Category: qianshao.Gambling, Level: qianshao.LevelHigh, Score: 70,
		Also:     []qianshao.OtherRule{{Rule: "rule-two", Title: "<b>另一规则", Level: qianshao.LevelMedium, Score: 45}},
		Evidence: []qianshao.Evidence{{Block: "b", Term: "彩金", Text: "彩金", Region: qianshao.RegionText, Span: qianshao.Span{Start: 18, End: 24}, Line: 1, Column: 13}},
	})
	_, body, _ := o.get(t, "/findings/"+qianshao.FindingID(p.URL, "rule-one"))
	link := markupOf(t, body).Find(`.score a[href="/search?q=rule%3Arule-two"]`)
	if got := link.Text(); got != "<b>另一规则" {
		t.Errorf("the other rule is %q", got)
	}
}

// TestFindingAndItsKin: the page shows similar findings, as far as the account may see them, and
// the finding's whole history in one list.
func TestFindingAndItsKin(t *testing.T) {
	t.Parallel()
	o, id, other, d := wholeOutpost(t)
	ann := o.join(t, limited("ann", qianshao.RoleAnalyst, "mine"))
	body := ann.ask("GET", "/findings/"+id+"?lang=en", "").Body.String()
	markup := markupOf(t, body)
	if got := texts(markup, ".kin .sum"); len(got) == 0 || !strings.HasPrefix(got[0], "2 findings on 2 sites") {
		t.Errorf("the campaign is %q for who sees two of three findings", got)
	}
	if hrefs := markup.Find(`.kin a[href^="/findings/` + other + `?"]`).Length(); hrefs == 0 || strings.Contains(body, "theirs[.]example") {
		t.Errorf("the other member is linked %d times; another owner's must not be named:\n%s", hrefs, body)
	}
	if got := texts(markup, ".indicators a"); len(got) != 2 || got[0] != "1 other finding" {
		t.Errorf("other appearances: %q", got)
	}
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: id}
	view, err := d.Look(t.Context(), ann.account, subject)
	if err != nil {
		t.Fatal(err)
	}
	note := desk.Draft{Subject: subject, Kind: qianshao.ActNote, Seen: view.Seen, Detail: desk.Detail{Words: "<b>看过</b>"}}
	if _, err := d.Do(t.Context(), ann.account, note); err != nil {
		t.Fatal(err)
	}
	verdict := desk.Draft{Subject: subject, Kind: qianshao.ActDecide, Seen: view.Seen, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked}
	if _, err := d.Do(t.Context(), ann.account, verdict); err != nil {
		t.Fatal(err)
	}
	markup = markupOf(t, ann.ask("GET", "/findings/"+id+"?lang=en", "").Body.String())
	past := texts(markup, ".past li span")
	want := []string{"ann · Decided: Crime: Hacked site", "ann · Note added <b>看过</b>", "Found for the first time"}
	slices.Sort(past)
	slices.Sort(want)
	if !slices.Equal(past, want) {
		t.Errorf("the history is %q, want %q", past, want)
	}
	if markup.Find("main.split > aside.decision").Length() != 1 {
		t.Error("the panel is not beside the finding")
	}
}

// TestFindingIsBlind: an account that may give the second review is not told the decision on the
// finding's page, in its list, its facets or its search. The decision's author sees it on the page.
func TestFindingIsBlind(t *testing.T) {
	t.Parallel()
	o, id, _, _ := wholeOutpost(t)
	first, second := o.join(t, limited("first", qianshao.RoleAnalyst, "mine")), o.join(t, limited("second", qianshao.RoleAnalyst, "mine"))
	look := decode[reviewed](t, first.ask("GET", "/api/v1/findings/"+id, "").Body.String())
	w := first.ask("POST", "/api/v1/acts", fmt.Sprintf(`{"subject": "finding:%s", "kind": "decide", "basis": 0, "seen": "%s", "verdict": "not_crime", "reason": "lawful"}`, id, look.Seen))
	if w.Code != http.StatusCreated {
		t.Fatal(w.Body)
	}
	o.indexPage(t, "http://school.example/news")
	for _, page := range []string{"/findings/" + id, "/search?q=", "/search?q=verdict:not_crime", "/search?q=verdict:review"} {
		body := second.ask("GET", page+"&lang=en", "").Body.String()
		if strings.Contains(page, "findings") {
			body = second.ask("GET", page+"?lang=en", "").Body.String()
			contains(t, body, "their answer is not shown before you have reviewed it")
		}
		for _, kept := range []string{"Not a crime: Lawful trade", "Decided: Not a crime", "Decided: "} {
			if strings.Contains(body, kept) {
				t.Errorf("%s tells %q", page, kept)
			}
		}
	}
	if body := second.ask("GET", "/search?q=verdict:not_crime&lang=en", "").Body.String(); strings.Contains(body, id) {
		t.Error("the answer is found")
	}
	contains(t, second.ask("GET", "/search?q=verdict:review&lang=en", "").Body.String(), id)
	contains(t, first.ask("GET", "/findings/"+id+"?lang=en", "").Body.String(), "Decided: Not a crime: Lawful trade")
}

// TestFindingLeadsBack: a finding opened from the queue links back to the list with its filter and
// item, one opened from a campaign or a search links back to these, and no made-up address can lead
// out of the console.
func TestFindingLeadsBack(t *testing.T) {
	t.Parallel()
	o, ids := queueOutpost(t, threeFindings()...)
	me := o.join(t, analyst("me"))
	campaign := o.campaignOf(t, ids[1])
	back := func(target string) (href, text string) {
		t.Helper()
		link := me.open(t, target, 200).Find(".crumb a").First()
		return link.AttrOr("href", ""), link.Text()
	}
	place := "/?at=campaign%3A" + campaign + "&list=all&q=category%3Afraud"
	opened := me.open(t, "/?list=all&q=category%3Afraud", 200).Find(`.item a[data-key="o"]`).AttrOr("href", "")
	if href, text := back(opened); href != place || text != "← 返回待办" {
		t.Errorf("%s leads back to %q %q, not to %s", opened, href, text, place)
	}
	for page, want := range map[string]string{"/campaigns/" + campaign: "← 返回团伙", "/search?q=category%3Afraud": "← 返回检索"} {
		opened := me.open(t, page, 200).Find(`main a[href^="/findings/`+ids[1]+`?"]`).First().AttrOr("href", "")
		if href, text := back(opened); href != page || text != want {
			t.Errorf("%s leads back to %q %q, not to %s", opened, href, text, page)
		}
	}
	for _, from := range []string{"", "//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/logout"} {
		if href, _ := back("/findings/" + ids[1] + "?from=" + url.QueryEscape(from)); href != "/" {
			t.Errorf("from %q leads back to %q", from, href)
		}
	}
}
