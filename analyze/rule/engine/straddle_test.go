package engine

import (
	"testing"

	"github.com/qianshao/qianshao"
)

// TestStraddling: on a page a short term is found only between words.
func TestStraddling(t *testing.T) {
	const bounded, unbounded = "  a: {terms: [彩金, 期期中, 心水, 注册送, 中特]}\n  condition: a\n", "  a: {terms: [彩金, 期期中, 心水, 注册送, 中特], unbounded: 测试}\n  condition: a\n"
	for _, test := range []struct {
		text  string
		fires bool
	}{
		{"佛香厂批发五彩金香", false},
		{"第一学期期中考试安排", false},
		{"小区离心水泵房改造", false},
		{"高中特长生招生", false},
		{"首存即领彩金", true},
		{"本站心水料免费", true},
		{"新人注册送礼", true},
		{"期期中，稳", true},
		{"小区离心水泵房改造，附送：心水料", true},
	} {
		doc := texts(test.text)
		e := loadDetection(t, bounded)
		if got := fires(e, doc); got != test.fires {
			t.Errorf("%s: fires %v", test.text, got)
		}
		if x := e.Explain(doc, "r"); x.Holds != test.fires {
			t.Errorf("%s: the explanation says otherwise:\n%s", test.text, x)
		}
		if !fires(loadDetection(t, unbounded), doc) {
			t.Errorf("%s: an unbounded block does not find it", test.text)
		}
		if doc.Form = qianshao.FormMessage; !fires(e, doc) {
			t.Errorf("%s: in a message it does not count as it stands", test.text)
		}
	}
}

// TestStraddlingSums: dropped hits are not summed, neither within a stretch nor on the page.
func TestStraddlingSums(t *testing.T) {
	for _, within := range []string{"", ", within: 40"} {
		e := loadDetection(t, "  a: {terms: [彩金, 首存], min: 2"+within+"}\n  condition: a\n")
		if fires(e, texts("首存优惠，五彩金香")) {
			t.Errorf("min: 2%s: a straddling term was summed", within)
		}
		if !fires(e, texts("首存优惠，领彩金")) {
			t.Errorf("min: 2%s: does not fire", within)
		}
	}
}
