package evaluate_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/evaluate"
	"github.com/qianshao/qianshao/analyze/rule"
)

const rules = `
title: 赌场推广
id: casino
status: test
description: 推广线上赌场
author: Qianshao
date: 2026-11-23
category: gambling
level: high
legal_basis: [刑法第三百零三条]
falsepositives: [警方通报]
detection:
  brand: {terms: [线上赌场]}
  condition: brand
tests:
  - {text: 线上赌场开户, expect: fires}
  - {text: 娱乐新闻, expect: quiet}
`

func analyzer(t *testing.T) *analyze.Analyzer {
	t.Helper()
	set, err := rule.Load(fstest.MapFS{"rules/casino.yaml": &fstest.MapFile{Data: []byte(rules)}}, rule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := analyze.New(set)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func files(content map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range content {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestRun(t *testing.T) {
	report, err := evaluate.Run(files(map[string]string{
		"chat.jsonl": `{"text":"线上赌场","label":"gambling"}
{"text":"百家乐","label":"gambling"}
{"text":"线上赌场","label":"fraud"}
{"text":"线上赌场","label":"abuse"}
{"text":"散步","label":"none"}
`,
		"loans.jsonl":          `{"text":"线上赌场","label":"loan_ad"}`,
		"variants.jsonl":       `{"raw":"线·上·赌·场","plain":"线上赌场"}` + "\n" + `{"raw":"x","plain":"线上赌场"}` + "\n" + `{"raw":"x","plain":"y"}`,
		"pages/labels.tsv":     "one/a.html\tgambling\none/b.html\tunclear\tloan front\none/c.html\tneutral\tschool\ts1\n",
		"pages/one/a.html":     "<p>线上赌场</p>",
		"pages/one/b.html":     "<p>线上赌场</p>",
		"pages/one/c.html":     "<p>散步</p>",
		"articles/news.html":   "<p>线上赌场</p>",
		"articles/news.txt":    "线上赌场",
		"charset/gbk/feed.xml": "<x/>",
	}), analyzer(t))
	if err != nil {
		t.Fatal(err)
	}
	want := &evaluate.Report{
		Sets: []evaluate.SetReport{
			{Set: "articles", Innocent: 1, FalseAlarms: 1},
			{Set: "chat", Innocent: 2, FalseAlarms: 1, Labels: []evaluate.LabelReport{
				{Label: "fraud", Texts: 1},
				{Label: "gambling", Texts: 2, Precision: 0.3333, Recall: 0.5, F1: 0.4},
			}},
			{Set: "loans"},
			{Set: "pages", Innocent: 1, Labels: []evaluate.LabelReport{{Label: "gambling", Texts: 1, Precision: 1, Recall: 1, F1: 1}}},
			{Set: "variants", Pairs: 3, PlainFlagged: 2, RawKept: 1},
		},
		Rules: []evaluate.RuleReport{{Rule: "casino", Hits: 6, Precision: 0.3333}},
	}
	approximately := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-3 && b-a < 1e-3 })
	if diff := cmp.Diff(want, report, approximately, cmpopts.IgnoreFields(evaluate.Report{}, "Misses", "FalseAlarms")); diff != "" {
		t.Error(diff)
	}
	if len(report.Misses) != 4 || len(report.FalseAlarms) != 3 {
		t.Errorf("%d misses and %d false alarms, want 4 and 3", len(report.Misses), len(report.FalseAlarms))
	}
}

func TestBadSets(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"nothing":  {map[string]string{"readme.md": "x"}, "no labelled set"},
		"no JSON":  {map[string]string{"a.jsonl": "{\"text\":\"x\",\"label\":\"none\"}\n{"}, "a.jsonl:2: "},
		"no label": {map[string]string{"a.jsonl": `{"text":"x"}`}, "a.jsonl:1: neither"},
		"no page":  {map[string]string{"p/labels.tsv": "gone.html\tnone\n"}, "gone.html"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := evaluate.Run(files(test.files), analyzer(t))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that says %q", err, test.want)
			}
		})
	}
}
