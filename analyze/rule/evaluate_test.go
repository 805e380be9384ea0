package rule

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/qianshao/qianshao"
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
		{"near", "  a: {terms: [办理]}\n  b: {terms: [证件]}\n  condition: a near/4 b\n", texts("办理各种假证件"), true},
		{"near, too far", "  a: {terms: [办理]}\n  b: {terms: [证件]}\n  condition: a near/3 b\n", texts("办理各种真假证件"), false},
		{"near, the other way round", "  a: {terms: [办理]}\n  b: {terms: [证件]}\n  condition: a near/3 b\n", texts("证件代你办理"), true},
		{"near, other region", "  a: {terms: [办理]}\n  b: {terms: [证件]}\n  condition: a near/50 b\n", texts("办理", "证件"), false},
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
		Terms: 2, Weight: 2, Blocks: 2, Hits: 2, Concealed: true, AllConcealed: true, InTitle: true, Disguised: true, DisguisedHits: 1, MaxCost: 2,
		Evidence: []qianshao.Evidence{
			{Block: "a", Term: "註冊送", Text: "注 册 送", Steps: []string{"separator"}, Region: "meta", Name: "keywords",
				Hidden: qianshao.HidingEntityEncoded, Path: "head > meta", Span: qianshao.Span{Start: 21, End: 32}, Line: 2, Column: 5,
				Before: "新人", After: "88元"},
			{Block: "b", Term: `\d+元`, Text: "88元", Region: "meta", Name: "keywords",
				Hidden: qianshao.HidingEntityEncoded, Path: "head > meta", Span: qianshao.Span{Start: 32, End: 37}, Line: 2, Column: 10,
				Before: "新人注 册 送"},
		},
	}}
	if diff := cmp.Diff(want, got.Fired, cmpopts.IgnoreFields(Fired{}, "Rule")); diff != "" {
		t.Errorf("evidence differs (-want +got):\n%s", diff)
	}
	for _, e := range got.Fired[0].Evidence {
		if line, column := doc.Position(e.Span.Start); line != e.Line || column != e.Column {
			t.Errorf("%s stands at %d:%d, the document says %d:%d", e.Term, e.Line, e.Column, line, column)
		}
	}
}
