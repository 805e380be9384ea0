package chance_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/chance"
	"github.com/qianshao/qianshao/analyze/token"
)

// header is the front matter that the rules of these tests share.
const header = `title: 测试规则
description: 测试
status: stable
date: 2026-11-23
category: gambling
level: high
legal_basis: [刑法第三百零三条]
falsepositives: [警方通报]
tests:
  - {text: 甲, expect: fires}
  - {text: 乙, expect: quiet}
`

// TestTerms: a short term that occurs by chance and counts inside words is refused if the rule
// fires on it alone, and only listed if it supports others or the rule gives a reason.
func TestTerms(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ detection, want string }{
		"fires":   {"  a: {terms: [口交]}\n  condition: a\n", "refused"},
		"short":   {"  a: {terms: [口交]}\n  short: {max_chars: 20}\n  condition: a near/0 short\n", "refused"},
		"another": {"  a: {terms: [口交]}\n  b: {terms: [加微信]}\n  condition: a and b\n", "listed"},
		"sum":     {"  a: {terms: [口交, 文爱聊], min: 2}\n  condition: a\n", "listed"},
		"reason":  {"  a: {terms: [口交], unbounded: 行话}\n  condition: a\n", "listed"},
		"whole":   {"  a: {terms: [口交], word: true}\n  condition: a\n", ""},
		"except":  {"  a: {terms: [口交], except: [人口交, 口交通, 口交流, 口交易]}\n  condition: a\n", ""},
		"longer":  {"  a: {terms: [口交视频]}\n  condition: a\n", ""},
		"excuse":  {"  a: {terms: [文爱聊天]}\n  b: {terms: [口交]}\n  condition: a and not b\n", ""},
		"word":    {"  a: {terms: [贷款]}\n  condition: a\n", ""}, // more frequent as a word of its own
	}
	want := map[string]string{}
	files := fstest.MapFS{}
	for name, tc := range cases {
		files["rules/gambling/"+name+".yaml"] = &fstest.MapFile{Data: []byte(header + "id: " + name + "\ndetection:\n" + tc.detection)}
		if tc.want != "" {
			want[name] = tc.want
		}
	}
	// On a page, short terms count only between words.
	files["rules/gambling/page.yaml"] = &fstest.MapFile{Data: []byte(header + "id: page\njudges: page\ndetection:\n  a: {terms: [口交]}\n  condition: a\n")}
	rules, err := rule.Load(files, rule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := chance.Terms(rules, token.New())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range list {
		got[c.Rule] = "listed"
		if c.Refused {
			got[c.Rule] = "refused"
		}
		if !slices.Contains(c.Around.Examples, "人口|交通") {
			t.Errorf("the examples are %q", c.Around.Examples)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
