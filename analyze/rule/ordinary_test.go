package rule_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

const gradedRule = `
title: 线上赌场推广
id: ID
status: stable
description: 网页招揽访客到线上赌场。
date: 2026-11-23
category: gambling
level: high
legal_basis: [刑法第三百零三条]
falsepositives: [警方通报]
detection:
  offer: {terms: [首存送彩金], lists: [LIST]}
  condition: offer
tests:
  - {text: 首存送彩金, expect: fires}
  - {text: 社区图书馆开放, expect: quiet}
`

// TestGradesByDefault: a term without a grade is telling in a set that counts ordinary sites, and
// specific in an operator's own rule. Terms that are added to a shipped list are graded like that
// list's terms.
func TestGradesByDefault(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	graded := func(id, list string) *fstest.MapFile {
		return file(strings.NewReplacer("ID", id, "LIST", list).Replace(gradedRule))
	}
	set, err := rule.Load(fstest.MapFS{
		"rules/shipped.yaml": graded("shipped", "offers"),
		"lists/offers.txt":   file("[specific 3, telling 2]\n返水无上限 | 3\n"),
		"ordinary.tsv":       file("sites\t20\n"),
	}, rule.Options{Overlay: fstest.MapFS{
		"rules/own.yaml":   graded("own", "mine"),
		"lists/offers.txt": file("云巅国际娱乐城 | 2\n"),
		"lists/mine.txt":   file("云巅国际首存\n[沾边]\n云巅国际老友\n"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]syntax.Grade{
		"shipped 首存送彩金": syntax.Telling, "shipped 返水无上限": syntax.Specific, "shipped 云巅国际娱乐城": syntax.Telling,
		"own 首存送彩金": syntax.Specific, "own 云巅国际首存": syntax.Specific, "own 云巅国际老友": syntax.Flavour,
	}
	for _, r := range set.Rules() {
		for _, term := range r.Detection.Blocks[0].Terms {
			if name := r.ID + " " + term.Text; term.Grade != want[name] {
				t.Errorf("%s is %s, want %s", name, term.Grade, want[name])
			}
			delete(want, r.ID+" "+term.Text)
		}
	}
	if len(want) > 0 {
		t.Errorf("not in the set: %v", want)
	}
}
