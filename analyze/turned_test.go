package analyze_test

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

// TestTurnedTextIsFound: words that bidirectional controls reverse are found as they are read, and
// the evidence points to where they are written.
func TestTurnedTextIsFound(t *testing.T) {
	a := shipped(t)
	for _, test := range []struct{ html, written string }{
		{"<p>澳门\u202e场赌上线\u202c官网开户，注册送彩金88元，\u202e乐家百人真\u202c，老虎机爆奖", "乐家百人真"},
		{"<p>澳门<bdo dir=rtl>场赌上线</bdo>官网开户，注册送彩金88元，<bdo dir=rtl>乐家百人真</bdo>，老虎机爆奖", "乐家百人真"},
		{"<p>澳门&#8238;场赌上线&#8236;官网开户，注册送彩金88元，&#8238;乐家百人真&#8236;，老虎机爆奖", "乐家百人真"},
	} {
		doc, assessment := a.Assess(html(test.html))
		if assessment.Category != qianshao.Gambling {
			t.Errorf("%s is taken for %q", test.html, assessment.Category)
			continue
		}
		found := false
		for _, e := range assessment.Findings[0].Evidence {
			if e.Text != doc.Source[e.Span.Start:e.Span.End] {
				t.Errorf("the evidence %q is not what its span has: %q", e.Text, doc.Source[e.Span.Start:e.Span.End])
			}
			found = found || strings.Contains(e.Term, "百家乐") && strings.HasPrefix(e.Text, "乐家百") && strings.Contains(test.written, e.Text)
		}
		if !found {
			t.Errorf("%s: no evidence for 百家乐 in %+v", test.html, assessment.Findings[0].Evidence)
		}
	}
}
