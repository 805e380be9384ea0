package analyze_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

// TestGather: what several rules of one category find on a page becomes one finding; another
// category gets a finding of its own.
func TestGather(t *testing.T) {
	loan := strings.NewReplacer("id: casino", "id: loan", "title: 赌场推广", "title: 贷款", "category: gambling", "category: illegal_lending",
		"[线上赌场, 百家乐, 娱乐城, 老虎机]", "[套路贷]", "{text: 线上赌场开户,", "{text: 套路贷,").Replace(casinoRule)
	slots := strings.NewReplacer("id: casino", "id: slots", "level: high", "level: medium",
		"[线上赌场, 百家乐, 娱乐城, 老虎机]", "[老虎机, 爆分]", "grade: specific", "grade: telling", "{text: 线上赌场开户,", "{text: 老虎机,").Replace(casinoRule)
	a := analyzer(t, map[string]string{"rules/casino.yaml": casinoRule, "rules/loan.yaml": loan, "rules/slots.yaml": slots})
	page := html(`<p>线上赌场 老虎机</p><p>老虎机爆分 QQ 12345678</p><p>套路贷</p>`)
	_, got := a.Assess(page)
	if len(got.Findings) != 2 {
		t.Fatalf("%d findings, want one of gambling and one of lending: %+v", len(got.Findings), got.Findings)
	}
	f := got.Findings[slices.IndexFunc(got.Findings, func(f qianshao.Finding) bool { return f.Category == qianshao.Gambling })]
	if f.ID != qianshao.FindingID(page.URL, "gambling") || f.Rule != "casino" || f.Level != qianshao.LevelHigh {
		t.Errorf("finding %s of rule %s, level %s", f.ID, f.Rule, f.Level)
	}
	if len(f.Also) != 1 || f.Also[0].Rule != "slots" || f.Also[0].Level != qianshao.LevelMedium {
		t.Errorf("also: %+v", f.Also)
	}
	var pieces []string
	for _, e := range f.Evidence {
		pieces = append(pieces, strings.TrimSpace(e.Rule+" "+e.Text))
	}
	slices.Sort(pieces)
	if want := "slots 爆分,线上赌场,老虎机,老虎机"; strings.Join(pieces, ",") != want {
		t.Errorf("evidence %q, want %q: each place once", pieces, want)
	}
	_, single := a.AssessByRule(page)
	if len(single.Findings) != 3 || single.Score != got.Score || single.Category != got.Category {
		t.Errorf("by rule: %d findings, score %d", len(single.Findings), single.Score)
	}
}
