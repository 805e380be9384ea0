package indicator_test

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract"
	"github.com/qianshao/qianshao/analyze/indicator"
)

// promotion is a page of about 100 kB: the navigation and text of a front page, with promotion and
// handles in every tenth paragraph.
func promotion() string {
	var b strings.Builder
	for i := range 1000 {
		b.WriteString("<p>今天天气很好，我们去公园散步，下午三点在图书馆听讲座。</p>\n")
		if i%10 == 0 {
			b.WriteString("<p><a href='http://a.lucky.cc/reg'>" + term + "</a> 加V: lucky_888 扣扣：1 2 3 4 5 6 http://www.lucky888.com/</p>\n")
		}
	}
	return b.String()
}

// BenchmarkAttach also measures the extraction of the same page, which is about a third of its
// analysis.
func BenchmarkAttach(b *testing.B) {
	body := promotion()
	b.Run("extract", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			extract.Parse(qianshao.Page{URL: page, Body: []byte(body)}).Document(nil)
		}
	})
	f := indicator.New()
	doc, findings := evidenced(b, body, qianshao.LevelHigh)
	b.Run("attach", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			f.Attach(doc, page, findings)
		}
	})
}

// BenchmarkHostile doubles the length of texts that need much work at each character: the rate must
// not fall.
func BenchmarkHostile(b *testing.B) {
	f := indicator.New()
	for _, unit := range []string{"1", "1 ", "T1 ", "QQ", "a.b.", "微信", "@a ", "ICP", "62 ", "一", "http://"} {
		for _, size := range []int{1 << 18, 1 << 19} {
			body := "<p>" + term + strings.Repeat(unit, size/len(unit)) + term + "</p>"
			doc, findings := evidenced(b, body, qianshao.LevelHigh)
			b.Run(strings.TrimSpace(unit)+"/"+strings.Repeat("2x", size>>19), func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					f.Attach(doc, page, findings)
				}
			})
		}
	}
}
