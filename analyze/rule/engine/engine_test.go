package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

func TestEvaluate(t *testing.T) {
	const text, title, comment = qianshao.RegionText, qianshao.RegionTitle, qianshao.RegionComment
	for _, test := range []struct {
		name, detection string
		doc             *qianshao.Document
		fires           bool
	}{
		{"one term", "  a: {terms: [注册送]}\n  condition: a\n", texts("新人注册送礼"), true},
		{"no term", "  a: {terms: [注册送]}\n  condition: a\n", texts("新人注册"), false},
		{"and over two regions", "  a: {terms: [百家乐]}\n  b: {terms: [注册送]}\n  condition: a and b\n", texts("百家乐", "注册送"), true},
		{"not", "  a: {terms: [百家乐]}\n  b: {terms: [骗局]}\n  condition: a and not b\n", texts("百家乐是骗局"), false},
		{"min counts distinct terms", "  a: {terms: [百家乐, 老虎机], min: 2}\n  condition: a\n", texts("百家乐百家乐百家乐"), false},
		{"min reached", "  a: {terms: [百家乐, 老虎机], min: 2}\n  condition: a\n", texts("百家乐", "老虎机"), true},
		{"weight reaches min", "  a: {terms: [百家乐 | 2, 老虎机], min: 2}\n  condition: a\n", texts("百家乐"), true},
		{"plain, a guess", "  a: {terms: [问鼎], plain: true}\n  b: {terms: [平台]}\n  condition: a and b\n", texts("稳定的平台，加微信 abc12345"), false},
		{"plain, as written", "  a: {terms: [问鼎], plain: true}\n  b: {terms: [平台]}\n  condition: a and b\n", texts("問 鼎平台"), true},
		{"plain, a long term in disguise", "  a: {terms: [新人首存送], plain: true}\n  condition: a\n", texts("新仁首存送"), true},
		{"plain, in hiding", "  a: {terms: [博彩], plain: true}\n  condition: a\n", page(regionOf(qianshao.RegionText, qianshao.HidingOpacity, "菠菜")), false}, // hidden menus contain recipes, too
		{"like", "  a: {terms: [百家乐, 首存], min: 2}\n  b: {like: a, min: 1, max_chars: 6}\n  condition: a or b\n", texts("百家乐在此"), true},
		{"like, its own bound", "  a: {terms: [百家乐, 首存], min: 2}\n  b: {like: a, min: 1, max_chars: 4}\n  condition: a or b\n", texts("百家乐在此"), false},
		{"like, the bound above", "  a: {terms: [百家乐, 首存], min: 2}\n  b: {like: a, max_chars: 20}\n  condition: b or (a and b)\n", texts("百家乐在此"), false},
		{"like, except and all", "  a: {terms: [六合], except: [六合区], plain: true}\n  b: {like: a, max_chars: 20}\n  condition: b or (a and b)\n", texts("在六合区"), false},
		{"within", "  a: {terms: [百家乐, 首存, 网址], min: 3, within: 12}\n  condition: a\n", texts("玩百家乐，首存送，网址见内"), true},
		{"within, too far", "  a: {terms: [百家乐, 首存, 网址], min: 3, within: 7}\n  condition: a\n", texts("玩百家乐，首存送，网址见内"), false},
		{"within, other regions", "  a: {terms: [百家乐, 首存, 网址], min: 3, within: 40}\n  condition: a\n", texts("玩百家乐，首存送", "网址见内"), false},
		{"within, the second stretch", "  a: {terms: [百家乐, 首存], min: 2, within: 9}\n  condition: a\n", texts("百家乐" + strings.Repeat("某某", 9) + "首存百家乐百家乐"), true},
		{"within, weights", "  a: {terms: [百家乐 | 2, 首存 | 3], min: 5, within: 9}\n  condition: a\n", texts("百家乐首存"), true},
		{"within, near a lone hit", "  a: {terms: [百家乐, 首存], min: 2, within: 9}\n  b: {terms: [加我]}\n  condition: a near/2 b\n", texts("百家乐首存" + strings.Repeat("某某", 9) + "百家乐加我"), false},
		{"within, near its own", "  a: {terms: [百家乐, 首存], min: 2, within: 9}\n  b: {terms: [加我]}\n  condition: a near/2 b\n", texts("百家乐" + strings.Repeat("某某", 9) + "百家乐首存加我"), true},
		{"within, a regex joins in", "  a: {terms: [首存], regex: ['\\d+元'], min: 2, within: 9}\n  condition: a\n", texts("首存送88元"), true},
		{"within, a regex too far", "  a: {terms: [首存], regex: ['\\d+元'], min: 2, within: 9}\n  condition: a\n", texts("首存" + strings.Repeat("某某", 9) + "88元"), false},
		{"within, disguised beside plain", "  a: {terms: [博彩, 首存送], min: 2, within: 20}\n  condition: a\n", texts("菠菜首存送"), true},
		{"within, disguises alone", "  a: {terms: [博彩, 彩金], min: 2, within: 20}\n  condition: a\n", texts("菠菜踩斤"), false},
		{"within, in hiding", "  a: {terms: [博彩, 首存], min: 2, within: 20}\n  b: {terms: [警方]}\n  condition: a and not b\n", page(region("警方"), regionOf(qianshao.RegionText, qianshao.HidingOpacity, "博彩首存")), true},
		{"except", "  a: {terms: [六合], except: [六合区]}\n  condition: a\n", texts("南京六合区图书馆"), false},
		{"except elsewhere", "  a: {terms: [六合], except: [六合区]}\n  condition: a\n", texts("六合区有人卖六合资料"), true},
		{"longest first", "  a: {terms: [注册送, 注册送彩金, 彩金], min: 2}\n  condition: a\n", texts("注册送彩金"), false},
		{"longest first, another place", "  a: {terms: [注册送, 注册送彩金, 彩金], min: 2}\n  condition: a\n", texts("注册送彩金，领彩金"), true},
		{"regions", "  a: {terms: [百家乐], regions: [title]}\n  condition: a\n", texts("百家乐"), false},
		{"regions title", "  a: {terms: [百家乐], regions: [title]}\n  condition: a\n", page(regionOf(title, "", "百家乐")), true},
		{"url is not read by default", "  a: {terms: [bocai]}\n  condition: a\n", page(regionOf(qianshao.RegionURL, "", "https://bocai.example/")), false},
		{"url asked for", "  a: {terms: [bocai], regions: [url]}\n  condition: a\n", page(regionOf(qianshao.RegionURL, "", "https://bocai.example/")), true},
		{"hidden only", "  a: {terms: [百家乐], hidden: true}\n  condition: a\n", texts("百家乐"), false},
		{"hidden", "  a: {terms: [百家乐], hidden: true}\n  condition: a\n", page(regionOf(text, qianshao.HidingOffScreen, "百家乐")), true},
		{"a comment is not hidden", "  a: {terms: [百家乐], hidden: true}\n  condition: a\n", page(regionOf(comment, qianshao.HidingComment, "百家乐")), false},
		{"visible only", "  a: {terms: [百家乐], hidden: false}\n  condition: a\n", page(regionOf(text, qianshao.HidingOffScreen, "百家乐")), false},
		{"not, look-alike: no excuse", "  a: {terms: [汇到]}\n  b: {terms: [贷款]}\n  condition: a and not b\n", texts("货款汇到这里"), true},
		{"not, traditional", "  a: {terms: [汇到]}\n  b: {terms: [贷款]}\n  condition: a and not b\n", texts("貸款汇到这里"), false},
		{"near", "  a: {terms: [办理]}\n  b: {terms: [证件]}\n  condition: a near/4 b\n", texts("办理各种假证件"), true},
		{"near, too far", "  a: {terms: [办理]}\n  b: {terms: [证件]}\n  condition: a near/3 b\n", texts("办理各种真假证件"), false},
		{"near, the other way round", "  a: {terms: [办理]}\n  b: {terms: [证件]}\n  condition: a near/3 b\n", texts("证件代你办理"), true},
		{"near, other region", "  a: {terms: [办理]}\n  b: {terms: [证件]}\n  condition: a near/50 b\n", texts("办理", "证件"), false},
		{"near, one word in both blocks", "  a: {terms: [代办, 代开]}\n  b: {terms: [代办, 证件]}\n  condition: a near/9 b\n", texts("代办"), false},
		{"near, two words of both blocks", "  a: {terms: [代办, 代开]}\n  b: {terms: [代办, 代开]}\n  condition: a near/9 b\n", texts("代办代开"), true},
		{"near, the whole region is short", "  a: {terms: [代办证件]}\n  b: {regex: ['^.{1,20}$']}\n  condition: a near/0 b\n", texts("代办证件"), true},
		{"near, the region is long", "  a: {terms: [代办证件]}\n  b: {regex: ['^.{1,20}$']}\n  condition: a near/0 b\n", texts("代办证件" + strings.Repeat("某某", 20)), false},
		{"short region", "  a: {terms: [代办证件], max_chars: 20}\n  condition: a\n", texts("代办证件"), true},
		{"short region, hit in a long one", "  a: {terms: [代办证件], max_chars: 20}\n  condition: a\n", texts("短", "代办证件"+strings.Repeat("某某", 20)), false},
		{"short region, to the character", "  a: {terms: [代办证件], regex: ['\\d+元'], min: 2, max_chars: 8}\n  condition: a\n", texts("代办证件 88元"), true},
		{"short region, one character more", "  a: {terms: [代办证件], regex: ['\\d+元'], min: 2, max_chars: 7}\n  condition: a\n", texts("代办证件 88元"), false},
		{"long region", "  a: {regex: ['\\d+元'], min_chars: 20}\n  condition: a\n", texts("送88元" + strings.Repeat("某某", 10)), true},
		{"long region, too short", "  a: {regex: ['\\d+元'], min_chars: 20}\n  condition: a\n", texts("送88元"), false},
		{"near a length", "  a: {terms: [代办证件]}\n  brief: {max_chars: 20}\n  condition: a near/0 brief\n", texts("代办证件"), true},
		{"near a length, the other way round", "  a: {regex: ['代办\\d']}\n  brief: {max_chars: 20}\n  condition: brief near/0 a\n", texts("代办8"), true},
		{"near a length, hit in a long region", "  a: {terms: [代办证件]}\n  brief: {max_chars: 20}\n  condition: a near/0 brief\n", texts("短", "代办证件"+strings.Repeat("某某", 20)), false},
		{"near a length of titles", "  a: {terms: [代办证件]}\n  brief: {max_chars: 20, regions: [title]}\n  condition: a near/0 brief\n", texts("代办证件"), false},
		{"a length anywhere", "  a: {terms: [代办证件]}\n  brief: {max_chars: 3}\n  condition: a and brief\n", texts("短", "代办证件"), true},
		{"not a length", "  a: {terms: [代办证件]}\n  long: {min_chars: 50}\n  condition: a and not long\n", texts("代办证件", strings.Repeat("某某", 50)), false},
		{"a length is no corroboration", "  a: {terms: [博彩]}\n  brief: {max_chars: 50}\n  condition: a and brief\n", texts("博￣＝＊～＾＋＃＠￥＄％彩"), false},
		{"away", "  a: {terms: [首存]}\n  b: {terms: [超市]}\n  condition: a away/4 b\n", texts("首存送礼，我不在超市"), true},
		{"away, too close", "  a: {terms: [首存]}\n  b: {terms: [超市]}\n  condition: a away/4 b\n", texts("超市会员首存送礼"), false},
		{"away, another place", "  a: {terms: [首存]}\n  b: {terms: [超市]}\n  condition: a away/4 b\n", texts("超市会员首存送礼，今天又来玩，首存送礼"), true},
		{"away, another region", "  a: {terms: [首存]}\n  b: {terms: [超市]}\n  condition: a away/4 b\n", texts("首存送礼", "超市"), true},
		{"away, by an expression", "  a: {terms: [首存]}\n  b: {regex: ['超.店']}\n  condition: a away/4 b\n", texts("超级店首存送礼"), false},
		{"away, from an expression", "  a: {regex: ['首.送']}\n  b: {terms: [超市]}\n  condition: a away/4 b\n", texts("超市首存送礼"), false},
		{"away, from two", "  a: {terms: [首存]}\n  b: {terms: [超市]}\n  c: {terms: [健身房]}\n  condition: a away/4 b away/4 c\n", texts("健身房首存送礼"), false},
		{"away, an excuse short of its min", "  a: {terms: [首存]}\n  b: {terms: [超市, 商场], min: 2}\n  condition: a away/4 b\n", texts("超市首存送礼"), true},
		{"away, one word in both blocks", "  a: {terms: [首存, 彩金]}\n  b: {terms: [首存, 超市]}\n  condition: a away/9 b\n", texts("首存送礼"), true},
		{"near and away", "  a: {terms: [首存]}\n  b: {terms: [网址]}\n  c: {terms: [超市]}\n  condition: a near/5 b away/9 c\n", texts("首存送，网址见内"), true},
		{"near and away, too close", "  a: {terms: [首存]}\n  b: {terms: [网址]}\n  c: {terms: [超市]}\n  condition: a near/5 b away/9 c\n", texts("首存送，网址见超市"), false},
		{"near and away, the other pair", "  a: {terms: [首存]}\n  b: {terms: [网址]}\n  c: {terms: [超市]}\n  condition: a near/5 b away/4 c\n", texts("首存送，网址见超市，今天他又来，首存送，网址"), true},
		{"near a length and away", "  a: {terms: [首存]}\n  brief: {max_chars: 20}\n  c: {terms: [超市]}\n  condition: a near/0 brief away/9 c\n", texts("首存送，见超市"), false},
		{"away, in hiding", "  a: {terms: [首存]}\n  c: {terms: [超市]}\n  condition: a away/9 c\n", page(region("超市"), regionOf(qianshao.RegionText, qianshao.HidingOpacity, "首存")), true},
		{"not away", "  a: {terms: [首存]}\n  b: {terms: [网址]}\n  c: {terms: [超市]}\n  condition: b and not a away/9 c\n", texts("首存送，网址见超市"), true},
		{"n of", "  a: {terms: [甲乙]}\n  b: {terms: [丙丁]}\n  c: {terms: [戊己]}\n  condition: 2 of (a, b, c)\n", texts("甲乙戊己"), true},
		{"n of, too few", "  a: {terms: [甲乙]}\n  b: {terms: [丙丁]}\n  c: {terms: [戊己]}\n  condition: 2 of (a, b, c)\n", texts("戊己"), false},
		{"any of prefix", "  o1: {terms: [甲乙]}\n  o2: {terms: [丙丁]}\n  condition: any of o*\n", texts("丙丁"), true},
		{"all of them", "  a: {terms: [甲乙]}\n  b: {terms: [丙丁]}\n  condition: all of them\n", texts("丙丁"), false},
		{"regex", "  a: {regex: ['\\d{2,4}\\s*元\\s*彩金']}\n  condition: a\n", texts("送 88 元彩金"), true},
		{"regex on the folded form", "  a: {regex: ['\\d{2,4}元彩金']}\n  condition: a\n", texts("送 ８８-元·彩·金"), true},
		{"regex quiet", "  a: {regex: ['\\d{2,4}元彩金']}\n  condition: a\n", texts("送元彩金"), false},
		{"regex inside except", "  a: {regex: ['\\d{3}热线'], except: [110热线]}\n  condition: a\n", texts("拨打110热线"), false},
		{"regex and term for min", "  a: {terms: [首存], regex: ['\\d+元'], min: 2}\n  condition: a\n", texts("首存送88元"), true},
		{"regex at a term's place does not count twice", "  a: {terms: [注册送], regex: ['送\\d+'], min: 2}\n  condition: a\n", texts("注册送88"), false},
		{"whole word", "  a: {terms: [博彩], word: true}\n  condition: a\n", texts("广博彩虹幼儿园"), false},
		{"whole word, bounded", "  a: {terms: [博彩], word: true}\n  condition: a\n", texts("线上博彩平台"), true},
		{"disguised short term alone", "  a: {terms: [博彩]}\n  b: {terms: [开户]}\n  condition: a or b\n", texts("博￣＝＊～＾＋＃＠￥＄％彩"), false},
		{"disguised long term", "  a: {terms: [澳门新葡京]}\n  condition: a\n", texts("澳.门.新.葡.京"), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := loadDetection(t, test.detection)
			if got := fires(set, test.doc); got != test.fires {
				t.Errorf("fires = %v, want %v\n%s", got, test.fires, set.Explain(test.doc, "r"))
			}
			if got := set.Explain(test.doc, "r").Holds; got != test.fires {
				t.Errorf("Explain says %v, want %v", got, test.fires)
			}
		})
	}
}

func TestEvidence(t *testing.T) {
	set := loadDetection(t, "  a: {terms: [註冊送]}\n  b: {regex: ['\\d+元']}\n  condition: a and b\n")
	doc := page(region("欢迎"), qianshao.Region{Kind: qianshao.RegionMeta, Name: "keywords", Hidden: qianshao.HidingEntityEncoded,
		Path: "head > meta", Text: "新人注 册 送88元"})
	got := set.Evaluate(doc)
	want := []Fired{{
		Terms: []WeighedTerm{{Text: "88元", Grade: syntax.Specific}, {Text: "註冊送", Grade: syntax.Specific}}, Concealed: true,
		Evidence: []qianshao.Evidence{
			{Block: "a", Term: "註冊送", Text: "注 册 送", Steps: []string{"separator"}, Region: "meta", Name: "keywords",
				Hidden: qianshao.HidingEntityEncoded, Path: "head > meta", Span: qianshao.Span{Start: 21, End: 32}, Line: 2, Column: 5,
				Before: "新人", After: "88元"},
			{Block: "b", Term: `\d+元`, Text: "88元", Region: "meta", Name: "keywords",
				Hidden: qianshao.HidingEntityEncoded, Path: "head > meta", Span: qianshao.Span{Start: 32, End: 37}, Line: 2, Column: 10,
				Before: "新人注 册 送"},
		},
	}}
	if diff := cmp.Diff(want, got.Fired, cmpopts.IgnoreFields(Fired{}, "Rule", "Disguised")); diff != "" {
		t.Errorf("evidence differs (-want +got):\n%s", diff)
	}
	for _, e := range got.Fired[0].Evidence {
		if line, column := doc.Position(e.Span.Start); line != e.Line || column != e.Column {
			t.Errorf("%s stands at %d:%d, the document says %d:%d", e.Term, e.Line, e.Column, line, column)
		}
	}
}

// TestFloods: a page that repeats one word counts like a page that says it once, and is judged as
// fast.
func TestFloods(t *testing.T) {
	set := loadDetection(t, "  a: {terms: [百家乐, 百家, 家乐, 老虎机], min: 2}\n  b: {regex: ['\\d+元']}\n  condition: a and b\n")
	flood := strings.Repeat("百家乐88元", 100_000)
	if fires(set, texts(flood)) {
		t.Error("one term of weight 1 reached min 2")
	}
	hidden := regionOf(qianshao.RegionText, qianshao.HidingOpacity, "老虎机")
	result := set.Evaluate(page(region(flood), regionOf(qianshao.RegionTitle, "", "百家乐"), hidden))
	if len(result.Fired) != 1 {
		t.Fatal("the terms behind the flood were not counted")
	}
	got := result.Fired[0]
	if len(got.Terms) != 2 || got.Concealed || len(got.Evidence) > qianshao.MaxEvidence {
		t.Errorf("terms %d, concealed %v, evidence %d", len(got.Terms), got.Concealed, len(got.Evidence))
	}
	kinds := map[qianshao.RegionKind]bool{}
	hid := false
	for _, e := range got.Evidence {
		kinds[e.Region] = true
		hid = hid || e.Hidden.Concealed()
	}
	if !kinds[qianshao.RegionTitle] || !hid {
		t.Error("the title's or the hidden evidence was cut in favour of repeats")
	}
}

func TestCorroboration(t *testing.T) {
	const short = "博￣＝＊～＾＋＃＠￥＄％彩"
	set := loadDetection(t, "  a: {terms: [博彩]}\n  b: {terms: [注册送]}\n  condition: a or 2 of (a, b)\n")
	for _, test := range []struct {
		name string
		doc  *qianshao.Document
		a    bool
	}{
		{"alone", texts(short), false},
		{"another block, plain", texts(short, "注册送"), true},
		{"another block, disguised", texts(short, "注＝－＋＃册＊～￥＄送"), false},
		{"contact handle near", texts(short + "加QQ：12345678"), true},
		{"contact handle far", texts(short + strings.Repeat("某某", 40) + "加QQ：12345678"), false},
		{"a date is no contact", texts(short + "2026-11-23"), false},
		{"concealed", page(regionOf(qianshao.RegionText, qianshao.HidingOpacity, short)), false},
		{"concealed, a handle near", page(regionOf(qianshao.RegionText, qianshao.HidingOpacity, short+"加QQ：12345678")), true},
		{"in a comment", page(regionOf(qianshao.RegionComment, qianshao.HidingComment, short)), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := set.Explain(test.doc, "r")
			if x.Blocks[0].Holds != test.a {
				t.Errorf("block a holds: %v, want %v\n%s", x.Blocks[0].Holds, test.a, x)
			}
		})
	}
}

// TestDisguiseCutsNoWord: 播彩 may be a disguise of 博彩, but not where 广播 and 彩色 meet.
func TestDisguiseCutsNoWord(t *testing.T) {
	set := loadDetection(t, "  a: {terms: [博彩]}\n  b: {terms: [注册送]}\n  condition: a and b\n")
	for text, want := range map[string]bool{
		"注册送，播彩": true, "注册送，听广播彩色电视": false,
		"注册送，博彩": true, "注册送，广博彩虹": false,
	} {
		if x := set.Explain(texts(text), "r"); x.Holds != want {
			t.Errorf("%s: holds %v, want %v\n%s", text, x.Holds, want, x)
		}
	}
}

const noticeContext = `name: police_notice
title: 警方通报
description: 公安机关的通报。
detection:
  police: {terms: [公安局, 派出所]}
  act: {terms: [抓获, 谨防]}
  condition: police and act
lowers: 30
`

func TestContexts(t *testing.T) {
	set := loadDetection(t, "  a: {terms: [百家乐]}\n  condition: a\n", "contexts/police_notice.yaml", noticeContext)
	for _, test := range []struct {
		name string
		doc  *qianshao.Document
		want []string
	}{
		{"recognised", texts("县公安局抓获百家乐团伙"), []string{"police_notice"}},
		{"half of it", texts("县公安局的百家乐"), nil},
		{"planted where nobody sees it", page(regionOf(qianshao.RegionText, qianshao.HidingOffScreen, "县公安局抓获"), region("百家乐")), nil},
		{"planted in a comment", page(regionOf(qianshao.RegionComment, qianshao.HidingComment, "县公安局抓获"), region("百家乐")), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			result := set.Evaluate(test.doc)
			var got []string
			for _, c := range result.Contexts {
				got = append(got, c.Name)
				if c.Lowers != 30 || c.Title != "警方通报" || len(c.Evidence) != 2 {
					t.Errorf("context %+v", c)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("contexts differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestConcealed: every site hides menus. Hidden text counts as concealed only where it makes the
// condition true without the visible text.
func TestConcealed(t *testing.T) {
	hid := func(s string) qianshao.Region {
		return regionOf(qianshao.RegionText, qianshao.HidingDisplayNone, s)
	}
	const blocks = "  brand: {terms: [百家乐, 老虎机]}\n  offer: {terms: [注册送, 彩金 | 2], regex: ['\\d+元'], min: 2}\n  police: {terms: [警方]}\n  brief: {max_chars: 9}\n"
	for _, test := range []struct {
		name, condition  string
		doc              *qianshao.Document
		concealed        bool
		terms, evidences int
	}{
		{"all hidden", "brand and offer", page(hid("百家乐彩金")), true, 2, 2},
		{"hidden beside the same in sight", "brand and offer", page(hid("百家乐彩金"), region("百家乐彩金")), true, 2, 4},
		{"over two hidden regions", "brand and offer", page(hid("百家乐"), region("今天"), hid("彩金")), true, 2, 2},
		{"a menu joins in", "brand and offer", page(hid("彩金"), region("百家乐 老虎机")), false, 2, 3},
		{"min is reached in hiding", "brand and offer", page(hid("百家乐注册送88元")), true, 3, 3},
		{"min is reached only together", "brand and offer", page(hid("百家乐注册送"), region("88元")), false, 1, 3},
		{"or: the hidden side holds", "brand or offer", page(hid("彩金"), region("百家乐")), true, 2, 2},
		{"n of, in hiding", "2 of (brand, offer, police)", page(hid("百家乐彩金"), region("警方")), true, 3, 3},
		{"n of, together", "2 of (brand, offer, police)", page(hid("百家乐"), region("警方")), false, 1, 2},
		{"near in hiding", "brand near/5 offer", page(hid("百家乐彩金")), true, 2, 2},
		{"near a length in hiding", "offer near/0 brief", page(hid("彩金")), true, 1, 1},
		{"near a length in sight", "brand near/0 brief", page(hid("注册送"), region("百家乐")), false, 1, 1},
		{"near in sight only", "brand near/5 offer", page(hid("百家乐"), region("百家乐彩金"), hid("彩金")), false, 2, 2},
		{"not", "brand and not police", page(hid("百家乐")), true, 1, 1},
		{"no word in sight excuses", "brand and not police", page(hid("百家乐"), region("警方提醒")), true, 1, 1},
		{"a word in hiding excuses no word in sight", "brand and not police or offer", page(hid("百家乐，警方"), region("彩金")), false, 1, 1},
		{"not inside not", "brand and not (police or not offer)", page(hid("百家乐"), region("彩金")), false, 0, 1},
		{"not inside not, in hiding", "brand and not (police or not offer)", page(hid("百家乐彩金")), true, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := loadDetection(t, blocks+unused(test.condition)).Evaluate(test.doc).Fired
			if len(got) != 1 {
				t.Fatalf("%d rules fired", len(got))
			}
			if f := got[0]; f.Concealed != test.concealed || len(f.Terms) != test.terms || len(f.Evidence) != test.evidences {
				t.Errorf("concealed %v, %d terms, %d pieces of evidence; want %v, %d, %d", f.Concealed, len(f.Terms), len(f.Evidence), test.concealed, test.terms, test.evidences)
			}
		})
	}
}

// unused returns a condition that names all blocks of TestConcealed and means the same.
func unused(condition string) string {
	return "  never: {terms: [从来没有]}\n  condition: (" + condition + ") or (never and 1 of (brand, offer, police, brief))\n"
}

// TestInert: if all evidence is in comments and scripts, no visitor reads it.
func TestInert(t *testing.T) {
	set := loadDetection(t, "  a: {terms: [百家乐]}\n  condition: a\n")
	comment := regionOf(qianshao.RegionComment, qianshao.HidingComment, "百家乐")
	if got := set.Evaluate(page(comment)).Fired[0]; !got.Inert || got.Concealed {
		t.Errorf("comment alone: %+v", got)
	}
	if got := set.Evaluate(page(comment, region("百家乐"))).Fired[0]; got.Inert {
		t.Error("inert although the text has it too")
	}
	if got := set.Evaluate(page(regionOf(qianshao.RegionScript, qianshao.HidingWritten, "百家乐"))).Fired[0]; got.Inert || !got.Concealed {
		t.Error("what a script writes into the page is not inert")
	}
}

func TestExplanation(t *testing.T) {
	set := loadDetection(t, `  brand: {terms: [葡京, 六合], except: [六合区]}
  offer: {terms: [注册送, 首存优惠], regions: [title], min: 2}
  money: {regex: ['\d+元']}
  condition: brand and (offer or money) and not 2 of (offer, money)
`)
	explained := set.Explain(texts("六合区新葡 京娱乐", "注册送彩金"), "r")
	want := `✗ r: the condition does not hold
  ✗ brand and (offer or money) and not 2 of (offer, money)
    ✓ brand
    ✗ offer or money
      ✗ offer
      ✗ money
    ✓ not 2 of (offer, money)
      ✗ 2 of (offer, money)
        ✗ offer
        ✗ money
✓ block brand: weight 1 of 1
    1:7 text: 六合区新[葡 京]娱乐 = 葡京 by separator
    not counted: 1 inside one of the block's excepts, as in [六合]区新葡 京
✗ block offer: weight 0 of 2: needs weight 2, has 0
    not counted: 1 in a region that the block does not read, as in [注册送]彩金
✗ block money: weight 0 of 1: needs weight 1, has 0
`
	if diff := cmp.Diff(want, explained.String()); diff != "" {
		t.Errorf("explanation differs (-want +got):\n%s", diff)
	}
	blocks := `✓ 块 brand：权重 1，需要 1
    1:7 正文: 六合区新[葡 京]娱乐 = 葡京，经过：去除间隔符
    不计：1 处在本块 except 的文字里，例如 [六合]区新葡 京
✗ 块 offer：权重 0，需要 2：没有达到
`
	if got := explained.In(locales.Chinese); !strings.HasPrefix(got, "✗ r: 条件不成立\n") || !strings.Contains(got, blocks) {
		t.Errorf("in Chinese:\n%s", got)
	}
	set = loadDetection(t, "  a: {terms: [注册送], max_chars: 8}\n  brief: {min_chars: 2, max_chars: 5}\n  condition: a near/0 brief\n")
	want = `✗ r: the condition does not hold
  ✗ a near/0 brief
✗ block a (at most 8 characters): weight 0 of 1: needs weight 1, has 0
    not counted: 1 in a region of the wrong length (the first has 11 characters; needed are at most 8 characters), as in 新人[注册送]八十八元彩
✗ block brief (2 to 5 characters): weight 0 of 1: no region that it reads has 2 to 5 characters
`
	if diff := cmp.Diff(want, set.Explain(texts("新人注册送八十八元彩金"), "r").String()); diff != "" {
		t.Errorf("explanation differs (-want +got):\n%s", diff)
	}
	set = loadDetection(t, "  a: {terms: [首存, 彩金 | 2], min: 3, within: 9}\n  condition: a\n")
	want = `✗ r: the condition does not hold
  ✗ a
✗ block a: weight 2 of 3: needs weight 3, has 2
    1:3 text: [首存]某某某某某某某某某某某某彩金
    1:17 text: 首存某某某某某某某某某某某某[彩金]
    not counted: 2 with a weight below 3 within 9 characters
`
	if diff := cmp.Diff(want, set.Explain(texts("首存"+strings.Repeat("某某", 6)+"彩金"), "r").String()); diff != "" {
		t.Errorf("explanation differs (-want +got):\n%s", diff)
	}
	if got := set.Explain(texts("甲"), "nosuch").String(); !strings.Contains(got, "no such rule") {
		t.Errorf("unknown rule: %s", got)
	}
}

// TestConcurrent: one set serves many goroutines and gives all of them the same answers.
func TestConcurrent(t *testing.T) {
	set := loadDetection(t, "  a: {terms: [百家乐, 博彩], word: true}\n  b: {regex: ['\\d+元']}\n  condition: a near/9 b\n")
	doc := func() *qianshao.Document {
		return texts("玩百家乐送88元", strings.Repeat("线上博彩平台", 50), "博彩 18元")
	}
	want := set.Evaluate(doc())
	if len(want.Fired) != 1 {
		t.Fatal("does not fire")
	}
	done := make(chan string)
	for range 4 {
		go func() {
			out := ""
			for range 50 {
				if diff := cmp.Diff(want, set.Evaluate(doc()), cmpopts.IgnoreFields(rule.Rule{}, "Detection")); diff != "" {
					out = diff
				}
			}
			done <- out
		}()
	}
	for range 4 {
		if diff := <-done; diff != "" {
			t.Errorf("differs (-want +got):\n%s", diff)
		}
	}
}

// TestDisguiseOnWordyPages: among many words some sound like any term, so on a page with much text
// a disguised short term needs a contact handle beside it, hidden or not.
func TestDisguiseOnWordyPages(t *testing.T) {
	const blocks = "  game: {terms: [博彩, 线上博彩网]}\n  call: {terms: [来玩]}\n  condition: game and call\n"
	set := loadDetection(t, blocks)
	prose := strings.Repeat("今天学校举行运动会，同学们踊跃参加。", 40)
	for _, test := range []struct {
		name  string
		doc   *qianshao.Document
		fires bool
	}{
		{"a message", page(region("菠菜，来玩")), true},
		{"an article", page(region(prose + "超市里的菠菜新鲜，有空来玩")), false},
		{"an article's comment with a handle", page(region(prose), region("菠菜，来玩，加QQ 12345678")), true},
		{"plain in an article", page(region(prose + "博彩，来玩")), true},
		{"hidden in an article", page(region(prose), regionOf(qianshao.RegionText, qianshao.HidingDisplayNone, "菠菜，来玩")), false},
		{"hidden, with a handle", page(region(prose), regionOf(qianshao.RegionText, qianshao.HidingDisplayNone, "菠菜，来玩，加QQ 12345678")), true},
		{"hidden, a long term", page(region(prose), regionOf(qianshao.RegionText, qianshao.HidingDisplayNone, "线上菠菜网，来玩")), true},
	} {
		if fires := len(set.Evaluate(test.doc).Fired) > 0; fires != test.fires {
			t.Errorf("%s: fires %v, want %v", test.name, fires, test.fires)
		}
	}
}
