package explain_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/explain"
	"github.com/qianshao/qianshao/locales"
)

// TestBreakdown: the limit of the terms is said on the line that it cuts and on those that it leaves
// nothing for, and on no other.
func TestBreakdown(t *testing.T) {
	parts := []qianshao.ScorePart{
		{Reason: "rule_level", Detail: "rule level high", Points: 27},
		{Reason: "specific", Detail: "1 specific terms: 注册送彩金", Points: 20},
		{Reason: "telling", Detail: "3 telling terms: 博彩, 博彩平台, 百家乐", Points: 25},
		{Reason: "flavour", Detail: "1 flavour terms: 首存", Points: 0},
		{Reason: "terms_cap", Detail: "all terms together count 45 at most"},
		{Reason: "hidden", Detail: "evidence concealed from visitors: off-screen", Points: 18},
	}
	details := func(l locales.Lang, parts []qianshao.ScorePart) (said []string) {
		for _, p := range explain.Breakdown(l, parts) {
			said = append(said, p.Detail)
		}
		return said
	}
	if diff := cmp.Diff([]string{
		"规则级别：高",
		"1 个专指的词，普通网站几乎不用：注册送彩金",
		"3 个可疑的词，普通网站少用：博彩、博彩平台、百家乐（各词合计至多 45 分，这里计 25 分）",
		"1 个沾边的词，普通网站少用：首存（各词合计至多 45 分，这里计 0 分）",
		"证据对访客隐藏：移出屏幕",
	}, details(locales.Chinese, parts)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"rule level high",
		"1 specific terms: 注册送彩金",
		"3 telling terms: 博彩, 博彩平台, 百家乐 (all terms together count at most 45, these 25)",
		"1 flavour terms: 首存 (all terms together count at most 45, these 0)",
		"evidence concealed from visitors: off-screen",
	}, details(locales.English, parts)); diff != "" {
		t.Error(diff)
	}
	if got := details(locales.Chinese, parts[1:2]); len(got) != 1 || got[0] != "1 个专指的词，普通网站几乎不用：注册送彩金" {
		t.Errorf("without a limit: %q", got)
	}
}
