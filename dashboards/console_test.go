package dashboards

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/console"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/index/bleveindex"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
	"github.com/qianshao/qianshao/store/sqlstore"
)

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// outpost is a console over a real store and a real index.
type outpost struct {
	store   *sqlstore.Store
	index   *bleveindex.Index
	options Options
	handler http.Handler
	// accounts are the accounts of the store, and visitor is an administrator who has signed in.
	accounts *auth.Accounts
	visitor  visitor
	// reviewAll makes every decision require a second review.
	reviewAll bool
	// changes counts how often the crawl was notified that the register has changed.
	changes int
}

func newOutpost(t *testing.T, change func(*Options)) *outpost {
	t.Helper()
	o := &outpost{options: Options{
		Holder: "own", Registry: metrics.New().Registry(), Version: "v0-test", Now: func() time.Time { return testNow },
	}}
	if change != nil {
		change(&o.options)
	}
	dir := sqlitetest.Folder(t)
	s, err := sqlstore.New(sqlite.Open(t.Context(), filepath.Join(dir, "qianshao.db")))
	if err != nil {
		t.Fatal(err)
	}
	ix, err := bleveindex.Open(filepath.Join(dir, "index"), bleveindex.Options{Fold: fold.String, Zone: o.options.Zone})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = ix.Close(), s.Close() })
	o.store, o.index, o.options.Store, o.options.Index = s, ix, s, ix
	if o.handler, err = New(o.options); err != nil {
		t.Fatal(err)
	}
	o.accounts = auth.NewAccounts(s, o.options.Now)
	o.visitor = o.newVisitor(t, qianshao.Account{Name: "root", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()})
	return o
}

// save stores and indexes a page with the findings.
func (o *outpost) save(t *testing.T, page qianshao.Page, title, source string, findings ...qianshao.Finding) {
	t.Helper()
	doc := &qianshao.Document{Charset: "utf-8", Source: source, Title: title, Regions: []qianshao.Region{
		{Kind: qianshao.RegionTitle, Text: title}, {Kind: qianshao.RegionText, Text: source},
	}}
	if page.FetchedAt.IsZero() {
		page.FetchedAt = testNow.Add(-2 * time.Hour)
	}
	a := qianshao.Assessment{Category: findings[0].Category, Level: findings[0].Level, Score: findings[0].Score}
	for _, f := range findings {
		f.URL, f.Authorisation = page.URL, page.Authorisation
		f.ID, f.Seen = qianshao.FindingID(f.URL, f.Rule), desk.Seen(f.Evidence, fold.String)
		a.Findings = append(a.Findings, f)
		a.Categories = append(a.Categories, f.Category)
	}
	if _, err := o.store.SavePage(context.Background(), store.Save{Page: page, Document: doc, Assessment: a}); err != nil {
		t.Fatal(err)
	}
	o.indexPage(t, page.URL)
}

// indexPage passes the findings of a page to the index.
func (o *outpost) indexPage(t testing.TB, url string) {
	t.Helper()
	records, err := o.store.FindingsOfPage(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.store.AddReviews(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	if err := o.index.Put(t.Context(), records, 0); err != nil {
		t.Fatal(err)
	}
}

func casino(source string) qianshao.Finding {
	at := strings.Index(source, "注册")
	return qianshao.Finding{
		Rule: "gambling-casino-promotion", Title: "线上赌场推广", Category: qianshao.Gambling,
		Level: qianshao.LevelHigh, Score: 75, Hidden: true,
		Breakdown: []qianshao.ScorePart{
			{Reason: "rule_level", Detail: "rule level high", Points: 62},
			{Reason: "hidden", Detail: "evidence concealed from visitors: display-none", Points: 18},
			{Reason: "awareness", Detail: "警方通报", Points: -5},
		},
		Evidence: []qianshao.Evidence{{
			Block: "offer", Term: "注册送", Text: source[at : at+len("注册\u200b送")], Steps: []string{"invisible"},
			Region: qianshao.RegionAnchor, Hidden: qianshao.HidingDisplayNone, Path: "body > a",
			Span: qianshao.Span{Start: at, End: at + len("注册\u200b送")}, Line: 2, Column: 30,
			Before: "新用户", After: "彩金",
		}},
		Indicators: []qianshao.Indicator{
			{Kind: qianshao.IndicatorWeChat, Value: "kaihu888", Text: "ｋaihu888", Line: 2, Column: 44},
			{Kind: qianshao.IndicatorURL, Value: "http://casino.example/reg", Text: "http://casino.example/reg", Line: 2, Column: 9},
		},
	}
}

const casinoSource = "<html><body>\n<a style=\"display:none\">新用户注册\u200b送彩金</a>\n</body></html>"

func (o *outpost) get(t *testing.T, target string, header ...string) (int, string, http.Header) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8740"+target, nil)
	setHeader(r, header)
	w := o.serve(r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body), w.Result().Header
}

// contains looks for the parts in the markup as a browser parses it.
func contains(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(body, part) && !strings.Contains(html.UnescapeString(body), part) {
			t.Errorf("the answer lacks %q", part)
			t.Logf("%.60000s", body)
		}
	}
}

func TestSearchPage(t *testing.T) {
	o := newOutpost(t, nil)
	page := qianshao.Page{URL: "http://school.example/news", Status: 200, Authorisation: "school-2026"}
	second := casino(casinoSource)
	second.Rule, second.Title, second.Score, second.Level = "gambling-lottery", "私彩招揽", 45, qianshao.LevelMedium
	o.save(t, page, "春季运动会", casinoSource, casino(casinoSource), second)

	code, body, header := o.get(t, "/search?lang=zh")
	if code != 200 || header.Get("Cache-Control") != "no-store" {
		t.Fatalf("status %d, Cache-Control %q", code, header.Get("Cache-Control"))
	}
	contains(t, body, `<html lang="zh-CN">`, "共 2 条发现", "春季运动会", "hxxp://school[.]example/news", "本页 2 条发现",
		"线上赌场推广", "私彩招揽", "网络赌博", "有隐藏内容", "2 小时前",
		`新用户<mark>注册</mark><span class="sign" title="U+200B">ZWSP</span><mark>送</mark>彩金`)
	if n := strings.Count(body, "春季运动会"); n != 1 {
		t.Errorf("the page's title stands %d times, want once above its findings", n)
	}
	contains(t, body, `href="/search?q=category%3Agambling"`, `href="/search?q=level%3Ahigh"`, `href="/search?q=host%3Aschool.example"`,
		`href="/search?q=rule%3Agambling-lottery"`, `href="/search?q=seen%3A2026-11-23"`)

	_, body, _ = o.get(t, "/search?lang=en&q="+url.QueryEscape("category:gambling level:>=high"))
	contains(t, body, `<html lang="en">`, "1 finding ", "Concealed", "2 hours ago",
		`href="/search?q=level%3A%3E%3Dhigh" class="on"`,                       // the active facet removes its clause
		`href="/search?q=category%3Agambling+level%3A%3E%3Dhigh+level%3Ahigh"`, // another one adds its own
		`aria-label="Remove category:gambling"`)
}

func TestQueryError(t *testing.T) {
	o := newOutpost(t, nil)
	code, body, _ := o.get(t, "/search?lang=en&q="+url.QueryEscape("level:>=high category:<b>"))
	if code != http.StatusBadRequest {
		t.Errorf("status %d, want 400", code)
	}
	contains(t, body, "The query cannot be read", `<span class="at">`, "character ")
	code, body, _ = o.get(t, "/search?lang=zh&q="+url.QueryEscape("(澳门"))
	if code != http.StatusBadRequest {
		t.Errorf("status %d, want 400", code)
	}
	contains(t, body, "检索式有误", `<span class="at">`)
	_, body, _ = o.get(t, "/search?lang=zh&q="+url.QueryEscape("类别:赌傅"))
	contains(t, body, "第 4 个字符", "是不是要写“赌博”？")
	if code, _, _ = o.get(t, "/search?q="+strings.Repeat("%E6%BE%B3", 5000)); code != http.StatusBadRequest {
		t.Errorf("an endless query: status %d, want 400", code)
	}
}

// TestSearchAsPeopleType: the words of a query shape the page: its order, its marks, rules found by
// their titles, and other readings that may have been meant.
func TestSearchAsPeopleType(t *testing.T) {
	o := newOutpost(t, func(o *Options) {
		o.Fold = fold.String
		o.Rule = func(id string) (console.RuleTexts, bool) {
			return console.RuleTexts{Title: "彩票<私彩>"}, id == "gambling-lottery"
		}
	})
	lottery := casino(casinoSource)
	lottery.Rule, lottery.Score = "gambling-lottery", 90
	second := lottery.Evidence[0]
	second.Before, second.Text, second.After = "本站", "时时彩", "開獎"
	lottery.Evidence = append(lottery.Evidence, second)
	o.save(t, qianshao.Page{URL: "http://old.example/", FetchedAt: testNow.Add(-50 * time.Hour)}, "春季\u202e运动会", casinoSource, lottery)
	o.save(t, qianshao.Page{URL: "http://new.example/"}, "注册送彩金", casinoSource, casino(casinoSource))
	// 19:00 UTC on the 22nd is the 23rd in Shanghai.
	o.save(t, qianshao.Page{URL: "http://night.example/", FetchedAt: testNow.Add(-17 * time.Hour)}, "夜", casinoSource, casino(casinoSource))

	for _, query := range []string{"类别:赌博", "hxxp://old[.]example/ OR host:new.example,night.example", "微信:KAIHU888", "casino.example"} {
		_, body, _ := o.get(t, "/search?lang=zh&q="+url.QueryEscape(query))
		contains(t, body, "共 3 条发现")
	}
	_, body, _ := o.get(t, "/search?lang=zh&q="+url.QueryEscape("最近:2026/11/23"))
	contains(t, body, "共 2 条发现")
	contains(t, body, `<a href="/search" class="on" aria-current="true">`, "2026-11-23 · 2", "new[.]example", "night[.]example")

	first := func(body string) string {
		at := strings.Index(body, `<p class="url"><bdi>`)
		return body[at+len(`<p class="url"><bdi>`):][:len("hxxp://new")]
	}
	_, body, _ = o.get(t, "/search?lang=en&q=category:gambling")
	if got := first(body); got != "hxxp://new" {
		t.Errorf("the newest first: %s", got)
	}
	contains(t, body, `<a href="/search?q=category%3Agambling&sort=score">Score</a>`, `<a href="/search?q=category%3Agambling" aria-current="true">Last seen</a>`,
		`title="gambling-lottery">彩票&lt;私彩&gt;</bdi>`, "gambling-casino-promotion</bdi>")
	_, body, _ = o.get(t, "/search?lang=en&q=category:gambling&sort=score")
	if got := first(body); got != "hxxp://old" {
		t.Errorf("the highest score first: %s", got)
	}
	contains(t, body, `<input type="hidden" name="sort" value="score">`, `href="/search?q=category%3Agambling+level%3Ahigh&sort=score"`, "q=category%3Agambling&sort=score")
	if code, _, _ := o.get(t, "/search?sort=nonsense"); code != 200 {
		t.Errorf("an order that there is not: status %d, want 200", code)
	}

	_, body, _ = o.get(t, "/search?lang=zh&q="+url.QueryEscape("注册送"))
	contains(t, body, "<h2><bdi><mark>注册送</mark>彩金</bdi></h2>", `新用户<mark>注册</mark><span class="sign" title="U+200B">ZWSP</span><mark>送</mark>彩金`)
	// Words are found in evidence that is not the primary one, however they are written.
	_, body, _ = o.get(t, "/search?lang=zh&q="+url.QueryEscape("开奖 OR host:old.example"))
	contains(t, body, "本站时时彩<mark>開獎</mark>")
	_, body, _ = o.get(t, "/search?lang=zh&q="+url.QueryEscape("注册送 or 运动会"))
	contains(t, body, "您是不是要找", `href="/search?q=`+url.QueryEscape("注册送 OR 运动会")+`"`, "运算符请写大写的")
}

// TestZone: page, facet and query agree on the day, and the page names its time zone.
func TestZone(t *testing.T) {
	newYork, err := qianshao.ParseZone("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	o := newOutpost(t, func(o *Options) { o.Zone = newYork })
	// 03:00 UTC on the 23rd is 22:00 on the 22nd.
	o.save(t, qianshao.Page{URL: "http://a.example/", FetchedAt: testNow.Add(-9 * time.Hour)}, "t", casinoSource, casino(casinoSource))
	_, body, _ := o.get(t, "/search?lang=en&q="+url.QueryEscape("seen:2026-11-22 seen:yesterday"))
	contains(t, body, "1 finding ", "Times are in America/New_York.", "Last seen <small>America/New_York</small>", "2026-11-22 · 1",
		`title="Last seen 2026-11-22 22:00:00"`, `datetime="2026-11-23T03:00:00Z"`)
	_, body, _ = o.get(t, "/search?lang=en&q=seen:today")
	contains(t, body, "0 findings")
}

// TestDayAhead: a finding dated in the future, by a clock that was ahead, does not push the other
// days out of the histogram, and can be found by its own day.
func TestDayAhead(t *testing.T) {
	o := newOutpost(t, nil)
	o.save(t, qianshao.Page{URL: "http://a.example/", FetchedAt: testNow.AddDate(1, 0, 0)}, "t", casinoSource, casino(casinoSource))
	o.save(t, qianshao.Page{URL: "http://b.example/", FetchedAt: testNow}, "t", casinoSource, casino(casinoSource))
	_, body, _ := o.get(t, "/search?lang=en")
	contains(t, body, "2 findings", "<title>2026-11-23 · 1</title>", "seen%3A2026-11-23", "seen%3A2027-11-23")
}

func TestEmptyStates(t *testing.T) {
	o := newOutpost(t, nil)
	_, body, _ := o.get(t, "/search?lang=en")
	contains(t, body, "No findings yet", "qianshao scope add scope.yaml", "qianshao demo")
	o.save(t, qianshao.Page{URL: "http://a.example/"}, "t", casinoSource, casino(casinoSource))
	_, body, _ = o.get(t, "/search?lang=en&q=category:gambling+%E4%BA%91%E5%8D%97")
	contains(t, body, "Nothing matches", "Try without one of the clauses", `href="/search?q=category%3Agambling"`)
	_, body, _ = o.get(t, "/search?lang=en&offset=40")
	contains(t, body, "Past the end")
}

func TestPaging(t *testing.T) {
	o := newOutpost(t, nil)
	for i := range 45 {
		o.save(t, qianshao.Page{URL: fmt.Sprintf("http://a.example/%02d", i), FetchedAt: testNow.Add(-time.Duration(i) * time.Hour)},
			fmt.Sprintf("page %02d", i), casinoSource, casino(casinoSource))
	}
	title := regexp.MustCompile(`<h2><bdi>(page \d+)`)
	// read follows the paging links of one kind, and returns the titles on each page.
	read := func(from, rel string) (pages [][]string, last string) {
		link := regexp.MustCompile(`<a rel="` + rel + `" href="([^"]+)"`)
		for last = from; ; {
			code, body, _ := o.get(t, last, "Accept-Language", "en")
			if code != 200 {
				t.Fatalf("%s: status %d", last, code)
			}
			var titles []string
			for _, m := range title.FindAllStringSubmatch(body, -1) {
				titles = append(titles, m[1])
			}
			pages = append(pages, titles)
			m := link.FindStringSubmatch(body)
			if m == nil {
				return pages, last
			}
			last = html.UnescapeString(m[1])
		}
	}
	forwards, last := read("/search?lang=en", "next")
	if len(forwards) != 3 || len(forwards[2]) != 5 || len(slices.Compact(slices.Sorted(slices.Values(slices.Concat(forwards...))))) != 45 {
		t.Errorf("the pages are %v, want 45 findings on 3", forwards)
	}
	backwards, first := read(last, "prev")
	slices.Reverse(backwards)
	if !slices.EqualFunc(forwards, backwards, slices.Equal) || first != "/search" {
		t.Errorf("backwards the pages are %v, the first of them %s; want %v", backwards, first, forwards)
	}
	_, body, _ := o.get(t, last+"&lang=en")
	contains(t, body, "41–45 / 45", "?from="+url.QueryEscape(last)+`"><bdi>`) // links to findings lead back here
	o.save(t, qianshao.Page{URL: "http://a.example/new", FetchedAt: testNow.Add(time.Hour)}, "new", casinoSource, casino(casinoSource))
	_, body, _ = o.get(t, last+"&lang=en")
	contains(t, body, "42–46 / 46", "page 40", "page 44")
	for damaged, says := range map[string]string{last[:len(last)-2] + "&lang=en": "There is no such page", last + "x&lang=zh": "找不到这一页", last + "&sort=score&lang=en": "belongs to another order"} {
		code, body, _ := o.get(t, damaged)
		if code != 400 {
			t.Errorf("%s: status %d, want 400", damaged, code)
		}
		contains(t, body, says)
	}
}

func TestFindingPage(t *testing.T) {
	o := newOutpost(t, nil)
	err := o.store.PutAuthorisations(t.Context(), store.Signed{By: "test"}, []qianshao.Authorisation{{
		ID: "school-2026", Owner: "某市第一中学", Basis: "服务合同 2026-017", Contact: "it@school.example",
		ValidFrom: testNow.AddDate(0, -1, 0), ValidUntil: testNow.AddDate(0, 1, 0), Hosts: []string{"school.example"}, Rate: 1,
	}})
	if err != nil {
		t.Fatal(err)
	}
	page := qianshao.Page{
		URL: "http://school.example/news", RequestedURL: "http://school.example/old", Status: 200,
		Authorisation: "school-2026", Body: []byte(casinoSource),
	}
	o.save(t, page, "春季运动会", casinoSource, casino(casinoSource))
	id := qianshao.FindingID(page.URL, "gambling-casino-promotion")

	code, body, _ := o.get(t, "/findings/"+id+"?lang=zh&from=%2Fsearch%3Foffset%3D20%26q%3Dhidden%253Atrue")
	if code != 200 {
		t.Fatalf("status %d: %s", code, body)
	}
	contains(t, body, "线上赌场推广", "规则级别：高", "证据对访客隐藏：display: none", "警方通报",
		"<td>&#43;62</td>", "<td>&#43;18</td>", "<td>-5</td>", "<td>75</td>",
		"第 2 行第 30 列", "字节 ", "body &gt; a", "去除隐形字符", "链接文字",
		`data-n="2"`, `新用户<mark>注册</mark><span class="sign" title="U+200B">ZWSP</span><mark>送</mark>彩金</a>`,
		"hxxp://school[.]example/old", "某市第一中学", "服务合同 2026-017", "it@school.example", "有效",
		"2026-11-23 18:00:00</time>", "时间均为 UTC+8。", `href="/search?offset=20&amp;q=hidden%3Atrue">← 返回检索`)
	code, body, _ = o.get(t, "/findings/"+id+"?lang=en")
	if code != 200 {
		t.Fatal(code)
	}
	markup, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var indicators []string
	markup.Find("section.indicators li").Each(func(_ int, li *goquery.Selection) {
		indicators = append(indicators, li.Find(".kind").Text()+" "+li.Find("code").Text())
	})
	if diff := cmp.Diff([]string{"WeChat kaihu888", "URL hxxp://casino[.]example/reg"}, indicators); diff != "" {
		t.Errorf("indicators (-want +got):\n%s", diff)
	}
	var links []string
	markup.Find("section.indicators a").Each(func(_ int, a *goquery.Selection) { links = append(links, a.AttrOr("href", "")) })
	if links != nil {
		t.Errorf("an indicator that is nowhere else has links: %v", links)
	}
	contains(t, body, "rule level high", "invisible characters dropped", "redirected", "In force")

	if code, body, _ = o.get(t, "/findings/0123456789abcdef?lang=en"); code != 404 {
		t.Errorf("an unknown finding: status %d, want 404", code)
	}
	contains(t, body, "No such page")
}

func TestRegisterPage(t *testing.T) {
	o := newOutpost(t, nil)
	_, body, _ := o.get(t, "/authorisations?lang=en")
	contains(t, body, "The register is empty", "qianshao scope add")
	day := 24 * time.Hour
	for id, span := range map[string][2]time.Duration{"now": {-day, 36 * time.Hour}, "past": {-9 * day, -day}, "soon": {day, 9 * day}} {
		if err := o.store.PutAuthorisations(t.Context(), store.Signed{By: "test"}, []qianshao.Authorisation{{
			ID: id, Owner: "<b>o</b>", Basis: "b", Contact: "c", ValidFrom: testNow.Add(span[0]), ValidUntil: testNow.Add(span[1]),
			Hosts: []string{"*.a.example"}, Rate: 0.5, Exclude: []string{"/private/"}, AllowPrivate: true,
		}}); err != nil {
			t.Fatal(err)
		}
	}
	_, body, _ = o.get(t, "/authorisations?lang=en")
	contains(t, body, "3 authorisations", "Ends soon", "Expired", "Not yet", "1 day left", "0.5 requests", "*.a.example", "&lt;b&gt;o")
	if strings.Index(body, ">now<") > strings.Index(body, ">past<") {
		t.Error("an expired authorisation stands above the one in force")
	}
}

func TestHelpAndErrors(t *testing.T) {
	o := newOutpost(t, nil)
	for _, l := range []string{"zh", "en"} {
		code, body, _ := o.get(t, "/help?lang="+l)
		if code != 200 {
			t.Fatalf("/help: status %d", code)
		}
		// Every example on the page can be searched.
		for _, m := range regexp.MustCompile(`<a href="(/\?q=[^"]+)"><code>`).FindAllStringSubmatch(body, -1) {
			if code, _, _ := o.get(t, html.UnescapeString(m[1])); code != 200 {
				t.Errorf("the example %s: status %d", m[1], code)
			}
		}
		if key := regexp.MustCompile(`>(help|auth|query|search)\.[a-z.]+<`).FindString(body); key != "" {
			t.Errorf("a message is missing: %s", key)
		}
		for _, f := range index.FieldNames() {
			contains(t, body, "<code>"+string(f)+":")
		}
		for _, c := range qianshao.Categories() {
			contains(t, body, "<code>"+string(c)+"</code>")
		}
	}
	for _, path := range []string{"/nothing", "/findings/", "/static/none.css", "/static/..%2f..%2fgo.mod"} {
		if code, _, _ := o.get(t, path); code != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, code)
		}
	}
	if err := o.store.Close(); err != nil {
		t.Fatal(err)
	}
	code, body, _ := o.get(t, "/authorisations?lang=en")
	if code != http.StatusInternalServerError {
		t.Errorf("with the store closed: status %d, want 500", code)
	}
	contains(t, body, "Something went wrong")
	if strings.Contains(body, "sql") || strings.Contains(body, "q.db") {
		t.Error("the error page shows the inside of the machine")
	}
	if code, _, header := o.get(t, "/healthz"); code != http.StatusServiceUnavailable || header.Get(api.HealthHeader) != api.HealthStore {
		t.Errorf("/healthz with the store closed: status %d, %v, want 503", code, header)
	}
}

func TestHealthAndMetrics(t *testing.T) {
	o := newOutpost(t, nil)
	if code, body, header := o.get(t, "/healthz"); code != 200 || body != "ok\n" || header.Get(api.HealthHeader) != api.HealthOK {
		t.Errorf("/healthz: %d %q %v", code, body, header)
	}
	code, body, _ := o.get(t, "/metrics")
	if code != 200 {
		t.Errorf("/metrics: status %d", code)
	}
	contains(t, body, `qianshao_skips_total{reason="robots_disallowed"} 0`)
	none := newOutpost(t, func(opts *Options) { opts.Registry = nil })
	if code, _, _ := none.get(t, "/metrics"); code != 404 {
		t.Errorf("/metrics without a registry: status %d, want 404", code)
	}
}

func TestAPI(t *testing.T) {
	o := newOutpost(t, nil)
	_, body, _ := o.get(t, "/api/v1/search")
	contains(t, body, `"hits":[]`)
	o.save(t, qianshao.Page{URL: "http://school.example/news", Status: 200}, "春季运动会", casinoSource, casino(casinoSource))
	code, body, header := o.get(t, "/api/v1/search?q="+url.QueryEscape(`"注册送"`))
	if code != 200 || header.Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, type %q", code, header.Get("Content-Type"))
	}
	var results index.Results
	if err := json.Unmarshal([]byte(body), &results); err != nil {
		t.Fatal(err)
	}
	if results.Total != 1 || len(results.Hits) != 1 {
		t.Fatalf("%d hits of %d, want 1", len(results.Hits), results.Total)
	}
	contains(t, body, `"snippet":{"text":"新用户`)
	o.save(t, qianshao.Page{URL: "http://school.example/older", Status: 200, FetchedAt: testNow.Add(-9 * time.Hour)}, "旧闻", casinoSource, casino(casinoSource))
	var second index.Results
	for _, link := range []string{"limit=1", "limit=1&after="} {
		_, body, _ := o.get(t, "/api/v1/search?"+link+string(second.Next))
		second = index.Results{}
		if err := json.Unmarshal([]byte(body), &second); err != nil {
			t.Fatal(err)
		}
	}
	if second.From != 1 || second.Total != 2 || second.Next != "" || second.Hits[0].Title != "旧闻" || second.Prev == "" {
		t.Errorf("the second page is %+v", second)
	}
	_, body, _ = o.get(t, "/api/v1/search?limit=5&before="+string(second.Prev))
	contains(t, body, `"from":0`, "春季运动会")
	_, body, _ = o.get(t, "/api/v1/search?sort=score&q="+url.QueryEscape("注册送 or 运动会"))
	contains(t, body, `"total":0`, `"suggestion":{"query":"注册送 OR 运动会","english":`)
	_, body, _ = o.get(t, "/api/v1/search?q=level:x")
	contains(t, body, `"message":"level has no value`, `"message_zh":"`, "紧急")
	_, body, _ = o.get(t, "/api/v1/findings/"+results.Hits[0].ID)
	contains(t, body, `"rule":"gambling-casino-promotion"`, `"charset":"utf-8"`, `"authorised_by":null`, `"last_seen":"2026-11-23T10:00:00Z"`)

	for _, tc := range []struct {
		path, code string
		status     int
		column     int
	}{
		{"/api/v1/search?q=(", "bad_query", 400, 2},
		{"/api/v1/search?q=level:x", "bad_query", 400, 7},
		{"/api/v1/search?sort=title", "bad_parameter", 400, 0},
		{"/api/v1/search?limit=-1", "bad_parameter", 400, 0},
		{"/api/v1/search?limit=20000", "bad_parameter", 400, 0},
		{"/api/v1/search?offset=9999&limit=2", "bad_parameter", 400, 0},
		{"/api/v1/search?offset=x", "bad_parameter", 400, 0},
		{"/api/v1/search?after=x", "bad_parameter", 400, 0},
		{"/api/v1/search?before=%FF&sort=score", "bad_parameter", 400, 0},
		{"/api/v1/findings/0", "not_found", 404, 0},
		{"/api/v2/x", "not_found", 404, 0},
	} {
		code, body, header := o.get(t, tc.path)
		var got api.Problem
		if err := json.Unmarshal([]byte(body), &got); err != nil || header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: not a problem: %s", tc.path, body)
			continue
		}
		if got.Code != tc.code || got.Status != tc.status || got.Column != tc.column || got.Detail == "" || got.Title == "" {
			t.Errorf("%s: %+v", tc.path, got)
		}
		if former := got.Former; code != tc.status || former.Code != tc.code || former.Column != tc.column || former.Message == "" {
			t.Errorf("%s: %d %+v, want %d %s column %d", tc.path, code, former, tc.status, tc.code, tc.column)
		}
	}
}

func TestLanguage(t *testing.T) {
	o := newOutpost(t, nil)
	for _, tc := range []struct{ target, accept, cookie, want string }{
		{"/help", "", "", "zh-CN"},
		{"/help", "en-GB,en;q=0.9", "", "en"},
		{"/help", "zh-TW,en;q=0.5", "", "zh-CN"},
		{"/help", "fr-FR", "", "en"},
		{"/help", "fr, zh;q=0.3", "", "zh-CN"},
		{"/help", "!!", "", "zh-CN"},
		{"/help", "en", "zh", "zh-CN"},
		{"/help?lang=en", "zh", "zh", "en"},
		{"/help?lang=xx", "en", "", "en"},
	} {
		args := []string{"Accept-Language", tc.accept}
		if tc.cookie != "" {
			args = append(args, "Cookie", "qianshao_lang="+tc.cookie)
		}
		_, body, _ := o.get(t, tc.target, args...)
		if !strings.Contains(body, `<html lang="`+tc.want+`">`) {
			t.Errorf("%+v: another language", tc)
		}
	}
	_, _, header := o.get(t, "/search?lang=en")
	if !strings.Contains(header.Get("Set-Cookie"), "qianshao_lang=en") {
		t.Error("?lang= is not kept in a cookie")
	}
	_, body, _ := o.get(t, "/search?q=hidden%3Atrue&lang=en")
	contains(t, body, `href="/search?lang=zh&amp;q=hidden%3Atrue"`)
}
