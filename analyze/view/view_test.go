package view_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/view"
)

func doc(body string) *qianshao.Document {
	return analyze.Extract(qianshao.Page{URL: "http://school.example/", ContentType: "text/html; charset=utf-8", Body: []byte(body)})
}

func news(texts ...string) *qianshao.Document {
	return view.NewBaseline(doc(texts[0])).Difference(doc(texts[1])).Document
}

func texts(d *qianshao.Document) (out []string) {
	for _, r := range d.Regions {
		out = append(out, r.Text)
	}
	return out
}

func TestDifferenceIsWhatOnlyOneGot(t *testing.T) {
	const paragraph = "学校将于下周一举行升旗仪式，请各班提前十分钟到场，并按指定位置站好。"
	for _, test := range []struct {
		name, plain, other string
		want               []string
	}{
		{"the same", "<p>一样的文字在这里</p>", "<p>一样的文字在这里</p>", nil},
		{"a counter", "<p>访问量：10234 次 2026-11-24 08:00</p>", "<p>访问量：99 次 2026-11-25 23:59</p>", nil},
		{"a token in a link", `<a href="/go?t=8a7fd9012bc34e5f6a7b">下载</a>`, `<a href="/go?t=0011aabbccddeeff0011">下载</a>`, nil},
		{"another order", "<ul><li>甲班获得第一名<li>乙班获得第二名</ul>", "<ul><li>乙班获得第二名<li>甲班获得第一名</ul>", nil},
		{"less", "<p>甲班获得第一名</p><p>乙班获得第二名</p>", "<p>甲班获得第一名</p>", nil},
		{"split otherwise", "<p>甲班获得第一名，乙班获得第二名</p>", "<p>甲班获得第一名，</p><p>乙班获得第二名</p>", nil},
		{"a block more", "<p>校园新闻</p>", "<p>校园新闻</p><p>线上赌场</p>", []string{"线上赌场"}},
		{"inside of a paragraph", "<p>" + paragraph + "</p>", "<p>" + strings.Replace(paragraph, "，请各班", "。澳门娱乐城！请各班", 1) + "</p>", []string{"澳门娱乐城"}},
		{"with the words around it", "<p>警方提醒市民远离各种骗局</p>", "<p>警方提醒市民远离线上赌场骗局</p>", []string{"警方提醒市民远离线上赌场骗局"}},
		{"out of its comment", "<!-- 线上赌场开户 -->", "<p>线上赌场开户</p>", []string{"线上赌场开户"}},
		{"a link's target", `<a href="/a">首页新闻</a>`, `<a href="http://dubo.example/">首页新闻</a>`, []string{"http://dubo.example/"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, texts(news(test.plain, test.other))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDifferencePointsIntoTheSource(t *testing.T) {
	only := news("<p>校园新闻</p>", "<p>校园新闻</p>\n<p>线&#x4E0A;<b>赌</b>场&amp;彩票</p><a href=/x>入口在此处</a>")
	var got []string
	for i := range only.Regions {
		s := only.Regions[i].Span()
		got = append(got, only.Source[s.Start:s.End])
	}
	if diff := cmp.Diff([]string{"线&#x4E0A;<b>赌</b>场&amp;彩票", "入口在此处", "/x"}, got, cmp.Transformer("sort", sorted)); diff != "" {
		t.Error(diff)
	}
	if len(only.Links) != 1 || only.Regions[only.Links[0].Region].Kind != qianshao.RegionURL {
		t.Errorf("links %+v", only.Links)
	}
}

func sorted(in []string) map[string]bool {
	out := map[string]bool{}
	for _, s := range in {
		out[s] = true
	}
	return out
}

func TestSeveralPlainVisitsTellWhatRotates(t *testing.T) {
	banner := func(n int) *qianshao.Document {
		return doc(fmt.Sprintf("<p>校园新闻</p><p>%s</p>", strings.Repeat(string(rune('甲'+n)), 8)))
	}
	if got := texts(view.NewBaseline(banner(0), banner(1)).Difference(banner(1)).Document); got != nil {
		t.Errorf("what a second plain visit got is new: %q", got)
	}
}

func TestInsteadIsWhatStandsBetweenTheSameNeighbours(t *testing.T) {
	const head, foot = "<h1>学校概况</h1>", "<p>版权所有</p>"
	for _, test := range []struct{ name, plain, other, want string }{
		{"other text", head + "<p>欢迎新同学</p>" + foot, head + "<p>线上赌场</p>" + foot, "欢迎新同学"},
		{"nothing", head + foot, head + "<p>线上赌场</p>" + foot, ""},
		{"another page", head + foot, "<title>线上赌场</title><p>线上赌场</p>", "学校概况"},
		{"at the end", head, head + "<p>线上赌场</p>", ""},
		{"an empty page", "", "<p>线上赌场</p>", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			plain, other := doc(test.plain), doc(test.other)
			at := strings.Index(other.Source, "线上赌场")
			e := view.NewBaseline(plain).PlainVersion(other, qianshao.Evidence{Span: qianshao.Span{Start: at, End: at + len("线上赌场")}})
			if e.Text != test.want || plain.Source[e.Span.Start:e.Span.End] != e.Text {
				t.Errorf("%+v", e)
			}
		})
	}
}

// Text of a single repeated character, of zero-width characters or of a single word takes no longer
// than other text.
func BenchmarkDifference(b *testing.B) {
	for _, text := range []string{"赌", "\u200b", "a", "线上赌场"} {
		for size := 1 << 16; size <= 1<<18; size *= 2 {
			d := doc("<p>" + strings.Repeat(text, size/len(text)) + "</p>")
			b.Run(fmt.Sprintf("%q/%d", text, size), func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					view.NewBaseline(d).Difference(d)
				}
			})
		}
	}
}
