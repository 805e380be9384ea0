package indextest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// Open creates an empty index that folds text with fold (nil: only case is folded) and is closed when the
// test ends.
type Open func(t *testing.T, fold func(string) string) index.Index

// Run tests an index against the contract.
func Run(t *testing.T, open Open) {
	t.Run("phrases", func(t *testing.T) { testPhrases(t, open) })
	t.Run("folding", func(t *testing.T) { testFolding(t, open) })
	t.Run("fields", func(t *testing.T) { testFields(t, open) })
	t.Run("reviews", func(t *testing.T) { testReviews(t, open) })
	t.Run("typed", func(t *testing.T) { testTyped(t, open) })
	t.Run("indicators", func(t *testing.T) { testIndicators(t, open) })
	t.Run("sort", func(t *testing.T) { testSort(t, open) })
	t.Run("snippets", func(t *testing.T) { testSnippets(t, open) })
	t.Run("facets", func(t *testing.T) { testFacets(t, open) })
	t.Run("paging", func(t *testing.T) { testPaging(t, open) })
	t.Run("cursors", func(t *testing.T) { testCursors(t, open) })
	t.Run("cursors amid writes", func(t *testing.T) { testCursorsAmidWrites(t, open) })
	t.Run("bad cursors", func(t *testing.T) { testBadCursors(t, open) })
	t.Run("sight", func(t *testing.T) { testSight(t, open) })
	t.Run("writes", func(t *testing.T) { testWrites(t, open) })
	t.Run("hostile", func(t *testing.T) { testHostile(t, open) })
	t.Run("large", func(t *testing.T) { testLarge(t, open) })
	t.Run("cancelled", func(t *testing.T) { testCancelled(t, open) })
	t.Run("reference", func(t *testing.T) { testReference(t, open) })
}

// put writes records, or fails the test.
func put(t *testing.T, x index.Index, records ...qianshao.FindingRecord) {
	t.Helper()
	if err := x.Put(t.Context(), records, 0); err != nil {
		t.Fatalf("Put: %v", err)
	}
}

// find returns the ids of a query's hits.
func find(t *testing.T, x index.Index, query string) []string {
	t.Helper()
	n, err := index.Parse(query, base)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	res, err := x.Search(t.Context(), index.Request{Query: n, Sight: qianshao.SeeAll(), Limit: 100})
	if err != nil {
		t.Fatalf("Search %s: %v", query, err)
	}
	var ids []string
	for _, h := range res.Hits {
		ids = append(ids, h.ID)
	}
	slices.Sort(ids)
	return ids
}

func wantIDs(t *testing.T, x index.Index, query string, want ...string) {
	t.Helper()
	if got := find(t, x, query); !slices.Equal(got, want) {
		t.Errorf("%s finds %q, want %q", query, got, want)
	}
}

// page is a finding with only id, title and text.
func page(id, title, text string) qianshao.FindingRecord {
	return qianshao.FindingRecord{
		Finding: qianshao.Finding{ID: id, URL: "http://example.cn/" + id, Rule: "casino", Category: qianshao.Gambling, Level: qianshao.LevelHigh, Score: 70},
		Host:    "example.cn", PageTitle: title, PageText: text, FirstSeen: base, LastSeen: base,
	}
}

func testPhrases(t *testing.T, open Open) {
	x := open(t, nil)
	disguised := page("g", "", "看 开*户*礼 吧")
	disguised.Finding.Evidence = []qianshao.Evidence{{Term: "开户礼", Text: "开*户*礼", Steps: []string{"separator"}}, {Term: "plain-term", Text: "x"}}
	put(t, x,
		page("a", "澳门线上", "新注册送彩金，天天返水"),
		page("b", "册注送", "注册\n送彩金 java 六合区"),
		page("c", "Java Casino", "AV在线 hello, world 册 送 6合"),
		page("d", "", "一一一二"),
		page("e", "两行\n标题", "🍃叶子 naïve cafe\u0301"),
		disguised,
	)
	for query, want := range map[string][]string{
		`注册送`:                 {"a"},
		`新注册送彩金`:              {"a"},
		`册注送`:                 {"b"}, // the order matters
		`"注册 送"`:              nil,   // phrases do not cross regions
		`注彩`:                  nil,   // no character may be left out
		`"册 送"`:               {"c"},
		`册,送`:                 {"c"}, // all separators are equal
		`金天`:                  nil,   // there is a separator between them
		`金，天`:                 {"a"},
		`线上新注`:                nil, // nor do they cross from title to text
		`线上`:                  {"a"},
		`java`:                {"b", "c"},
		`JAVA`:                {"b", "c"},
		`av`:                  {"c"}, // not in java
		`v在线`:                 nil,
		`av在`:                 {"c"},
		`6合`:                  {"c"},
		`六合`:                  {"b"},
		`"hello world"`:       {"c"},
		`"world hello"`:       nil,
		`hello world`:         {"c"},
		`一一一`:                 {"d"},
		`一一一一`:                nil,
		`一一二`:                 {"d"},
		`🍃`:                   {"e"},
		`行标`:                  nil,
		`"两行 标题"`:             {"e"}, // a title counts as one line
		`naïve`:               {"e"},
		`café`:                nil, // é and e differ unless they are folded
		`开户礼`:                 {"g"},
		`plain-term`:          nil, // evidence is only indexed in its plain form, unless the text has it
		`title:线上`:            {"a"},
		`title:注册送`:           nil,
		`title:"java casino"`: {"c"},
		`title:送 送彩金`:         {"b"},
	} {
		wantIDs(t, x, query, want...)
	}
}

func testFolding(t *testing.T, open Open) {
	fold := func(s string) string {
		return strings.NewReplacer("註", "注", "冊", "册", "Ａ", "A", "*", " ").Replace(s)
	}
	x := open(t, fold)
	put(t, x, page("a", "", "新注册送\n彩金"), page("b", "", "註冊送 Ａv"), page("c", "註冊", "注*册"))
	wantIDs(t, x, "註冊送", "a", "b")
	wantIDs(t, x, "注册送", "a", "b")
	wantIDs(t, x, "送彩金")
	wantIDs(t, x, "av", "b")
	wantIDs(t, x, `"注 冊"`, "c")
	wantIDs(t, x, "title:注册", "c")
}

// three returns records that differ in all fields but their indicators.
func three() (a, b, c qianshao.FindingRecord) {
	a, b, c = page("a", "", "甲"), page("b", "", "乙"), page("c", "", "丙")
	a.Finding.Authorisation, a.Finding.Hidden = "city-2026", true
	b.Host, b.Finding.URL = "a.b.example.cn", "https://a.b.example.cn/path?q=1"
	b.Finding.Category, b.Finding.Rule, b.Finding.Level, b.Finding.Score = qianshao.Fraud, "job", qianshao.LevelMedium, 40
	b.LastSeen = time.Date(2026, 11, 5, 0, 0, 0, 0, index.DefaultZone())
	c.Host, c.Finding.Level, c.Finding.Score = "badexample.cn", qianshao.LevelCritical, 100
	c.LastSeen = time.Date(2026, 11, 4, 23, 59, 59, 999e6, index.DefaultZone())
	c.FirstSeen = time.Date(2026, 11, 2, 3, 4, 5, 6e6, index.DefaultZone())
	a.FirstSeen = base.Add(-8*24*time.Hour - time.Minute)
	b.Review = qianshao.Review{Answer: "crime", DecidedBy: "ann", Assignee: "li.wei", Parked: true, Campaigns: []string{"00c1", "00c2"}}
	c.Review = qianshao.Review{Answer: qianshao.AnswerReview, Assignee: "ann", Campaigns: []string{"00c2"}}
	return a, b, c
}

func testFields(t *testing.T, open Open) {
	x := open(t, nil)
	a, b, c := three()
	put(t, x, a, b, c)
	for query, want := range map[string][]string{
		"":                                      {"a", "b", "c"},
		"category:fraud":                        {"b"},
		"-category:fraud":                       {"a", "c"},
		"level:high":                            {"a"},
		"level:>=high":                          {"a", "c"},
		"level:>high":                           {"c"},
		"level:<high":                           {"b"},
		"level:<=medium":                        {"b"},
		"level:>critical":                       nil,
		"host:example.cn":                       {"a"},
		"host:*.example.cn":                     {"b"},
		"host:*.b.example.cn":                   {"b"},
		"host:*.cn":                             {"a", "b", "c"},
		"host:EXAMPLE.cn.":                      {"a"},
		"rule:job":                              {"b"},
		"rule:jo":                               nil,
		"url:https://a.b":                       {"b"},
		"url:http":                              {"a", "b", "c"},
		`url:"https://a.b.example.cn/path?q=1"`: {"b"},
		"authorisation:city-2026":               {"a"},
		"hidden:true":                           {"a"},
		"hidden:false":                          {"b", "c"},
		"score:70":                              {"a"},
		"score:>70":                             {"c"},
		"score:>=70":                            {"a", "c"},
		"score:<70":                             {"b"},
		"score:<=40":                            {"b"},
		"score:<40":                             nil,
		"seen:2026-11-04":                       {"c"},
		"seen:>2026-11-04":                      {"b"},
		"seen:>=2026-11-04":                     {"b", "c"},
		"seen:<2026-11-05":                      {"a", "c"},
		"seen:<=2026-11-05":                     {"a", "b", "c"},
		"seen:today":                            {"a"}, // base is on that day
		"seen:2026-11-05T00:00:00+08:00":        {"b"},
		"new:2026-11-01T19:04:05.006Z":          {"c"},
		"new:>=2026-11-02":                      {"c"},
		"level:>=medium AND -hidden:true":       {"b", "c"},
		"甲 OR (category:gambling -score:70)":    {"a", "c"},
		"NOT (甲 OR 乙)":                          {"c"},
		"-甲 -乙 -丙":                              nil,
		"甲 乙":                                   nil,
	} {
		wantIDs(t, x, query, want...)
	}
}

// testReviews: verdicts and tasks of findings, and their ages.
func testReviews(t *testing.T, open Open) {
	x := open(t, nil)
	a, b, c := three()
	put(t, x, a, b, c)
	for query, want := range map[string][]string{
		"verdict:crime":            {"b"},
		"verdict:none":             {"a"},
		"verdict:review":           {"c"},
		"-verdict:none":            {"b", "c"},
		"verdict:not_crime,unsure": nil,
		"assignee:ann":             {"c"},
		"assignee:none":            {"a"},
		"decided_by:ann":           {"b"},
		"decided_by:none":          nil,
		"campaign:00c2":            {"b", "c"},
		"campaign:00C1":            {"b"},
		"campaign:00c":             nil,
		"parked:true":              {"b"},
		"parked:false":             {"a", "c"},
		"age:8d":                   {"a"},
		"age:9d":                   nil,
		"age:>8d":                  {"a"},
		"age:>=192h":               {"a"},
		"age:<=8d":                 {"b", "c"},
		"age:1w..2w":               {"a"},
		"age:0h":                   {"b"}, // c is in the future
	} {
		wantIDs(t, x, query, want...)
	}
}

// testTyped: lists, ranges, Chinese names and pasted texts.
func testTyped(t *testing.T, open Open) {
	x := open(t, nil)
	a, b, c := three()
	put(t, x, a, b, c)
	for query, want := range map[string][]string{
		"level:critical,medium":               {"b", "c"},
		"score:40..70":                        {"a", "b"},
		"score:71..":                          {"c"},
		"level:medium..high":                  {"a", "b"},
		"seen:2026-11-01..2026-11-04":         {"a", "c"},
		"seen:..2026-11-04":                   {"a", "c"},
		"类别:诈骗 级别:中":                          {"b"},
		"https://a.b.example.cn/path":         {"b"},
		"hxxps://a[.]b.example[.]cn/path?q=1": {"b"},
		"a.b.example.cn/path":                 {"b"},
		"example.cn":                          {"a", "b"},
		"badexample.cn":                       {"c"},
		"*.example.cn":                        {"b"},
	} {
		wantIDs(t, x, query, want...)
	}
}

// testIndicators: each kind is a field, whose values are found in any form in which people write them; a
// bare handle, number or host finds indicators as well as text.
func testIndicators(t *testing.T, open Open) {
	x := open(t, nil)
	with := func(id, text string, list ...qianshao.Indicator) qianshao.FindingRecord {
		e := page(id, "", text)
		e.Finding.Indicators = list
		return e
	}
	put(t, x,
		with("a", "", qianshao.Indicator{Kind: qianshao.IndicatorQQ, Value: "123456789"}, qianshao.Indicator{Kind: qianshao.IndicatorWeChat, Value: "kaihu888"}),
		with("b", "", qianshao.Indicator{Kind: qianshao.IndicatorPhone, Value: "13800000000"}, qianshao.Indicator{Kind: qianshao.IndicatorTelegram, Value: "@kaihu888"}),
		with("c", "", qianshao.Indicator{Kind: qianshao.IndicatorPhone, Value: "010-12345678"}, qianshao.Indicator{Kind: qianshao.IndicatorTelegram, Value: "t.me/+AbC"}),
		with("d", "加 123456789 或 13800000000，见 casino.example",
			qianshao.Indicator{Kind: qianshao.IndicatorICP, Value: "京ICP备12345678号-1"}, qianshao.Indicator{Kind: qianshao.IndicatorEthereum, Value: "0x52908400098527886E0F7030069857D2E4169EE7"}),
		with("e", "", qianshao.Indicator{Kind: qianshao.IndicatorDomain, Value: "赌场.example"}, qianshao.Indicator{Kind: qianshao.IndicatorURL, Value: "http://casino.example/Reg"}),
	)
	for query, want := range map[string][]string{
		"qq:123456789":                   {"a"},
		"qq:12345678":                    nil,
		"QQ：123456789":                   {"a"},
		"wechat:KaiHu888":                {"a"},
		"微信:kaihu888":                    {"a"},
		"telegram:kaihu888":              {"b"},
		"telegram:https://t.me/kaihu888": {"b"},
		"telegram:t.me/+AbC":             {"c"},
		"telegram:t.me/+abc":             nil,
		"phone:13800000000":              {"b"},
		"电话:+86-138-0000-0000":           {"b"},
		"手机:8613800000000":               {"b"},
		"phone:010-12345678":             {"c"},
		"phone:+86-10-12345678":          {"c"},
		"icp:京ICP备12345678号":             {"d"},
		"icp:京icp备12345678号-1":           {"d"},
		"icp:京ICP备12345678号-2":           nil,
		"以太坊:0x52908400098527886e0f7030069857d2e4169ee7": {"d"},
		"domain:casino.example":                          {"e"},
		"domain:casino[.]example":                        {"e"},
		"domain:赌场.example":                              {"e"},
		"domain:赌场.example,nosuch.cn":                    {"e"},
		"qq:123456789,55555":                             {"a"},
		"indicator:kaihu888":                             {"a", "b"},
		"indicator:http://casino.example/Reg":            {"e"},
		"hxxp://casino[.]example/Reg":                    {"e"},
		"123456789":                                      {"a", "d"},
		`"123456789"`:                                    {"d"},
		"+8613800000000":                                 {"b"},
		"@kaihu888":                                      {"b"},
		"casino.example":                                 {"d", "e"},
		"-indicator:kaihu888 -domain:casino.example":     {"c", "d"},
	} {
		wantIDs(t, x, query, want...)
	}
	for _, i := range []qianshao.Indicator{{Kind: qianshao.IndicatorURL, Value: "http://casino.example/Reg"}, {Kind: qianshao.IndicatorDomain, Value: "赌场.example"}} {
		wantIDs(t, x, index.OfIndicator(i).String(), "e")
	}
}

// testSort: each order, with ties decided by the newest and then the id.
func testSort(t *testing.T, open Open) {
	x := open(t, nil)
	var records []qianshao.FindingRecord
	for i := range 30 {
		e := page(fmt.Sprintf("%03d", (i*7)%30), "", "送")
		e.Finding.Score = []int{0, 9, 70, 100}[i%4]
		e.FirstSeen = base.Add(time.Duration(i%5) * time.Hour)
		e.LastSeen = base.Add(time.Duration(24+i%3) * time.Hour)
		records = append(records, e)
	}
	put(t, x, records...)
	for _, order := range append(index.Sorts(), "") {
		for offset := 0; offset < 32; offset += 8 {
			compare(t, x, records, index.Request{Sight: qianshao.SeeAll(), Offset: offset, Limit: 8, Sort: order}, nil)
		}
	}
	if _, err := x.Search(t.Context(), index.Request{Sort: "title"}); err == nil {
		t.Error("an unknown order is accepted")
	}
}

// testSnippets: a hit shows where title or evidence contains the query's words.
func testSnippets(t *testing.T, open Open) {
	fold := func(s string) string { return strings.NewReplacer("註", "注", "冊", "册", "*", " ").Replace(s) }
	x := open(t, fold)
	a, b := page("a", "澳门註冊送彩金", "正文"), page("b", "标题", "点此 註*冊 即送")
	b.Finding.Evidence = []qianshao.Evidence{{Term: "注册", Before: "点此 ", Text: "註*冊", After: " 即送", Steps: []string{"separator"}}}
	put(t, x, a, b)
	for query, want := range map[string]string{
		"注册送":         "a:澳门[註冊送]彩金",
		"注册":          "a:澳门[註冊]送彩金",
		"title:彩金 正文": "a:澳门註冊送[彩金]",
		`"注 册"`:       "b:点此 [註*冊] 即送",
		"即送 -正文":      "b:点此 註*冊 [即送]",
		"注册 -正文":      "b:点此 [註*冊] 即送", // found by its plain form
		"正文":          "a:",
		"score:70 标题": "b:[标题]",
	} {
		n, err := index.Parse(query, base)
		if err != nil {
			t.Fatal(err)
		}
		res, err := x.Search(t.Context(), index.Request{Query: n, Sight: qianshao.SeeAll(), Limit: 1})
		if err != nil || len(res.Hits) != 1 {
			t.Fatalf("Search %s: %d hits, error %v", query, len(res.Hits), err)
		}
		got := res.Hits[0].ID + ":"
		if s := res.Hits[0].Snippet; s != nil {
			for _, piece := range s.Pieces() {
				if piece.IsHit {
					piece.Text = "[" + piece.Text + "]"
				}
				got += piece.Text
			}
		}
		if got != want {
			t.Errorf("%s marks %s, want %s", query, got, want)
		}
	}
}

func testFacets(t *testing.T, open Open) {
	x := open(t, nil)
	var records []qianshao.FindingRecord
	for i := range 40 { // more hosts and days than a facet shows
		e := page(fmt.Sprintf("%03d", i), "", "注册送")
		e.Host = fmt.Sprintf("h%02d.example.cn", i%25)
		e.LastSeen = base.AddDate(0, 0, i)
		if i%4 == 0 {
			e.Finding.Category = qianshao.Fraud
		}
		records = append(records, e)
	}
	put(t, x, records...)
	for _, req := range []index.Request{{}, {Limit: 3}, {Query: index.Phrase{Text: "没有"}, Limit: 3}} {
		req.Sight = qianshao.SeeAll()
		compare(t, x, records, req, nil)
	}
}

func testPaging(t *testing.T, open Open) {
	x := open(t, nil)
	var records []qianshao.FindingRecord
	for i := range 25 {
		e := page(fmt.Sprintf("%03d", (i*7)%25), "", "送")
		e.LastSeen = base.Add(time.Duration(i/5) * time.Second) // several at the same time
		records = append(records, e)
	}
	put(t, x, records...)
	for offset := 0; offset < 30; offset += 4 {
		compare(t, x, records, index.Request{Sight: qianshao.SeeAll(), Offset: offset, Limit: 4}, nil)
	}
	for _, req := range []index.Request{
		{Offset: index.MaxWindow, Limit: 1}, {Offset: -1}, {Limit: -1}, {Offset: 1 << 62, Limit: 1 << 62}, {Limit: index.MaxWindow + 1},
	} {
		if _, err := x.Search(t.Context(), req); !errors.Is(err, index.ErrWindow) {
			t.Errorf("offset %d, limit %d: error %v, want ErrWindow", req.Offset, req.Limit, err)
		}
	}
	if _, err := x.Search(t.Context(), index.Request{Offset: index.MaxWindow - 1, Limit: 1}); err != nil {
		t.Errorf("the last place of the window: %v", err)
	}
}

// many puts findings with ties in each order, in several writes.
func many(t *testing.T, x index.Index, n int) []qianshao.FindingRecord {
	t.Helper()
	var records []qianshao.FindingRecord
	for i := range n {
		e := page(fmt.Sprintf("%03d", (i*7)%n), "", "送")
		e.Finding.Score = []int{0, 9, 70, 100}[i%4]
		e.FirstSeen = base.Add(time.Duration(i%5) * time.Hour)
		e.LastSeen = base.Add(time.Duration(24+i%3) * time.Hour)
		records = append(records, e)
	}
	for part := range slices.Chunk(records, 10) {
		put(t, x, part...)
	}
	return records
}

// testCursors: the pages from cursor to cursor make up the whole list, forwards and backwards, each as in
// the reference.
func testCursors(t *testing.T, open Open) {
	x := open(t, nil)
	records := many(t, x, 31)
	for _, order := range append(index.Sorts(), "") {
		whole := Search(records, index.Request{Sight: qianshao.SeeAll(), Sort: order, Limit: 100}, nil).Hits
		for _, limit := range []int{1, 4, 31} {
			req := index.Request{Sight: qianshao.SeeAll(), Sort: order, Limit: limit}
			var forwards, backwards []string
			last := index.Results{}
			for n := 0; n == 0 || last.Next != ""; n++ {
				req.After = last.Next
				last = compare(t, x, records, req, nil)
				forwards = append(forwards, idsOf(last.Hits)...)
			}
			backwards = idsOf(last.Hits)
			for req.After = ""; last.Prev != ""; {
				req.Before = last.Prev
				last = compare(t, x, records, req, nil)
				backwards = append(idsOf(last.Hits), backwards...)
			}
			if want := idsOf(whole); !slices.Equal(forwards, want) || !slices.Equal(backwards, want) {
				t.Errorf("order %q, pages of %d: forwards %v, backwards %v, want %v", order, limit, forwards, backwards, want)
			}
		}
	}
	narrow := index.Request{Sight: qianshao.SeeAll(), Query: index.Field{Name: index.FieldScore, Op: index.Greater, Value: index.Number(50)}}
	narrow.After = cursor("", &Search(records, index.Request{Sight: qianshao.SeeAll(), Limit: 1}, nil).Hits[0]) // with a lower score
	for _, narrow.Limit = range []int{0, 3} {
		for _, narrow.NoFacets = range []bool{false, true} {
			compare(t, x, records, narrow, nil)
		}
	}
}

func idsOf(hits []index.Hit) (ids []string) {
	for _, h := range hits {
		ids = append(ids, h.ID)
	}
	return ids
}

// testCursorsAmidWrites: while other findings are added, deleted and moved, one that stays in place is on
// exactly one page.
func testCursorsAmidWrites(t *testing.T, open Open) {
	x := open(t, nil)
	records := many(t, x, 31)
	steady := map[string]int{}
	for _, e := range records[10:] {
		steady[e.Finding.ID] = 0
	}
	req := index.Request{Sight: qianshao.SeeAll(), Limit: 3}
	for n := 0; ; n++ {
		res, err := x.Search(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range res.Hits {
			if _, ok := steady[h.ID]; ok {
				steady[h.ID]++
			}
		}
		if res.Next == "" {
			break
		}
		req.After = res.Next
		added, moved := page(fmt.Sprintf("new%02d", n), "", "送"), records[n%10]
		added.LastSeen = base.Add(time.Duration(20+n) * time.Hour)
		moved.LastSeen = base.Add(time.Duration(30-n) * time.Hour)
		put(t, x, added, moved)
		if err := x.Delete(t.Context(), []string{records[(n+5)%10].Finding.ID, res.Hits[len(res.Hits)-1].ID + "-"}, 0); err != nil {
			t.Fatal(err)
		}
	}
	for id, n := range steady {
		if n != 1 {
			t.Errorf("finding %s is on %d pages", id, n)
		}
	}
}

// testBadCursors: a cursor that is damaged, invented, or of another order is an error.
func testBadCursors(t *testing.T, open Open) {
	x := open(t, nil)
	records := many(t, x, 10)
	good := Search(records, index.Request{Sight: qianshao.SeeAll(), Limit: 2}, nil).Next
	for name, req := range map[string]index.Request{
		"cut":            {After: good[:len(good)-2]},
		"mistyped":       {After: "A" + good[1:]},
		"doubled":        {Before: good + good},
		"with padding":   {After: good + "="},
		"not base64":     {After: "注册送"},
		"nothing in it":  {After: "AAAA"},
		"no numbers":     {After: "MDAwMDAwMDAgc2VlbiB4IHkgeg"},
		"another order":  {After: good, Sort: index.SortScore},
		"both ways":      {After: good, Before: good},
		"with an offset": {After: good, Offset: 1},
		"huge":           {Before: index.Cursor(strings.Repeat("A", 1<<20))},
	} {
		req.Sight, req.Limit = qianshao.SeeAll(), 2
		if _, err := x.Search(t.Context(), req); !errors.Is(err, index.ErrCursor) {
			t.Errorf("%s: error %v, want ErrCursor", name, err)
		}
	}
	made := index.Place{First: -1 << 63, Seen: 1<<63 - 1, ID: "\x00 \xff"}
	for _, cursor := range []index.Cursor{made.Cursor(""), (&index.Place{}).Cursor(index.SortSeen)} {
		compare(t, x, records, index.Request{Sight: qianshao.SeeAll(), After: cursor, Limit: 2}, nil)
		compare(t, x, records, index.Request{Sight: qianshao.SeeAll(), Before: cursor, Limit: 2}, nil)
	}
	if _, err := x.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), After: good, Limit: index.MaxWindow + 1}); !errors.Is(err, index.ErrWindow) {
		t.Errorf("a page beyond the window: %v, want ErrWindow", err)
	}
}

// testSight: findings that an account may not see are in no hit, facet or total.
func testSight(t *testing.T, open Open) {
	x := open(t, nil)
	var records []qianshao.FindingRecord
	for i, authorisation := range []string{"city", "School 1", "", "City", "city", "city\xff", strings.Repeat("城", 10_000), strings.Repeat("城", 10_001), "city-2"} {
		e := page(fmt.Sprint("f", i), "", "注册送")
		e.Finding.Authorisation, e.Host = authorisation, fmt.Sprint("h", i, ".example.cn")
		e.LastSeen = base.AddDate(0, 0, i)
		records = append(records, e)
	}
	put(t, x, records...)
	under := func(ids ...string) qianshao.Sight { return qianshao.Sight{Authorisations: ids} }
	for _, sight := range []qianshao.Sight{
		{}, under(), under(""), under("city"), under("city", "School 1", "city"), under("nosuch"), under("cit"), under("city\uFFFD"),
		{All: true, Authorisations: []string{"city"}}, qianshao.SeeAll(),
	} {
		for _, query := range []string{"", "注册送", "-注册送", "host:h2.example.cn", "authorisation:city", "-authorisation:city", "authorisation:city OR host:h1.example.cn"} {
			n, err := index.Parse(query, base)
			if err != nil {
				t.Fatal(err)
			}
			for _, limit := range []int{0, 2, 20} {
				compare(t, x, records, index.Request{Query: n, Sight: sight, Limit: limit}, nil)
				compare(t, x, records, index.Request{Query: n, Sight: sight, Limit: limit, IDs: []string{"f4", "f1", "f"}}, nil)
			}
		}
	}
}

// ids reads all ids of the index.
func ids(t *testing.T, x index.Index) []string {
	t.Helper()
	var list []string
	if err := x.IDs(t.Context(), func(id string) bool { list = append(list, id); return true }); err != nil {
		t.Fatalf("IDs: %v", err)
	}
	return list
}

func testWrites(t *testing.T, open Open) {
	x := open(t, nil)
	if got := ids(t, x); len(got) > 0 {
		t.Errorf("a new index has ids %q", got)
	}
	put(t, x)
	put(t, x, page("b", "", "甲"), page("a", "", "乙"), page("c", "", "丙"))
	put(t, x, page("b", "", "甲"), page("a", "", "丁"), page("a", "", "戊")) // of records with the same id, the last counts
	wantIDs(t, x, "", "a", "b", "c")
	wantIDs(t, x, "乙")
	wantIDs(t, x, "丁")
	wantIDs(t, x, "戊", "a")
	if err := x.Delete(t.Context(), []string{"c", "unknown", ""}, 0); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if err := x.Delete(t.Context(), nil, 0); err != nil {
		t.Errorf("Delete of an unknown id: %v", err)
	}
	again := page("b", "", "甲")
	if err := x.Purge(t.Context(), &again); err != nil {
		t.Errorf("Purge: %v", err)
	}
	wantIDs(t, x, "", "a", "b")
	wantIDs(t, x, "戊", "a")
	wantIDs(t, x, "甲", "b")
	if got := ids(t, x); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("IDs yield %q, want a and b", got)
	}
	calls := 0
	if err := x.IDs(t.Context(), func(string) bool { calls++; return false }); err != nil || calls != 1 {
		t.Errorf("IDs went on for %d calls, error %v", calls, err)
	}
	if err := x.Put(t.Context(), []qianshao.FindingRecord{page("", "", "甲")}, 0); err == nil {
		t.Error("a finding without id is accepted")
	}
	if err := x.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := x.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if _, err := x.Search(t.Context(), index.Request{}); err == nil {
		t.Error("a closed index can be searched")
	}
	if err := x.Put(t.Context(), []qianshao.FindingRecord{page("a", "", "甲")}, 0); err == nil {
		t.Error("a closed index can be written")
	}
	if err := x.IDs(t.Context(), func(string) bool { return true }); err == nil {
		t.Error("a closed index yields ids")
	}
}

func testHostile(t *testing.T, open Open) {
	x := open(t, nil)
	texts := []string{
		"", "\x00", "\xff\xfe注册\xc0", strings.Repeat("\u0301", 1000), strings.Repeat("a", 40_000), strings.Repeat("\n", 5000),
		"<script>alert(1)</script>", `"\' OR 1=1 --`, "\u202e册注", "\U000e0041\ufeff送", strings.Repeat("💩", 500), "注\u200d册",
		"\xff\xff\x00", strings.Repeat("é", 33_000),
	}
	var records []qianshao.FindingRecord
	for i, s := range texts {
		e := page(fmt.Sprintf("%03d", i), s, s)
		e.Host, e.Finding.Rule, e.Finding.Authorisation = s, s, s
		e.Finding.URL = "http://example.cn/" + s
		e.Finding.Evidence = []qianshao.Evidence{{Term: s, Text: s, Before: s, After: s, Steps: []string{s}}}
		records = append(records, e)
	}
	put(t, x, records...)
	for _, query := range []string{
		`注册`, `"\\\"x"`, `alert`, `url:"http://example.cn/<script>"`, `1 1`, strings.Repeat("a", 2000), strings.Repeat("注", 2000),
		strings.Repeat("-", 20) + "a", strings.Repeat("(", 20) + "a" + strings.Repeat(")", 20), strings.Repeat("a OR ", 99) + "a",
		`host:*.cn`, `"` + strings.Repeat("注 ", 900) + `"`, "rule:\"\x00\"", `💩`,
	} {
		n, err := index.Parse(query, base)
		if err != nil {
			t.Errorf("Parse %.40q: %v", query, err)
			continue
		}
		res, err := x.Search(t.Context(), index.Request{Query: n, Sight: qianshao.SeeAll(), Limit: 100})
		if err != nil {
			t.Errorf("Search %.40q: %v", query, err)
			continue
		}
		if want := Search(records, index.Request{Query: n, Sight: qianshao.SeeAll(), Limit: 100}, nil).Total; res.Total != want {
			t.Errorf("%.40q finds %d, want %d", query, res.Total, want)
		}
	}
	if got := len(ids(t, x)); got != len(texts) {
		t.Errorf("%d of %d hostile texts are in the index", got, len(texts))
	}
}

// testLarge uses texts of a megabyte, one of them of a single repeated character, on which a phrase search
// that compares all pairs of positions would never end.
func testLarge(t *testing.T, open Open) {
	x := open(t, nil)
	const size = 1 << 20
	same := strings.Repeat("一", size/3)
	mixed := strings.Repeat("新注册送彩金，java AV 六合。", size/40)
	long := strings.Repeat("x", size)
	put(t, x, page("a", "", same), page("b", "", mixed+"末尾之词"), page("c", "", long))
	wantIDs(t, x, strings.Repeat("一", 100), "a")
	wantIDs(t, x, "一一二")
	wantIDs(t, x, "一二")
	wantIDs(t, x, "末尾之词", "b")
	wantIDs(t, x, "注册送彩金java")
	wantIDs(t, x, `"册送彩金，java"`, "b")
	wantIDs(t, x, "xx")
}

func testCancelled(t *testing.T, open Open) {
	x := open(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.Put(ctx, []qianshao.FindingRecord{page("a", "", "甲")}, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v, want context.Canceled", err)
	}
	if got := ids(t, x); len(got) > 0 {
		t.Errorf("a cancelled Put has written %q", got)
	}
}

// testReference compares an index with Search for random records and queries. It keeps one index and
// replaces its records, so that deletions and merges are covered.
func testReference(t *testing.T, open Open) {
	fold := func(s string) string {
		return strings.NewReplacer("註", "注", "冊", "册", "ａ", "a", "e\u0301", "é", "ß", "ss").Replace(s)
	}
	for name, fold := range map[string]func(string) string{"plain": nil, "folded": fold} {
		t.Run(name, func(t *testing.T) {
			x := open(t, fold)
			rapid.Check(t, func(r *rapid.T) {
				records := Records(rapid.IntRange(1, 20).Draw(r, "n")).Draw(r, "records")
				if err := x.Delete(t.Context(), ids(t, x), 0); err != nil {
					r.Fatal(err)
				}
				if err := x.Put(t.Context(), records, 0); err != nil {
					r.Fatal(err)
				}
				for range 8 {
					req := index.Request{
						Query: Queries().Draw(r, "query"), Offset: rapid.IntRange(0, 5).Draw(r, "offset"), Limit: rapid.IntRange(0, 20).Draw(r, "limit"),
						Sort: rapid.SampledFrom(index.Sorts()).Draw(r, "sort"), Sight: Sights().Draw(r, "sight"),
					}
					req.NoFacets = rapid.Bool().Draw(r, "without facets")
					some := []string{records[0].Finding.ID, "none", records[len(records)/2].Finding.ID}
					req.IDs = rapid.SampledFrom([][]string{nil, nil, nil, {}, some[:1], some}).Draw(r, "ids")
					found := compare(r, x, records, req, fold)
					req.Offset, req.After = 0, found.Next
					compare(r, x, records, req, fold)
					req.After, req.Before = "", found.Prev
					compare(r, x, records, req, fold)
				}
			})
		})
	}
}

// compare compares one search with the reference, and returns its result.
func compare(t rapid.TB, x index.Index, records []qianshao.FindingRecord, req index.Request, fold func(string) string) index.Results {
	t.Helper()
	got, err := x.Search(context.Background(), req)
	if err != nil {
		t.Fatalf("Search %v: %v", req.Query, err)
	}
	want := Search(records, req, fold)
	ignore := []cmp.Option{cmpopts.IgnoreFields(index.Results{}, "Took"), cmpopts.IgnoreFields(index.Hit{}, "Evidence", "Snippet")}
	if diff := cmp.Diff(want, got, ignore...); diff != "" {
		t.Errorf("Search %v among %v, sight %v, offset %d, limit %d, after %q, before %q (-want +got):\n%s", req.Query, req.IDs, req.Sight, req.Offset, req.Limit, req.After, req.Before, diff)
	}
	return got
}
