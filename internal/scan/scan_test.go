package scan_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/ingest/input"
	"github.com/qianshao/qianshao/internal/scan"
)

func entries(names ...string) iter.Seq[input.Entry] {
	return func(yield func(input.Entry) bool) {
		for _, name := range names {
			if !yield(input.Entry{Input: name}) {
				return
			}
		}
	}
}

// TestInOrder: answers come in the order of the inputs, however long each takes, until the caller's
// first error or the end of the context.
func TestInOrder(t *testing.T) {
	slowFirst := func(e input.Entry) string {
		if e.Input == "a" {
			time.Sleep(20 * time.Millisecond)
		}
		return e.Input
	}
	var got []string
	err := scan.InOrder(t.Context(), entries("a", "b", "c", "d"), slowFirst, func(s string) error {
		got = append(got, s)
		return nil
	})
	if err != nil || !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("%v, %v", got, err)
	}
	full := errors.New("disk full")
	if err := scan.InOrder(t.Context(), entries("a", "b"), slowFirst, func(string) error { return full }); !errors.Is(err, full) {
		t.Errorf("%v, want the error of the caller's emit", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	blocked := func(yield func(input.Entry) bool) { // a pipe to which nobody writes
		yield(input.Entry{Input: "a"})
		<-t.Context().Done()
	}
	err = scan.InOrder(ctx, blocked, slowFirst, func(string) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the end of the context", err)
	}
}

// TestAnswers: inputs that are flagged, were not read, or could not be opened are told apart and
// counted.
func TestAnswers(t *testing.T) {
	set, err := rule.Load(packs.FS(), rule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	analyzer, err := analyze.New(set)
	if err != nil {
		t.Fatal(err)
	}
	page := func(body string) qianshao.Page {
		return qianshao.Page{URL: "http://a.example/?id=11010519491231002X", ContentType: "text/html; charset=utf-8", Body: []byte(body)}
	}
	sum := scan.NewSummary()
	var answers []scan.Answer
	for _, e := range []input.Entry{
		{Input: "casino", Page: page(`<p>真人百家乐、老虎机，注册送彩金，充值提款秒到</p>`)},
		{Input: "park", Page: page(`<p>公园今天开放</p>`)},
		{Input: "picture", Page: page("\x89PNG\r\n\x1a\n\x00\x00\x00")},
		{Input: "gone", Err: errors.New("no such file")},
		{Input: "a.zip!secret", NotRead: qianshao.UnreadEncrypted},
		{Input: "a.pdf", TextOf: "pdf", NotRead: qianshao.UnreadTooCostly, Page: page("BM is what the text begins with. 真人百家乐、老虎机，注册送彩金，充值提款秒到")},
		{Input: "b.pdf", TextOf: "pdf", Page: page("ID3 is what this text begins with")},
	} {
		answer := scan.Assess(analyzer, e)
		answers = append(answers, answer)
		sum.Add(answer)
	}
	unread := map[qianshao.Unread]int{qianshao.UnreadPicture: 1, qianshao.UnreadEncrypted: 1, qianshao.UnreadTooCostly: 1}
	if sum.Inputs != 7 || sum.Flagged != 2 || sum.Errors != 1 || !maps.Equal(sum.Unread, unread) || len(sum.Rules) != 1 {
		t.Errorf("summary %+v", sum)
	}
	if a := answers[0]; a.Category == nil || *a.Category != qianshao.Gambling || len(a.Findings) == 0 {
		t.Errorf("the casino is %+v", a)
	}
	if answers[1].Category != nil || answers[1].NotRead != "" || answers[2].NotRead == "" || answers[3].Error != "no such file" {
		t.Errorf("%+v", answers[1:])
	}
	if a := answers[4]; a.NotRead != qianshao.UnreadEncrypted || len(a.Notes) > 0 || a.TextOf != "" {
		t.Errorf("what was not read is %+v", a)
	}
	if a := answers[5]; a.Category == nil || a.NotRead != qianshao.UnreadTooCostly || a.TextOf != "pdf" {
		t.Errorf("a document that was read in part is %+v", a)
	}
	if a := answers[6]; a.NotRead != "" {
		t.Errorf("the text of a document is taken for %s", a.NotRead)
	}
	if masked := answers[0].Masked(); strings.Contains(masked.URL, "19491231") || strings.Contains(masked.Findings[0].URL, "19491231") {
		t.Errorf("%s shows a resident identity number", masked.URL)
	}
}

func TestPage(t *testing.T) {
	page, err := scan.Page(strings.NewReader("<p>公园</p>"), "-")
	if err != nil || !strings.Contains(string(page.Body), "公园") {
		t.Errorf("%q, %v", page.Body, err)
	}
	if _, err := scan.Page(strings.NewReader("\x89PNG\r\n\x1a\n\x00"), "-"); !errors.Is(err, qianshao.UnreadPicture) {
		t.Errorf("a picture: %v", err)
	}
	if _, err := scan.Page(nil, t.TempDir()); err == nil || !strings.Contains(err.Error(), "holds no page") {
		t.Errorf("an empty folder: %v", err)
	}
}

// costlyRule has one expression that needs more and more states, and another one.
const costlyRule = `
title: 彩金
id: bonus
status: test
description: 送彩金
author: Qianshao
date: 2026-11-23
category: gambling
level: high
legal_basis: [刑法第三百零三条]
falsepositives: [警方通报]
detection:
  bonus: {regex: ['送[ab]*a[ab]{900}[^c]彩', '首存\d{3,}元']}
  condition: bonus
tests:
  - {text: 首存888元, expect: fires}
  - {text: 首存, expect: quiet}
`

// TestRuleBudget: a page that exhausts the budget of an expression is not called clean, and all
// other expressions still read it to the end.
func TestRuleBudget(t *testing.T) {
	t.Parallel()
	set, err := rule.Load(fstest.MapFS{"rules/bonus.yaml": &fstest.MapFile{Data: []byte(costlyRule)}}, rule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	analyzer, err := analyze.New(set)
	if err != nil {
		t.Fatal(err)
	}
	random, letters := rand.New(rand.NewPCG(1, 2)), make([]byte, 60_000)
	for i := range letters {
		letters[i] = "ab"[random.IntN(2)]
	}
	for _, test := range []struct {
		text string
		want qianshao.Unread
	}{
		{"送" + string(letters[:2000]) + "c彩首存888元", ""},
		{"送" + string(letters) + "c彩首存888元", qianshao.UnreadRules},
	} {
		answer := scan.Assess(analyzer, input.Entry{Page: qianshao.Page{URL: "http://a.example/", ContentType: "text/plain; charset=utf-8", Body: []byte(test.text)}})
		if answer.NotRead != test.want {
			t.Errorf("%d bytes are not read for %q, want %q", len(test.text), answer.NotRead, test.want)
		}
		if len(answer.Findings) != 1 {
			t.Errorf("%d bytes: findings %v", len(test.text), answer.Findings)
		}
	}
}
