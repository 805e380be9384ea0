package analyze_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
)

// TestAllowed: a finding that the allow-list holds back is not raised; it is reported as the
// finding that it would have been, with the entry responsible. Texts that no rule flags are not
// mentioned.
func TestAllowed(t *testing.T) {
	const allow = "hosts:\n  - {host: news.example.cn, reason: 报社}\n" +
		"texts:\n  - {text: 话剧《注册送彩金，百家乐老虎机任您玩，首存优惠，返水无上限》, reason: 剧名}\n"
	set, err := rule.Load(packs.FS(), rule.Options{
		Now:     time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC),
		Overlay: fstest.MapFS{"allow.yaml": {Data: []byte(allow)}}, OverlayName: "own",
	})
	if err != nil {
		t.Fatal(err)
	}
	analyzer, err := analyze.New(set)
	if err != nil {
		t.Fatal(err)
	}
	const ad = "注册送彩金，百家乐老虎机任您玩，首存优惠，返水无上限"
	for _, test := range []struct{ name, url, text, by string }{
		{"elsewhere", "https://a.example/", ad, ""},
		{"host", "https://news.example.cn/1", ad, "host news.example.cn (报社), own/allow.yaml:2:5"},
		{"text", "https://a.example/", "话剧《" + ad + "》今晚上演", "text 话剧《" + ad + "》 (剧名), own/allow.yaml:4:5"},
		{"text and ad", "https://a.example/", "话剧《" + ad + "》今晚上演。" + ad, ""},
		{"innocent", "https://news.example.cn/2", "今天图书馆开放", ""},
	} {
		_, a := analyzer.Assess(qianshao.Page{URL: test.url, ContentType: "text/plain; charset=utf-8", Body: []byte(test.text)})
		held := ""
		if len(a.Allowed) > 0 {
			held = a.Allowed[0].By
		}
		if want := test.by == "" && test.name != "innocent"; held != test.by || a.Flagged() != want {
			t.Errorf("%s: flagged %v, held back by %q; want %v and %q", test.name, a.Flagged(), held, want, test.by)
		}
	}
	page := qianshao.Page{URL: "https://news.example.cn/1", ContentType: "text/plain; charset=utf-8", Body: []byte(ad)}
	if got := analyzer.Explain(page, "gambling-casino-promotion").String(); !strings.Contains(got, "– gambling-casino-promotion would have fired at high 72, allowed by host news.example.cn (报社)") {
		t.Errorf("the explanation does not tell:\n%s", got)
	}
}
