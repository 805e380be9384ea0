package dashboards

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/qianshao/qianshao"
)

// savedFinding is a finding to be put into the queue.
type savedFinding struct {
	site, authorisation, text string
	category                  qianshao.Category
	level                     qianshao.Level
	score                     int
	age                       time.Duration
}

// queueOutpost returns an outpost with a desk over the findings, each a campaign of its own, and
// their ids.
func queueOutpost(t *testing.T, list ...savedFinding) (o *outpost, ids []string) {
	t.Helper()
	o = newOutpost(t, nil)
	for _, f := range list {
		source := "<body><p>" + f.text + "</p></body>"
		page := qianshao.Page{URL: "http://" + f.site + ".example/", Authorisation: f.authorisation, FetchedAt: testNow.Add(-f.age), Status: http.StatusOK}
		o.save(t, page, "标题 "+f.site, source, qianshao.Finding{
			Rule: "rule-" + string(f.category), Title: "规则", Category: f.category, Level: f.level, Score: f.score,
			Evidence: []qianshao.Evidence{{Block: "b", Term: f.text, Text: f.text, Region: qianshao.RegionText, Span: qianshao.Span{Start: 9, End: 9 + len(f.text)}, Line: 1, Column: 10}},
		})
		ids = append(ids, qianshao.FindingID(page.URL, "rule-"+string(f.category)))
	}
	o.withDesk(t)
	return o, ids
}

func threeFindings() []savedFinding {
	return []savedFinding{
		{"alpha", "mine", "注册送彩金百家乐", qianshao.Gambling, qianshao.LevelCritical, 90, 3 * time.Hour},
		{"beta", "mine", "代开增值税专用发票", qianshao.Fraud, qianshao.LevelHigh, 70, 2 * time.Hour},
		{"gamma", "theirs", "高价收购银行卡电话卡", qianshao.Fraud, qianshao.LevelMedium, 50, time.Hour},
	}
}

// open requests a page and returns it parsed.
func (p *person) open(t *testing.T, target string, status int) *goquery.Document {
	t.Helper()
	w := p.ask("GET", target, "")
	if w.Code != status {
		t.Fatalf("%s: %d, want %d: %s", target, w.Code, status, w.Body)
	}
	checkMarkup(t, target, w.Body.String())
	return parsed(t, w.Body.String())
}

func parsed(t *testing.T, body string) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// send sends a form of the console.
func (p *person) send(target string, form url.Values) *httptest.ResponseRecorder {
	form.Set("csrf", p.form)
	return p.ask("POST", target, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// labels returns the first lines of the rows.
func labels(doc *goquery.Document) []string {
	return doc.Find(".waiting .one bdi").Map(func(_ int, s *goquery.Selection) string { return s.Text() })
}

func analyst(name string) qianshao.Account {
	return qianshao.Account{Name: name, Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}
}

// TestQueuePage: the queue has one campaign a row, each beginning with its evidence. The first one
// is open, with its evidence and the form for deciding, and each leads to the next.
func TestQueuePage(t *testing.T) {
	t.Parallel()
	o, ids := queueOutpost(t, threeFindings()...)
	me := o.join(t, analyst("me"))
	doc := me.open(t, "/", 200)
	if got := labels(doc); !slices.Equal(got, []string{"注册送彩金百家乐", "代开增值税专用发票", "高价收购银行卡电话卡"}) {
		t.Fatalf("the rows are %q", got)
	}
	row := doc.Find(".waiting a").First().Text()
	for _, want := range []string{"alpha[.]example", "网络赌博", "紧急 90", "3 小时"} {
		if !strings.Contains(row, want) {
			t.Errorf("the row %q lacks %q", row, want)
		}
	}
	if got := doc.Find(".item mark").First().Text(); got != "注册送彩金百家乐" {
		t.Errorf("the evidence marks %q", got)
	}
	if !strings.Contains(doc.Find(".item .url").Text(), "hxxp://alpha[.]example/") || doc.Find("main > .decision").Length() != 1 {
		t.Error("the item lacks its address or its decision")
	}
	if got := doc.Find(`.side a[aria-current]`).Text(); got != "待处理 3" {
		t.Errorf("the sidebar is at %q", got)
	}
	next := func(doc *goquery.Document) *goquery.Document {
		t.Helper()
		href, ok := doc.Find(`a[data-key="j"]`).Attr("href")
		if !ok {
			t.Fatal("no next item")
		}
		return me.open(t, href, 200)
	}
	second := next(doc)
	if got := second.Find(".item mark").First().Text(); got != "代开增值税专用发票" {
		t.Errorf("the next item is %q", got)
	}
	if back, _ := second.Find(`a[data-key="k"]`).Attr("href"); back != doc.Find(".waiting a").First().AttrOr("href", "") {
		t.Errorf("back leads to %q", back)
	}
	third := next(second)
	if third.Find(`a[data-key="j"]`).Length() != 0 || third.Find(".waiting a[aria-current]").Length() != 1 {
		t.Error("the last item has a next one, or is not marked")
	}
	if got := me.open(t, "/?at=finding:"+ids[1], 200).Find(".waiting a[aria-current] .one bdi").Text(); got != "代开增值税专用发票" {
		t.Errorf("a finding is shown at the row %q", got)
	}
	for _, gone := range []string{"campaign:none", "finding:none", "none", "x:y"} {
		if got := me.open(t, "/?at="+gone, 200).Find(".item mark").First().Text(); got != "注册送彩金百家乐" {
			t.Errorf("what is gone is answered by %q", got)
		}
	}
}

// TestQueueSaysWhoLooks: a campaign claimed by somebody else leaves the open list, is skipped on
// the way through it, and says who has claimed it. Reading a page claims nothing.
func TestQueueSaysWhoLooks(t *testing.T) {
	t.Parallel()
	o, ids := queueOutpost(t, threeFindings()...)
	me, other := o.join(t, analyst("me")), o.join(t, analyst("other"))
	me.open(t, "/", 200)
	if doc := other.open(t, "/?list=claimed", 200); len(labels(doc)) != 0 {
		t.Fatal("reading the queue has claimed something")
	}
	for _, id := range ids[:2] {
		if w := other.ask("POST", "/api/v1/acts", `{"subject": "finding:`+id+`", "kind": "claim"}`); w.Code != http.StatusCreated {
			t.Fatalf("claim: %d %s", w.Code, w.Body)
		}
	}
	if got := labels(me.open(t, "/", 200)); !slices.Equal(got, []string{"高价收购银行卡电话卡"}) {
		t.Errorf("open has %q", got)
	}
	if got := labels(me.open(t, "/?list=claimed", 200)); len(got) != 2 {
		t.Errorf("claimed has %q", got)
	}
	doc := me.open(t, "/?list=all", 200)
	if got := doc.Find(".waiting .looks").Text(); strings.Count(got, "other 已认领") != 2 {
		t.Errorf("the rows say %q", got)
	}
	if got := doc.Find(".item mark").First().Text(); got != "高价收购银行卡电话卡" {
		t.Errorf("what is opened is %q", got)
	}
	doc = me.open(t, "/?list=all&at=finding:"+ids[0], 200)
	if !strings.Contains(doc.Find(".item .looks").Text(), "other") || doc.Find("form[data-claim]").Length() != 0 {
		t.Error("an item of somebody else does not say so, or is claimed by looking")
	}
	if href, _ := doc.Find(`a[data-key="j"]`).Attr("href"); href != doc.Find(".waiting a").Eq(2).AttrOr("href", "") {
		t.Errorf("next leads to %q", href)
	}
	doc = other.open(t, "/?at=finding:"+ids[0], 200)
	if doc.Find("form[action='/claims/release'] input[name=subject]").AttrOr("value", "") != "finding:"+ids[0] || doc.Find("form[data-claim]").Length() != 0 {
		t.Error("one's own claim cannot be given back")
	}
	auditor := o.join(t, qianshao.Account{Name: "auditor", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()})
	if auditor.open(t, "/", 200).Find("form[data-claim], .save, form[action*=delete]").Length() != 0 {
		t.Error("an auditor is offered to claim or to save")
	}
}

// TestReviewListAfterTheAnswer: an account that has answered a decision no longer has it in its
// list. A disputed decision waits for those who have not answered, and for leads even if they have.
func TestReviewListAfterTheAnswer(t *testing.T) {
	t.Parallel()
	for reviewer, then := range map[string][]string{"bob": {"cem", "leo"}, "leo": {"bob", "cem", "leo"}} {
		o, ids := queueOutpost(t, threeFindings()[0])
		people := map[string]*person{}
		for name, role := range map[string]qianshao.Role{"ann": qianshao.RoleAnalyst, "bob": qianshao.RoleAnalyst, "cem": qianshao.RoleAnalyst, "leo": qianshao.RoleLead} {
			people[name] = o.join(t, qianshao.Account{Name: name, Role: role, Sight: qianshao.SeeAll()})
		}
		act := func(by, kind, answer string) {
			t.Helper()
			form := people[by].open(t, "/findings/"+ids[0], 200).Find(`form.answer`)
			sent := url.Values{"kind": {kind}, "answer": {answer}}
			for _, name := range []string{"subject", "basis", "seen", "next"} {
				sent.Set(name, form.Find("input[name="+name+"]").AttrOr("value", ""))
			}
			if w := people[by].send("/acts", sent); w.Code != http.StatusSeeOther {
				t.Fatalf("%s, %s: %d %s", by, kind, w.Code, w.Body)
			}
		}
		waits := func(when string, want ...string) {
			t.Helper()
			var got []string
			for name, p := range people {
				doc := p.open(t, "/?list=review", 200)
				if n := len(labels(doc)); fmt.Sprint(n) != doc.Find(".list .sum").Text() {
					t.Errorf("%s: %s has %d rows, and it says %s", when, name, n, doc.Find(".list .sum").Text())
				} else if n > 0 {
					got = append(got, name)
				}
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("%s it waits for %q, not for %q", when, got, want)
			}
		}
		act("ann", "decide", "not_crime/lawful") // the finding is critical, so this needs a second review
		waits("after the decision", "bob", "cem", "leo")
		act(reviewer, "review", "crime/hacked")
		waits("after the answer of "+reviewer, then...)
		act("leo", "adjudicate", "crime/hacked")
		waits("when it is adjudicated")
	}
}

// TestQueueOfTheLimited: a limited account sees only its own rows, numbers and items.
func TestQueueOfTheLimited(t *testing.T) {
	t.Parallel()
	o, ids := queueOutpost(t, threeFindings()...)
	me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	nobody := o.join(t, limited("nobody", qianshao.RoleAnalyst))
	for _, target := range []string{"/", "/?list=all", "/?at=finding:" + ids[2], "/?q=" + url.QueryEscape("银行卡"), "/?q=host:gamma.example", "/?q=authorisation:theirs"} {
		doc := me.open(t, target, 200)
		if text := doc.Find(".waiting, .item").Text(); strings.Contains(text, "gamma") || strings.Contains(text, "高价收购") {
			t.Errorf("%s shows what is under another authorisation", target)
		}
		if doc := nobody.open(t, target, 200); doc.Find(".waiting a, .item mark").Length() != 0 {
			t.Errorf("%s shows something to who sees nothing", target)
		}
	}
	if got := me.open(t, "/", 200).Find(`.side a[aria-current]`).Text(); got != "待处理 2" {
		t.Errorf("the sidebar counts %q", got)
	}
}

// TestQueueFilters: the queue can be filtered by what the counters know, and by what only the index
// knows.
func TestQueueFilters(t *testing.T) {
	t.Parallel()
	o, _ := queueOutpost(t, threeFindings()...)
	me := o.join(t, analyst("me"))
	for query, want := range map[string]int{
		"": 3, "category:fraud": 2, "类别:诈骗 级别:>=高": 1, "level:critical": 1, "level:high": 1, "authorisation:theirs": 1, "authorisation:none": 0,
		"host:beta.example": 1, "发票": 1, "-发票": 2, "category:fraud OR category:gambling": 3, "category:fraud 没有这个": 0, "category:fraud category:gambling": 0,
	} {
		target := "/?q=" + url.QueryEscape(query)
		doc := me.open(t, target, 200)
		if got := len(labels(doc)); got != want || doc.Find(".list .sum").Text() != fmt.Sprint(want) {
			t.Errorf("%q has %d rows and says %s, want %d", query, got, doc.Find(".list .sum").Text(), want)
		}
		if chips := doc.Find(".list .chips a").Length(); query != "" && chips == 0 {
			t.Errorf("%q has no chips", query)
		}
	}
	doc := me.open(t, "/?q="+url.QueryEscape("level:"), 400)
	if doc.Find(".list [role=alert]").Text() == "" || doc.Find("#q").AttrOr("value", "") != "level:" {
		t.Error("a query that cannot be read is not explained, or is lost")
	}
	link, _ := me.open(t, "/", 200).Find(`.filter .pick a`).First().Attr("href")
	if got := labels(me.open(t, link, 200)); len(got) != 1 {
		t.Errorf("%s has %q", link, got)
	}
	for sort, want := range map[string]string{"": "注", "new": "高", "seen": "高", "members": "注", "none": "注"} {
		if got := labels(me.open(t, "/?sort="+sort, 200))[0]; !strings.HasPrefix(got, want) {
			t.Errorf("by %q the first is %s", sort, got)
		}
	}
}

// TestQueueTallies: each filter says how many rows it would leave, of those that the account sees,
// and filters that would leave none are not offered. For queries that only the index can answer
// there are no numbers.
func TestQueueTallies(t *testing.T) {
	t.Parallel()
	o, _ := queueOutpost(t, threeFindings()...)
	for name, want := range map[string][]string{"all": {"级别不低于紧急 1", "级别不低于高 2", "网络赌博 1", "诈骗 2"}, "mine": {"级别不低于紧急 1", "级别不低于高 2", "网络赌博 1", "诈骗 1"}} {
		account := analyst(name)
		if name == "mine" {
			account = limited(name, qianshao.RoleAnalyst, "mine")
		}
		p := o.join(t, account)
		var got []string
		p.open(t, "/", 200).Find(".filter .pick li").Each(func(_ int, s *goquery.Selection) {
			got = append(got, strings.TrimSpace(s.Text()))
			if rows := labels(p.open(t, s.Find("a").AttrOr("href", ""), 200)); !strings.HasSuffix(s.Text(), fmt.Sprint(" ", len(rows))) {
				t.Errorf("%s: %q leads to %d rows", name, s.Text(), len(rows))
			}
		})
		if !slices.Equal(got, want) {
			t.Errorf("%s is offered %q", name, got)
		}
		if got := p.open(t, "/?q="+url.QueryEscape("category:fraud level:>=high"), 200).Find(".filter .pick li").Text(); strings.TrimSpace(got) != "" {
			t.Errorf("%s is offered %q beside a category, of which none is critical", name, got)
		}
		if b := p.open(t, "/?q="+url.QueryEscape("发票"), 200).Find(".filter .pick li b").Text(); b != "" {
			t.Errorf("%s: what the index finds has the numbers %q", name, b)
		}
	}
}

// TestQueuePages: a cursor leads to the next page, and so does the last item of a page.
func TestQueuePages(t *testing.T) {
	t.Parallel()
	var list []savedFinding
	for i := range 53 {
		// The texts must differ, because similar ones would form one campaign.
		text := ""
		for j := range 12 {
			text += string(rune(0x4e00 + i*40 + j*3))
		}
		list = append(list, savedFinding{fmt.Sprintf("site%d", i), "mine", text, qianshao.Gambling, qianshao.LevelHigh, 90 - i, time.Hour})
	}
	o, _ := queueOutpost(t, list...)
	me := o.join(t, analyst("me"))
	for _, sort := range []string{"", "members"} {
		first := me.open(t, "/?sort="+sort, 200)
		next, _ := first.Find(`.paging a[rel="next"]`).Attr("href")
		second := me.open(t, next, 200)
		if a, b := labels(first), labels(second); len(a) != 50 || len(b) != 3 || slices.Contains(a, b[0]) {
			t.Fatalf("by %q: pages of %d and %d", sort, len(a), len(b))
		}
		last, _ := first.Find(".waiting a").Last().Attr("href")
		if href, _ := me.open(t, last, 200).Find(`a[data-key="j"]`).Attr("href"); href != next {
			t.Errorf("by %q the last item leads to %q, want %q", sort, href, next)
		}
	}
	me.open(t, "/?after=x", 400)
}

// TestSavedViewsOnThePage: views are saved, counted, shared only by leads, and deleted; a refused
// form keeps what was typed.
func TestSavedViewsOnThePage(t *testing.T) {
	t.Parallel()
	o, _ := queueOutpost(t, threeFindings()...)
	me, lead := o.join(t, analyst("me")), o.join(t, qianshao.Account{Name: "lead", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	narrow := o.join(t, limited("narrow", qianshao.RoleAnalyst, "mine"))
	form := func(name, query, shared string) url.Values {
		return url.Values{"name": {name}, "q": {query}, "shared": {shared}, "next": {"/?list=all&q=" + url.QueryEscape(query)}}
	}
	if w := me.send("/views", form("诈骗", "category:fraud", "")); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/?list=all&q=category%3Afraud" {
		t.Fatalf("saved: %d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	views := func(p *person) []string {
		return p.open(t, "/", 200).Find(".views li").Map(func(_ int, s *goquery.Selection) string {
			return strings.Join(strings.Fields(s.Find("a").Text()+" "+s.Find("b").Text()), " ")
		})
	}
	if got := views(me); !slices.Equal(got, []string{"诈骗 2"}) {
		t.Errorf("the views are %q", got)
	}
	for _, c := range []struct {
		form   url.Values
		status int
	}{{form("共享", "category:fraud", "1"), 403}, {form("", "category:fraud", ""), 422}, {form("x", "level:", ""), 422}, {form("a\u202eb", "", ""), 422}} {
		w := me.send("/views", c.form)
		doc := parsed(t, w.Body.String())
		if w.Code != c.status || doc.Find("[role=alert]").Text() == "" {
			t.Errorf("%v: %d, want %d", c.form, w.Code, c.status)
		}
		checkMarkup(t, "/views", w.Body.String())
	}
	if w := me.send("/views", form("typed", "level:", "")); !strings.Contains(w.Body.String(), `value="typed"`) {
		t.Error("the name that was typed is lost")
	}
	if w := lead.send("/views", form("全部", "level:>=medium", "1")); w.Code != http.StatusSeeOther {
		t.Fatalf("shared: %d", w.Code)
	}
	if got := views(narrow); !slices.Equal(got, []string{"全部 共享 2"}) {
		t.Errorf("the limited account has %q", got)
	}
	if narrow.open(t, "/", 200).Find("form[action*=delete]").Length() != 0 {
		t.Error("somebody else's view can be deleted")
	}
	action, _ := lead.open(t, "/", 200).Find("form[action*=delete]").Attr("action")
	shared := strings.TrimSuffix(action, "/delete") // messages link to this address
	if w := narrow.ask("GET", shared, ""); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/search?q=level%3A%3E%3Dmedium&sort=new" {
		t.Errorf("%s: %d to %q", shared, w.Code, w.Header().Get("Location"))
	}
	if w := me.send(action, url.Values{}); w.Code != http.StatusForbidden {
		t.Errorf("a shared view deleted by an analyst: %d", w.Code)
	}
	if w := lead.send(action, url.Values{"next": {"https://elsewhere.example/"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" {
		t.Errorf("deleted: %d to %q", w.Code, w.Header().Get("Location"))
	}
	if narrow.ask("GET", shared, "").Code != http.StatusNotFound {
		t.Error("a deleted view opens")
	}
	if got := views(narrow); len(got) != 1 || strings.Contains(got[0], "全部") {
		t.Errorf("after the deletion there is %q", got)
	}
}

// TestNewSinceLooked: nothing is new to an account that has never marked the list as seen; after
// that, whatever has come since the page that it marked.
func TestNewSinceLooked(t *testing.T) {
	t.Parallel()
	list := threeFindings()
	list[0].text = "注册送彩金八十八元，真人百家乐二十四小时在线，存取款三分钟到账，代理佣金最高百分之四十五"
	same := list[0]
	same.site, same.age = "delta", 30*time.Minute
	o, _ := queueOutpost(t, append(list, same)...)
	me, other := o.join(t, analyst("me")), o.join(t, analyst("other"))
	if me.open(t, "/", 200).Find(".waiting em").Length() != 0 {
		t.Error("something is new to who has never looked")
	}
	at := fmt.Sprint(testNow.Add(-90 * time.Minute).UnixMilli())
	if w := me.send("/looked", url.Values{"at": {at}, "next": {"/"}}); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code)
	}
	doc := me.open(t, "/", 200)
	if got := doc.Find(".waiting em").Text(); got != "+1新" {
		t.Errorf("the marks are %q", got)
	}
	if got := doc.Find(".waiting li:has(em) .one bdi").Last().Text(); got != "高价收购银行卡电话卡" || !strings.Contains(doc.Find(".list .sum").Text(), "新 1") {
		t.Errorf("new is %q, and said is %q", got, doc.Find(".list .sum").Text())
	}
	if me.open(t, "/?list=all", 200).Find(".waiting em").Length() != 0 || other.open(t, "/", 200).Find(".waiting em").Length() != 0 {
		t.Error("another list, or another account, has looked")
	}
	// Marking an older page as seen, or one from the future, changes nothing.
	for _, at := range []string{fmt.Sprint(testNow.Add(-3 * time.Hour).UnixMilli()), fmt.Sprint(testNow.Add(time.Hour).UnixMilli())} {
		me.send("/looked", url.Values{"at": {at}, "next": {"/"}})
	}
	if looked, err := o.store.Looked(t.Context(), "me", "open"); err != nil || !looked.Equal(testNow) {
		t.Errorf("looked at %v (%v)", looked, err)
	}
}

// TestPreferences: rows and pictures are shown as the account wants them, on every page.
func TestPreferences(t *testing.T) {
	t.Parallel()
	o, _ := queueOutpost(t, threeFindings()...)
	me, other := o.join(t, analyst("me")), o.join(t, analyst("other"))
	for _, c := range []struct{ compact, clear, class string }{{"1", "0", "compact"}, {"1", "1", "compact clear"}, {"0", "0", ""}} {
		w := me.send("/preferences", url.Values{"compact": {c.compact}, "clear": {c.clear}, "next": {"/search?q=x"}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/search?q=x" {
			t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
		}
		for _, target := range []string{"/", "/search"} {
			if got := me.open(t, target, 200).Find("body").AttrOr("class", ""); got != c.class {
				t.Errorf("%s is %q, want %q", target, got, c.class)
			}
		}
	}
	if got := other.open(t, "/", 200).Find("body").AttrOr("class", ""); got != "" {
		t.Errorf("another account has %q", got)
	}
}

// TestQueueOfHostileText: text from a page's evidence, and from the request's address, is shown as
// text.
func TestQueueOfHostileText(t *testing.T) {
	t.Parallel()
	o, ids := queueOutpost(t, savedFinding{"alpha", "mine", hostile, qianshao.Gambling, qianshao.LevelHigh, 90, time.Hour})
	me := o.join(t, analyst("me"))
	q := url.QueryEscape(hostile)
	for _, target := range []string{"/", "/?at=finding:" + ids[0], "/?list=" + q + "&sort=" + q + "&at=" + q, "/?at=campaign:" + q, "/?lang=en&at=finding:" + ids[0]} {
		me.open(t, target, 200)
	}
	for _, target := range []string{"/?after=" + q, "/?q=" + q, "/?q=level:" + q} {
		w := me.ask("GET", target, "")
		checkMarkup(t, target, w.Body.String())
	}
	w := me.send("/views", url.Values{"name": {`"><script>alert(1)</script>`}, "q": {`"<b>"`}, "next": {"/?q=" + q}})
	if w.Code != http.StatusSeeOther {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	me.open(t, "/", 200)
}

// TestWithoutADesk: without a desk the front page is the search, and no lists are offered.
func TestWithoutADesk(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, nil)
	if status, _, header := o.get(t, "/?q=x"); status != http.StatusSeeOther || header.Get("Location") != "/search?q=x" {
		t.Errorf("%d to %q", status, header.Get("Location"))
	}
	if _, body, _ := o.get(t, "/search"); parsed(t, body).Find(`.side a[href^="/?"], .side a[href="/"]`).Length() != 0 {
		t.Error("the sidebar offers lists that there are not")
	}
}

// TestScript: the console's only script makes no markup, runs no text as code and contacts nobody
// else. Its address contains its hash, so that browsers may keep it.
func TestScript(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, nil)
	content, err := os.ReadFile("page/static/console.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		`innerHTML`, `outerHTML`, `insertAdjacentHTML`, `document\.write`, `\beval\b`, `\bFunction\b`, `createContextualFragment`, `setHTMLUnsafe`, `srcdoc`, `importScripts`, `import\(`,
		`https?://`, `localStorage`, `document\.cookie`, `setTimeout\(\s*["'` + "`]", `javascript:`, `\.on[a-z]+\s*=`, `XMLHttpRequest`, `WebSocket`, `sendBeacon`, `createElement`,
	} {
		if found := regexp.MustCompile(bad).Find(content); found != nil {
			t.Errorf("the script has %q", found)
		}
	}
	_, body, _ := o.get(t, "/search")
	src, ok := parsed(t, body).Find("head script[defer]").Attr("src")
	if !ok || !ourScript.MatchString(src) {
		t.Fatalf("the page loads the script %q", src)
	}
	status, served, header := o.get(t, src)
	if status != 200 || served != string(content) || !strings.HasPrefix(header.Get("Content-Type"), "text/javascript") || !strings.Contains(header.Get("Cache-Control"), "immutable") {
		t.Errorf("%d, %q, kept %q", status, header.Get("Content-Type"), header.Get("Cache-Control"))
	}
	if w := o.do("GET", "/login", ""); strings.Contains(w.Body.String(), "<script") {
		t.Error("a stranger is sent the script")
	}
	for _, key := range []string{"isComposing", "229", "ctrlKey"} {
		if !strings.Contains(string(content), key) {
			t.Errorf("keys are not ignored by %s", key)
		}
	}
}

// TestItemOfManyMembers: a campaign of several findings opens with the member that is waiting, and
// links to the page for deciding all of them.
func TestItemOfManyMembers(t *testing.T) {
	t.Parallel()
	list := threeFindings()
	list[0].text = "注册送彩金八十八元，真人百家乐二十四小时在线，存取款三分钟到账，代理佣金最高百分之四十五"
	same := list[0]
	same.site, same.age = "delta", 30*time.Minute
	o, ids := queueOutpost(t, append(list, same)...)
	me := o.join(t, analyst("me"))
	doc := me.open(t, "/", 200)
	if got := doc.Find(".waiting .one b").First().Text(); got != "×2" {
		t.Fatalf("the first row is of %q", got)
	}
	if href := doc.Find(`a[data-key="c"]`).AttrOr("href", ""); !strings.HasPrefix(href, "/campaigns/") {
		t.Errorf("the campaign's page is %q", href)
	}
	if got := doc.Find("form[data-claim] input[name=subject]").AttrOr("value", ""); !strings.HasPrefix(got, "campaign:") {
		t.Errorf("looking claims %q", got)
	}
	shown := func(doc *goquery.Document) string {
		id, _, _ := strings.Cut(strings.TrimPrefix(doc.Find(`.item a[data-key="o"]`).AttrOr("href", ""), "/findings/"), "?")
		return id
	}
	first := shown(doc)
	f, err := o.store.VisibleFinding(t.Context(), qianshao.SeeAll(), first)
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"subject": "finding:%s", "kind": "decide", "basis": 0, "seen": "%s", "verdict": "crime", "reason": "hacked"}`, first, f.Seen)
	if w := me.ask("POST", "/api/v1/acts", body); w.Code != http.StatusCreated {
		t.Fatalf("decided: %d %s", w.Code, w.Body)
	}
	if next := shown(me.open(t, "/?at="+doc.Find("form[data-claim] input[name=subject]").AttrOr("value", ""), 200)); next == first || !slices.Contains(ids, next) {
		t.Errorf("after %s it shows %s", first, next)
	}
}

// TestReviewGoesOn: somebody whose review contradicts a decision goes on to the next finding of the
// campaign. The disputed one then waits only in the lead's list.
func TestReviewGoesOn(t *testing.T) {
	t.Parallel()
	list := threeFindings()[:1]
	list[0].text = "注册送彩金八十八元，真人百家乐二十四小时在线，存取款三分钟到账，代理佣金最高百分之四十五"
	same := list[0]
	same.site, same.age = "delta", 30*time.Minute
	o, ids := queueOutpost(t, append(list, same)...)
	me, other := o.join(t, analyst("me")), o.join(t, analyst("other"))
	lead := o.join(t, qianshao.Account{Name: "lead", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	acts := func(p *person, id, kind string, basis int64, verdict, reason string) int64 {
		t.Helper()
		f, err := o.store.VisibleFinding(t.Context(), qianshao.SeeAll(), id)
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf(`{"subject": "finding:%s", "kind": %q, "basis": %d, "seen": %q, "verdict": %q, "reason": %q}`, id, kind, basis, f.Seen, verdict, reason)
		w := p.ask("POST", "/api/v1/acts", body)
		if w.Code != http.StatusCreated {
			t.Fatalf("%s: %d %s", kind, w.Code, w.Body)
		}
		return decode[struct{ Act struct{ Seq int64 } }](t, w.Body.String()).Act.Seq
	}
	decided := map[string]int64{}
	for _, id := range ids { // "not a crime" on a critical finding needs a second review
		decided[id] = acts(me, id, "decide", 0, "not_crime", "lawful")
	}
	shown := func(p *person) string {
		link, _, _ := strings.Cut(p.open(t, "/?list=review", 200).Find(`.item a[data-key="o"]`).AttrOr("href", ""), "?")
		return strings.TrimPrefix(link, "/findings/")
	}
	first := shown(other)
	acts(other, first, "review", decided[first], "crime", "hacked")
	second := shown(other)
	if second == first || !slices.Contains(ids, second) {
		t.Fatalf("after %s it shows %q", first, second)
	}
	acts(other, second, "review", decided[second], "not_crime", "lawful")
	if got := labels(other.open(t, "/?list=review", 200)); len(got) != 0 {
		t.Errorf("what was answered still waits: %q", got)
	}
	if got := shown(lead); got != first {
		t.Errorf("the lead is shown %q, want %s", got, first)
	}
}

// TestQueueOfTheClaimed: if everything that is waiting is claimed by others, the queue says so; a
// lead can take over a claim on a campaign there.
func TestQueueOfTheClaimed(t *testing.T) {
	t.Parallel()
	list := threeFindings()[:1]
	list[0].text = "注册送彩金八十八元，真人百家乐二十四小时在线，存取款三分钟到账，代理佣金最高百分之四十五"
	same := list[0]
	same.site, same.age = "delta", 30*time.Minute
	o, _ := queueOutpost(t, append(list, same)...)
	me, other := o.join(t, analyst("me")), o.join(t, analyst("other"))
	lead := o.join(t, qianshao.Account{Name: "lead", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	if text := me.open(t, "/?q=category:fraud", 200).Find(".empty").Text(); strings.Contains(text, "他人已认领") {
		t.Errorf("a filter that finds nothing says %q", text)
	}
	claim := other.open(t, "/", 200).Find("form[data-claim] input[name=subject]").AttrOr("value", "")
	if w := other.ask("POST", "/api/v1/acts", `{"subject": "`+claim+`", "kind": "claim"}`); w.Code != http.StatusCreated {
		t.Fatalf("claim: %d %s", w.Code, w.Body)
	}
	empty := me.open(t, "/", 200).Find(".empty a")
	if got := empty.FilterFunction(func(_ int, s *goquery.Selection) bool { return s.AttrOr("href", "") == "/?list=claimed" }).Text(); got != "他人已认领 1 →" {
		t.Errorf("the empty list says %q", got)
	}
	item, over := "/?list=claimed&at="+claim, "form[action='/claims'] input[name=take_over]"
	if me.open(t, item, 200).Find(over).Length() != 0 {
		t.Error("an analyst is offered to take over")
	}
	if got := lead.open(t, item, 200).Find(over).Length(); got != 1 {
		t.Fatalf("a lead has %d buttons to take over", got)
	}
	if w := lead.send("/claims", url.Values{"subject": {claim}, "take_over": {"1"}, "next": {item}}); w.Code != http.StatusSeeOther {
		t.Fatalf("taken over: %d %s", w.Code, w.Body)
	}
	if got := labels(lead.open(t, "/", 200)); len(got) != 1 {
		t.Errorf("the lead works on %q", got)
	}
}
