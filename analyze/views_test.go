package analyze_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/explain"
	"github.com/qianshao/qianshao/locales"
)

func seen(v qianshao.View, body string) qianshao.Page {
	p := html(body)
	p.View = v
	return p
}

func withOthers(p qianshao.Page, others ...qianshao.Page) qianshao.Page {
	p.Others = others
	return p
}

func TestCloakedContentIsAFindingWithBothVersions(t *testing.T) {
	const head = `<title>示范中学</title><h1>校园新闻</h1>`
	page := withOthers(html(head+`<p>校运会顺利闭幕</p>`), seen(qianshao.ViewSearchVisitor, head+"\n"+`<p>线上赌场 百家乐开户</p>`))
	doc, got := small(t).Assess(page)
	if len(got.Findings) != 1 || !got.Flagged() || got.Category != qianshao.Gambling {
		t.Fatalf("%+v", got)
	}
	f := got.Findings[0]
	if f.ID != qianshao.FindingID(page.URL, "gambling") || f.URL != page.URL {
		t.Errorf("finding %+v", f)
	}
	other := got.Views[qianshao.ViewSearchVisitor]
	if other == nil || len(got.Views) != 1 {
		t.Fatalf("views %v", got.Views)
	}
	for _, e := range f.Evidence {
		if e.View != qianshao.ViewSearchVisitor || other.Source[e.Span.Start:e.Span.End] != e.Text || e.Line != 2 {
			t.Errorf("evidence %+v", e)
		}
	}
	if f.PlainVersion == nil || f.PlainVersion.Text != "校运会顺利闭幕" || doc.Source[f.PlainVersion.Span.Start:f.PlainVersion.Span.End] != f.PlainVersion.Text {
		t.Errorf("instead %+v", f.PlainVersion)
	}
	if !strings.Contains(fmt.Sprint(f.Breakdown), "cloaked") || f.Score <= 62 {
		t.Errorf("breakdown %+v", f.Breakdown)
	}
}

func TestWhatOtherViewsProve(t *testing.T) {
	const casino = `<p>线上赌场 百家乐</p>`
	visitor, crawler, browser := qianshao.ViewSearchVisitor, qianshao.ViewSearchCrawler, qianshao.ViewBrowser
	for _, test := range []struct {
		name    string
		page    qianshao.Page
		reasons string // of the breakdowns
		views   int
	}{
		{"nothing new", withOthers(html("<p>新闻</p>"), seen(visitor, "<p>新闻</p>")), "", 0},
		{"something harmless", withOthers(html("<p>新闻</p>"), seen(visitor, "<p>欢迎从搜索引擎来访</p>")), "", 0},
		{"the same crime for all", withOthers(html(casino), seen(visitor, casino)), "rule_level specific", 0},
		{"other banners on a casino's page", withOthers(html(casino), seen(visitor, casino+"<p>老虎机 娱乐城</p>")), "rule_level specific", 0},
		{"for search visitors", withOthers(html("<p>新闻</p>"), seen(visitor, casino)), "rule_level specific cloaked", 1},
		{"for both", withOthers(html("<p>新闻</p>"), seen(visitor, casino), seen(crawler, casino)), "rule_level specific cloaked", 1},
		{"on a police site", withOthers(html("<p>警方提醒：注意天气</p>"), seen(visitor, "<p>警方提醒：注意天气</p>"+casino)), "rule_level specific cloaked", 1},
		{"a police notice", withOthers(html("<p>新闻</p>"), seen(visitor, "<p>警方提醒：线上赌场、百家乐都是骗局</p>")), "rule_level specific awareness cloaked", 1},
		{"what rotates", withOthers(html("<p>新闻</p>"), seen(visitor, casino), seen("", casino)), "", 0},
		{"out of its comment", withOthers(html("<p>新闻</p>"), seen(visitor, "<p>新闻</p>"+casino)), "rule_level specific cloaked", 1},
		{"made by script", withOthers(html("<div id=app></div>"), seen(browser, "<div id=app>"+casino+"</div>")), "rule_level specific", 1},
		{"a notice made by script", withOthers(html("<div></div>"), seen(browser, "<p>警方提醒：线上赌场都是骗局</p>")), "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, got := small(t).Assess(test.page)
			var reasons []string
			for _, f := range got.Findings {
				for _, p := range f.Breakdown {
					reasons = append(reasons, p.Reason)
					inChinese(t, p)
				}
			}
			if s := strings.Join(reasons, " "); s != test.reasons || len(got.Views) != test.views {
				t.Errorf("reasons %q, want %q; %d views, want %d", s, test.reasons, len(got.Views), test.views)
			}
		})
	}
}

// TestDynamicPagesAreNotCloaking: real front pages change at every visit; their views differ, and
// nothing is found.
func TestDynamicPagesAreNotCloaking(t *testing.T) {
	visit := func(n int) string {
		items := []string{"市民中心新增自助办税窗口", "警方破获一起跨境网络赌博案", "周末多云转晴气温回升", "双色球开奖号码公布", "反诈宣传走进社区"}
		var list, ads strings.Builder
		for i := range items {
			fmt.Fprintf(&list, `<li><a href="/n/%d.html?s=%x">%s</a> %d-%02d</li>`, 100+(i+n)%5, n*7919+123456789, items[(i+n)%5], 2026, 1+n)
		}
		for _, ad := range []string{"家装节全场八折起", "新车试驾有礼", "英语培训免费试听"}[n%3:] {
			fmt.Fprintf(&ads, `<div class=ad>%s</div>`, ad)
		}
		return fmt.Sprintf(`<title>青禾新闻网</title><p>今天是 2026 年 %d 月 %d 日，在线 %d 人</p><ul>%s</ul>%s<input type=hidden name=csrf value="%032x">`,
			1+n, 2+n, 1000*n+7, &list, &ads, 0xabcdef0123+n)
	}
	a := shipped(t)
	for n := range 6 {
		_, got := a.Assess(withOthers(html(visit(n)), seen(qianshao.ViewSearchVisitor, visit(n+1)), seen(qianshao.ViewSearchCrawler, visit(n+2))))
		if got.Flagged() || len(got.Views) > 0 {
			t.Errorf("visit %d: %+v", n, got.Findings)
		}
	}
}

func TestLedAwayByShippedRules(t *testing.T) {
	a := shipped(t)
	for url, want := range map[string]bool{
		"https://www.bet365-yulecheng.example/reg?agent=8866": true,
		"https://aomenduchang.example/":                       true,
		"https://www.88caipiao.example/":                      true,
		"https://sso.city.example/login?next=%2F":             false,
		"https://m.baidu.example/s?word=天气":                   false,
		"https://www.12306.example/index/":                    false,
	} {
		other := qianshao.Page{View: qianshao.ViewSearchVisitor, Status: 302, URL: url}
		_, got := a.Assess(withOthers(html("<title>示范中学</title><p>校园新闻</p>"), other))
		if got.Flagged() != want {
			t.Errorf("%s: flagged %t, want %t: %+v", url, got.Flagged(), want, got.Findings)
		}
		for _, f := range got.Findings {
			if last := f.Breakdown[len(f.Breakdown)-1]; explain.Detail(locales.Chinese, last) != "只有从搜索引擎来的访客会被重定向" {
				t.Errorf("%s: %+v in Chinese: %s", url, last, explain.Detail(locales.Chinese, last))
			}
		}
	}
}

// TestHostileViews: a view with casino terms is a finding beside any plain page, unless plain
// visitors get it too. Broken views neither add to nor take from the plain page's finding, and
// strange redirects are not findings.
func TestHostileViews(t *testing.T) {
	a := small(t)
	casino := "<p>线上赌场</p>"
	for _, body := range []string{"", "\x00\xff", "<", strings.Repeat("<div>", 2000), strings.Repeat("a", 1<<16), "%PDF-1.4"} {
		for _, v := range []qianshao.View{qianshao.ViewVisitor, qianshao.ViewSearchVisitor, qianshao.ViewBrowser, "unheard-of"} {
			_, got := a.Assess(withOthers(html(body), seen(v, casino)))
			if want := v != qianshao.ViewVisitor; got.Flagged() != want || (got.Views[v] != nil) != want {
				t.Errorf("%.10q, casino for %q: flagged %t with views %v, want %t", body, v, got.Flagged(), got.Views, want)
			}
			_, got = a.Assess(withOthers(html(casino), seen(v, body)))
			if len(got.Findings) != 1 || !got.Flagged() || len(got.Views) > 0 || got.Findings[0].Evidence[0].View != qianshao.ViewVisitor {
				t.Errorf("casino, %.10q for %q: %+v with views %v", body, v, got.Findings, got.Views)
			}
			away := qianshao.Page{View: v, Status: 302, URL: "\xff" + body}
			if _, got = a.Assess(withOthers(html(body), away)); len(got.Findings) > 0 || len(got.Views) > 0 {
				t.Errorf("%.10q, redirect for %q: %+v", body, v, got.Findings)
			}
		}
	}
}
