package analyze_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

// TestOrdinaryTerms: on a page, terms that many ordinary sites use count nothing and terms that few
// use count half; a term in a title is compared with titles. Messages are judged by the rule alone.
func TestOrdinaryTerms(t *testing.T) {
	t.Parallel()
	a := analyzer(t, map[string]string{
		"rules/casino.yaml": strings.Replace(casinoRule, "level: high", "level: medium", 1),
		"ordinary.tsv": "sites\t40\n" + // 百家乐 on one site, 老虎机 on ten, none of them in a title; 线上赌场 on none
			"term\tany\ttitle\tvisible\thidden\tattribute\tscript\n" +
			"百家乐\t1\t0\t1\t0\t0\t0\n" +
			"老虎机\t10\t0\t8\t4\t2\t0\n",
	})
	for _, test := range []struct {
		body string
		form qianshao.Form
		want string
	}{
		{"<p>线上赌场</p>", "", "40 rule_level+20 specific+20"},
		{"<p>百家乐</p>", "", "30 rule_level+20 specific+10"},
		{"<p>老虎机</p>", "", "20 rule_level+20 everyday+0"},
		{"<title>老虎机</title>", "", "40 rule_level+20 specific+20"},
		{"<p>线上赌场 百家乐 老虎机</p>", "", "50 rule_level+20 specific+30 everyday+0"},
		{"<p hidden>线上赌场 百家乐</p>", "", "45 rule_level+20 specific+30 hidden_alone-5"},
		{"<p hidden>线上赌场 娱乐城</p>", "", "78 rule_level+20 specific+40 hidden+18"},
		{"<p style='font-size:0'>线上赌场</p>", "", "58 rule_level+20 specific+20 hidden+18"},
		{"<p>老虎机</p>", qianshao.FormMessage, "45 rule_level+45"},
	} {
		page := html(test.body)
		page.As = test.form
		_, assessment := a.Assess(page)
		var got strings.Builder
		for _, f := range assessment.Findings {
			fmt.Fprint(&got, f.Score)
			for _, p := range f.Breakdown {
				fmt.Fprintf(&got, " %s%+d", p.Reason, p.Points)
				inChinese(t, p)
			}
		}
		if got.String() != test.want {
			t.Errorf("%s: %s, want %s", test.body, &got, test.want)
		}
	}
}
