package engine

import (
	"fmt"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
)

// TestExcuses: a context excuses the text within it.
func TestExcuses(t *testing.T) {
	notice := "name: notice\ntitle: 通报\ndescription: 警方的通报。\nlowers: 30\n%sdetection:\n  police: {terms: [公安局, 民警]}\n  act: {terms: [抓获, 提醒]}\n  condition: police and act\n"
	lures := header + "id: r\ndetection:\n  a: {terms: [注册送]}\n  condition: a\n"
	article := load(t, rule.Options{}, "rules/gambling/r.yaml", lures, "contexts/notice.yaml", fmt.Sprintf(notice, ""))
	site := load(t, rule.Options{}, "rules/gambling/r.yaml", lures, "contexts/notice.yaml", fmt.Sprintf(notice, "excuses: page\n"))
	ad, footer := []qianshao.Region{region("注册送")}, []qianshao.Region{region("公安局提醒")}
	police, act, far := []qianshao.Region{region("公安局的民警")}, []qianshao.Region{region("抓获多人")}, filler(40)
	title := []qianshao.Region{regionOf(qianshao.RegionTitle, "", "公安局提醒")}
	half := []qianshao.Region{regionOf(qianshao.RegionTitle, "", "公安局")}
	hidden := []qianshao.Region{regionOf(qianshao.RegionText, qianshao.HidingDisplayNone, "公安局提醒")}
	for _, test := range []struct {
		name     string
		regions  []qianshao.Region
		excused  bool
		excusing bool // with excuses: page
	}{
		{"in one sentence", []qianshao.Region{region("公安局提醒：注册送都是骗局")}, true, true},
		{"a line in the footer", join(ad, footer), false, true},
		{"a line in the footer, far away", join(ad, far, footer), false, true},
		{"quoted in a notice", join(police, ad, act), true, true},
		{"a notice's next paragraph", join(police, act, ad), true, true},
		{"a notice elsewhere", join(police, act, far, ad), false, true},
		{"the title is a notice", join(title, far, ad), true, true},
		{"the title takes part", join(half, act, far, ad), true, true},
		{"hidden notice", join(ad, hidden), false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for e, want := range map[*Engine]bool{article: test.excused, site: test.excusing} {
				fired := e.Evaluate(page(test.regions...)).Fired
				if len(fired) != 1 || len(fired[0].Contexts) > 0 != want {
					t.Errorf("want excused %v: %+v", want, fired)
				}
			}
		})
	}
}
