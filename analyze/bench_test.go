package analyze_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/packs"
	nethtml "golang.org/x/net/html"
)

// benchPage is a news page of about 100 kB with what portals have: navigation, 200 paragraphs,
// links, a style block and a script.
func benchPage() []byte {
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("今天 学校 举行 运动会 同学们 踊跃 参加 天气 晴朗 老师 组织 活动 取得 圆满 成功 城市 建设 发展 经济 市民 交通 出行 通知 公告 服务 中心 办理 业务 时间 地点")
	var b strings.Builder
	b.WriteString("<!doctype html><html><head><meta charset=utf-8><title>新闻中心</title><style>.nav{color:#333}.hide{display:none}#top a{padding:2px}</style></head><body><ul class=nav>")
	for i := range 100 {
		fmt.Fprintf(&b, "<li class='item i%d'><a href='/list/%d.html' title='栏目'>栏目%d</a></li>\n", i, i, i)
	}
	b.WriteString("</ul><div class=hide><a href=/menu>菜单</a></div><script>var t={'a':'更多','b':'返回'};</script>")
	for i := range 200 {
		fmt.Fprintf(&b, "<div class='post p%d'><h3>%s</h3><p>", i, words[random.IntN(len(words))])
		for range 50 {
			b.WriteString(words[random.IntN(len(words))])
			if random.IntN(8) == 0 {
				b.WriteString("，")
			}
		}
		b.WriteString("</p></div>\n")
	}
	return []byte(b.String() + "</body></html>")
}

// BenchmarkPage compares parsing a page with analysing it by all shipped rules, and by these and a
// list of 100,000 further terms.
func BenchmarkPage(b *testing.B) {
	body := benchPage()
	b.Run("parse", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := nethtml.Parse(bytes.NewReader(body)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("assess", func(b *testing.B) { benchmarkAssess(b, shipped(b), body) })
	b.Run("assess-and-100000-terms", func(b *testing.B) { benchmarkAssess(b, shippedAndMany(b), body) })
}

func benchmarkAssess(b *testing.B, a *analyze.Analyzer, body []byte) {
	b.Helper()
	if err := a.Engine().Prepare(); err != nil {
		b.Fatal(err)
	}
	page := html(string(body))
	a.Assess(page) // compiles what the page needs
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		a.Assess(page)
	}
}

// BenchmarkCrawl is the work that a crawl does on one page: find its style sheets, judge it, and
// judge it again with what a browser showed.
func BenchmarkCrawl(b *testing.B) {
	a := shipped(b)
	if err := a.Engine().Prepare(); err != nil {
		b.Fatal(err)
	}
	body := bytes.Replace(benchPage(), []byte("<style>"), []byte("<link rel=stylesheet href=/a.css><style>"), 1)
	page, shown := html(string(body)), html(string(body)+"<p>更多</p>")
	shown.View = qianshao.ViewBrowser
	sheets := map[string][]byte{"http://school.example/a.css": []byte(".more{display:none}")}
	a.Assess(page) // compiles what the page needs
	b.Run("one view", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x := analyze.NewExtraction(page)
			if len(x.Stylesheets()) != 1 {
				b.Fatal("no style sheet")
			}
			x.Page.Stylesheets = sheets
			a.AssessExtraction(x)
		}
	})
	b.Run("one view and a script", func(b *testing.B) { // 100 kB of the site's own script, with a Chinese string in each of 500 statements
		b.ReportAllocs()
		withScript := html(strings.Replace(string(body), "<style>", "<script src=/a.js></script><style>", 1))
		code := []byte(strings.Repeat(`function check(form){if(form.name.value.length<2){form.note.className="error";show("请填写姓名",form.note,{wait:300,then:function(e){e.preventDefault();return false}})}};var option={kind:"click",more:true};`+"\n", 500))
		for b.Loop() {
			x := analyze.NewExtraction(withScript)
			if x.Stylesheets(); len(x.Scripts()) != 1 {
				b.Fatal("no script")
			}
			x.Page.Stylesheets, x.Page.Scripts = sheets, map[string][]byte{"http://school.example/a.js": code}
			a.AssessExtraction(x)
		}
	})
	b.Run("two views", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x := analyze.NewExtraction(page)
			x.Stylesheets()
			x.Page.Stylesheets = sheets
			a.AssessExtraction(x)
			x.Charset() // for the browser
			browser := analyze.NewExtraction(shown)
			_ = browser.Document().Links // to follow
			x.Others = append(x.Others, browser)
			a.AssessExtraction(x)
		}
	})
}

// shippedAndMany has the shipped rules and one more with 100,000 terms.
func shippedAndMany(b *testing.B) *analyze.Analyzer {
	b.Helper()
	files := map[string]string{"rules/many.yaml": manyTermsRule, "lists/many.txt": manyTerms(100_000)}
	err := fs.WalkDir(packs.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(packs.FS(), name)
		files[name] = string(content)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return analyzer(b, files)
}

// BenchmarkHostilePage shows that a page consisting of a single awkward construct takes time in
// proportion to its size, through extract, fold, match and rules.
func BenchmarkHostilePage(b *testing.B) {
	a := shipped(b)
	if err := a.Engine().Prepare(); err != nil {
		b.Fatal(err)
	}
	for _, h := range []struct{ name, unit string }{
		{"one character", "牌"}, {"one letter", "w"}, {"zero widths", "\u200b"}, {"emoji", "🐂"}, {"brackets", "【（["},
		{"nested elements", "<b>"}, {"half characters", "\xe7\x89"}, {"digits", "8"}, {"needles", "送88加微"},
	} {
		for _, size := range []int{128 << 10, 256 << 10, 512 << 10, 1 << 20} {
			page := html("<p>" + strings.Repeat(h.unit, size/len(h.unit)))
			b.Run(fmt.Sprintf("%s/%dKB", strings.ReplaceAll(h.name, " ", "-"), size>>10), func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					a.Assess(page)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/byte")
			})
		}
	}
}

var manyTermsRule = strings.NewReplacer("id: casino", "id: many", "{terms: [线上赌场, 百家乐, 娱乐城, 老虎机], grade: specific}", "{lists: [many]}").Replace(casinoRule)

// manyTerms returns n terms of five to seven characters, drawn from the first 3,000 of the CJK
// block; the linter takes shorter ones for names of persons.
func manyTerms(n int) string {
	random := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	b.WriteString("线上赌场\n")
	for range n {
		for range 5 + random.IntN(3) {
			b.WriteRune('一' + rune(random.IntN(3000)))
		}
		b.WriteByte('\n')
	}
	return b.String()
}
