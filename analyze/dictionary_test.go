package analyze_test

import (
	"testing"
	"testing/fstest"

	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/rule"
)

// TestDictionary: a rule that asks for whole words ignores a local name once the overlay's
// dictionary has it. The innocent sentence in the rule's own tests passes only with that word.
func TestDictionary(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"rules/gambling/local.yaml": {Data: []byte(`title: 地下六合彩
id: local
status: stable
description: 网页招揽地下六合彩。
date: 2026-11-27
category: gambling
level: high
legal_basis: [刑法第三百零三条]
falsepositives: [地名]
detection:
  name: {terms: [六合], word: true}
  condition: name
tests:
  - {text: 今晚六合开奖，来六合, expect: fires}
  - {text: 六合社区居委会今天开会, expect: quiet}
`)}}
	for _, test := range []struct {
		name, dictionary string
		failures         int
	}{
		{"no overlay", "", 1},
		{"the word", "# 本地地名\n六合社区\n", 0},
		{"the word as gse's dictionaries have it", "六合社区 100 ns\n", 0},
		{"another word", "六合桥村\n", 1},
	} {
		opts := rule.Options{OverlayName: "own"}
		if test.dictionary != "" {
			opts.Overlay = fstest.MapFS{"dictionary.txt": {Data: []byte(test.dictionary)}}
		}
		set, err := rule.Load(files, opts)
		if err != nil {
			t.Fatal(err)
		}
		analyzer, err := analyze.New(set)
		if err != nil {
			t.Fatal(err)
		}
		if count, failures := analyzer.TestRules(); count != 2 || len(failures) != test.failures {
			t.Errorf("%s: %d tests, %d failed: %+v", test.name, count, len(failures), failures)
		}
	}
}
