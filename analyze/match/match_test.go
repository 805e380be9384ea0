package match

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/analyze/fold"
)

// scan returns the raw text of every hit, term by term.
func scan(t *testing.T, text string, terms ...string) map[string][]string {
	t.Helper()
	m, err := Compile(terms)
	if err != nil {
		t.Fatal(err)
	}
	var folded fold.Text
	folded.Fold(text)
	found := map[string][]string{}
	m.Scan(&folded, func(h Hit) {
		found[terms[h.Term]] = append(found[terms[h.Term]], text[h.Start:h.End])
	})
	return found
}

func TestScan(t *testing.T) {
	tests := []struct {
		name, text string
		terms      []string
		want       map[string][]string
	}{
		{"plain, overlapping", "六合彩特码", []string{"六合", "六合彩", "合彩", "彩特码"},
			map[string][]string{"六合": {"六合"}, "六合彩": {"六合彩"}, "合彩": {"合彩"}, "彩特码": {"彩特码"}}},
		{"one term twice in the list", "棋牌", []string{"棋牌", "棋 牌"}, map[string][]string{"棋牌": {"棋牌"}, "棋 牌": {"棋牌"}}},
		{"traditional with signs", "註 冊*送", []string{"注册送"}, map[string][]string{"注册送": {"註 冊*送"}}},
		{"Latin is bounded", "java av，6合 16合 qq12345", []string{"av", "6合", "qq"},
			map[string][]string{"av": {"av"}, "6合": {"6合"}, "qq": {"qq"}}},
		{"not across sentences", "你好。吗？真！人，员", []string{"好吗", "真人", "人员"}, map[string][]string{}},
		{"nothing", "", []string{"棋牌"}, map[string][]string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, scan(t, test.text, test.terms...)); diff != "" {
				t.Errorf("hits (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompileNamesTheEmptyTerm(t *testing.T) {
	_, err := Compile([]string{"棋牌", "。!"})
	if err == nil || err.Error() != `term 1 ("。!") has no letter, digit or character: give it one, or remove it` {
		t.Errorf("error %v", err)
	}
}
