package analyze_test

import (
	"fmt"
	"log"
	"testing/fstest"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
)

// A page is judged by the shipped rules. Each finding gives the place of its evidence in the
// source, and whether visitors could see it.
func ExampleAnalyzer_Assess() {
	rules, err := rule.Load(packs.FS(), rule.Options{})
	if err != nil {
		log.Fatal(err)
	}
	analyzer, err := analyze.New(rules)
	if err != nil {
		log.Fatal(err)
	}
	page := qianshao.Page{
		URL:         "https://school.example/",
		ContentType: "text/html; charset=utf-8",
		Body: []byte(`<title>某市第一中学</title><h1>招生简章</h1>
<div style="display:none"><a href="https://casino.example/">澳门新葡京娱乐城 百家乐 线上赌场开户送彩金</a></div>`),
	}
	_, assessment := analyzer.Assess(page)
	for _, finding := range assessment.Findings {
		first := finding.Evidence[0]
		fmt.Printf("%s, %s, hidden: %t; line %d: %s\n", finding.Category, finding.Level, finding.Hidden, first.Line, first.Text)
	}
	// Output: gambling, critical, hidden: true; line 2: 澳门新葡京
}

// Custom rules can replace the shipped ones and need no files on disk. A text that is not a page is
// judged as a message.
func ExampleNew() {
	rules, err := rule.Load(fstest.MapFS{"rules/forged-diploma.yaml": {Data: []byte(`
title: 代办假证
id: forged-diploma
status: test
description: 推销伪造的学历证书
author: Example
date: 2026-11-23
category: forged_documents
level: high
legal_basis: [刑法第二百八十条]
falsepositives: [警方通报]
detection:
  offer: {terms: [代办毕业证, 学历证办理], grade: specific}
  condition: offer
tests:
  - {text: 专业代办毕业证, expect: fires}
  - {text: 毕业证领取通知, expect: quiet}
`)}}, rule.Options{})
	if err != nil {
		log.Fatal(err)
	}
	analyzer, err := analyze.New(rules)
	if err != nil {
		log.Fatal(err)
	}
	_, assessment := analyzer.Assess(qianshao.Page{URL: "message", As: qianshao.FormMessage, Body: []byte("专业 代 办 毕.业.证，支持验证")})
	for _, finding := range assessment.Findings {
		fmt.Println(finding.Rule, finding.Level, finding.Evidence[0].Text)
	}
	// Output: forged-diploma high 代 办 毕.业.证
}
