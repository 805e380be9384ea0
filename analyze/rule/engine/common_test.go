package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/locales"
)

// TestCommonTerms: a term is too common only if it decides: alone in its block, with its block
// alone in the condition.
func TestCommonTerms(t *testing.T) {
	innocent := make([]string, 0, 1000)
	for i := range 1000 {
		text := fmt.Sprintf("第%d篇普通的文章", i)
		switch {
		case i < 2:
			text += "，说到葡京的天气"
		case i < 5:
			text += "，说到百家讲坛和注册送达"
		}
		innocent = append(innocent, text)
	}
	set := loadDetection(t, `  sure: {lists: [l], except: [注册送达]}
  sum: {terms: [文章, 普通, 葡京 | 5], min: 5}
  pair: {terms: [普通的]}
  other: {terms: [返水]}
  short: {max_chars: 5}
  brief: {terms: [文章]}
  pattern: {regex: ['讲.']}
  excuse: {terms: [天气]}
  condition: (sure or sum or pair and other or brief near/0 short or pattern) and not excuse
`, "lists/l.txt", "注册送\n百家 | 2\n")
	var got []string
	common := set.CommonTerms(innocent)
	for _, m := range common {
		got = append(got, strings.ReplaceAll(m.String(), "\n", " / "))
	}
	want := []string{
		"lists/l.txt:2:1: \"百家\" occurs in 3 of 1000 innocent texts (0.30 %, the limit is 0.20 %), and rule r fires on it alone; make it longer, require a second block, or except what is innocent" +
			" /     第2篇普通的文章，说到百家讲坛和注册送达 /     第3篇普通的文章，说到百家讲坛和注册送达 /     第4篇普通的文章，说到百家讲坛和注册送达",
		"rules/gambling/r.yaml: the expression 讲. occurs in 3 of 1000 innocent texts (0.30 %, the limit is 0.20 %), and rule r fires on it alone; make it longer, require a second block, or except what is innocent" +
			" /     第2篇普通的文章，说到百家讲坛和注册送达 /     第3篇普通的文章，说到百家讲坛和注册送达 /     第4篇普通的文章，说到百家讲坛和注册送达",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("too common are (-want +got):\n%s", diff)
	}
	chinese := "rules/gambling/r.yaml: 正则表达式 讲. 出现在 1000 条正常文字中的 3 条（0.30%，上限 0.20%），规则 r 单凭它就会命中；请写长一些，或再要求另一块，或把正常的说法写进 except" +
		"\n    第2篇普通的文章"
	if said := common[1].In(locales.Chinese); !strings.HasPrefix(said, chinese) {
		t.Errorf("in Chinese: %s, want %s …", said, chinese)
	}
}
