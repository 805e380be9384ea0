package analyze_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/explain"
	"github.com/qianshao/qianshao/locales"
)

const casinoRule = `
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
  brand: {terms: [线上赌场, 百家乐, 娱乐城, 老虎机], grade: specific}
  condition: brand
tests:
  - {text: 线上赌场开户, expect: fires}
  - {text: 娱乐新闻, expect: quiet}
`

const noticeContext = `
name: police_notice
title: 警方通报
description: 警方的通报和提醒
detection:
  police: {terms: [警方提醒, 公安机关]}
  condition: police
lowers: 30
`

func analyzer(t testing.TB, files map[string]string) *analyze.Analyzer {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	rules, err := rule.Load(fsys, rule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := analyze.New(rules)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func small(t testing.TB) *analyze.Analyzer {
	return analyzer(t, map[string]string{"rules/casino.yaml": casinoRule, "contexts/police_notice.yaml": noticeContext})
}

func shipped(t testing.TB) *analyze.Analyzer {
	t.Helper()
	rules, err := rule.Load(packs.FS(), rule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := analyze.New(rules)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func html(body string) qianshao.Page {
	return qianshao.Page{URL: "http://site.example/", ContentType: "text/html; charset=utf-8", Body: []byte(body)}
}

// inChinese checks that every line of a score that the analyzer writes has a Chinese version. The
// title of a context is Chinese already.
func inChinese(t *testing.T, p qianshao.ScorePart) {
	t.Helper()
	if p.Reason == "terms_cap" { // said on the lines of the terms
		return
	}
	if said := explain.Detail(locales.Chinese, p); regexp.MustCompile(`[a-z]{3}`).MatchString(p.Detail) && said == p.Detail {
		t.Errorf("%s is not said in Chinese: %s", p.Reason, said)
	}
}

func TestScore(t *testing.T) {
	for _, test := range []struct {
		name    string
		body    string
		level   qianshao.Level
		reasons string // of the breakdown, in order
	}{
		{"plain", `<p>线上赌场开户</p>`, qianshao.LevelMedium, "rule_level specific"},
		{"several terms", `<p>线上赌场 百家乐 老虎机</p>`, qianshao.LevelHigh, "rule_level specific terms_cap"},
		{"concealed", `<div style="display:none">线上赌场 百家乐</div>`, qianshao.LevelCritical, "rule_level specific hidden"},
		{"a concealed word", `<div style="display:none">线上赌场</div>`, qianshao.LevelMedium, "rule_level specific hidden_alone"},
		{"police notice", `<p>警方提醒：线上赌场都是骗局</p>`, qianshao.LevelInformational, "rule_level specific awareness"},
		{"hidden on a police site", `<p>警方提醒</p><div style="display:none">线上赌场 百家乐</div>`, qianshao.LevelCritical, "rule_level specific hidden"},
		{"menu on a police site", `<div style="display:none"><a href=/a>注册送彩金</a></div><p>警方提醒：线上赌场都是骗局</p>`, qianshao.LevelInformational, "rule_level specific awareness"},
		{"quoted", `<blockquote>线上赌场 百家乐</blockquote>`, qianshao.LevelLow, "rule_level specific awareness"},
		{"comment", `<!-- 线上赌场 -->`, qianshao.LevelLow, "rule_level specific inert"},
		{"nothing", `<p>今天天气很好</p>`, qianshao.LevelNone, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, got := small(t).Assess(html(test.body))
			if got.Level != test.level {
				t.Errorf("level %s, want %s", got.Level, test.level)
			}
			var reasons []string
			for _, f := range got.Findings {
				sum := 0
				for _, part := range f.Breakdown {
					reasons = append(reasons, part.Reason)
					sum += part.Points
					inChinese(t, part)
				}
				if sum != f.Score || f.Level != qianshao.LevelOf(f.Score) {
					t.Errorf("parts add up to %d, score %d, level %s", sum, f.Score, f.Level)
				}
			}
			if diff := cmp.Diff(test.reasons, strings.Join(reasons, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRobotsTagsAreRecorded: findings include the page's instructions to robots, with identity
// numbers masked.
func TestRobotsTagsAreRecorded(t *testing.T) {
	page := html(`<meta name=robots content="noindex, 110101194912310024"><p>线上赌场</p>`)
	page.RobotsTags = []string{"noarchive 110101194912310024"}
	_, got := small(t).Assess(page)
	stars := strings.Repeat("*", 18)
	want := []string{"X-Robots-Tag: noarchive " + stars, "meta robots: noindex, " + stars}
	if len(got.Findings) == 0 {
		t.Fatal("no finding")
	}
	if diff := cmp.Diff(want, got.Findings[0].RobotsTags); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEvidencePointsIntoTheSource(t *testing.T) {
	body := "<html>\n<title>&#x7EBF;&#x4E0A;赌场</title>\n<p>线<b>上</b>赌场</p>"
	doc, got := small(t).Assess(html(body))
	if len(got.Findings) != 1 || len(got.Findings[0].Evidence) != 2 {
		t.Fatalf("%+v", got.Findings)
	}
	for _, e := range got.Findings[0].Evidence {
		if source := doc.Source[e.Span.Start:e.Span.End]; source != e.Text {
			t.Errorf("span holds %q, text is %q", source, e.Text)
		}
	}
	title, text := got.Findings[0].Evidence[0], got.Findings[0].Evidence[1]
	if title.Text != "&#x7EBF;&#x4E0A;赌场" || title.Line != 2 || title.Column != 8 {
		t.Errorf("title: %+v", title)
	}
	if text.Text != "线<b>上</b>赌场" || text.Line != 3 || text.Column != 4 {
		t.Errorf("text: %+v", text)
	}
}

func TestShippedRulesPassTheirOwnTests(t *testing.T) {
	count, failures := shipped(t).TestRules()
	for _, f := range failures {
		t.Error(f)
	}
	if count == 0 {
		t.Error("no rule has a test")
	}
}

// TestEveryPageHasAnAnswer: pages that break parsers are judged, too.
func TestEveryPageHasAnAnswer(t *testing.T) {
	a := shipped(t)
	gambling := []qianshao.Category{qianshao.Gambling}
	for _, test := range []struct {
		name, body string
		regions    int
		notes      []qianshao.Note
		level      qianshao.Level
		categories []qianshao.Category
	}{
		{"empty", "", 0, []qianshao.Note{qianshao.NoteEmpty}, qianshao.LevelNone, nil},
		{"binary", "\x00\x01\x02\xff\xfe\x00PNG", 0, []qianshao.Note{qianshao.NoteBinary}, qianshao.LevelNone, nil},
		{"deep", strings.Repeat("<div>", 10_000) + "线上赌场注册送彩金" + strings.Repeat("</div>", 10_000), 1, []qianshao.Note{qianshao.NoteTooDeep}, qianshao.LevelHigh, gambling},
		{"truncated", `<html><body><p>线上赌场注册送彩金</p><a href="http://`, 1, nil, qianshao.LevelHigh, gambling},
		{"half runes", "\xe7\xba<p>\xbf线上赌场注册送彩金</p>\xed\xa0\x80", 3, []qianshao.Note{qianshao.NoteBadBytes}, qianshao.LevelHigh, gambling},
		{"20 MB", strings.Repeat("<p>今天天气很好，我们去公园散步。</p>\n", 20<<20/53), 100_026, []qianshao.Note{qianshao.NoteTooMany}, qianshao.LevelNone, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, got := a.Assess(html(test.body))
			if len(doc.Regions) != test.regions || !slices.Equal(doc.Notes, test.notes) {
				t.Errorf("%d regions, notes %v; want %d, %v", len(doc.Regions), doc.Notes, test.regions, test.notes)
			}
			if got.Level != test.level || !slices.Equal(got.Categories, test.categories) {
				t.Errorf("level %s, categories %v; want %s, %v", got.Level, got.Categories, test.level, test.categories)
			}
		})
	}
}

func TestDeterministic(t *testing.T) {
	a := shipped(t)
	page := html(`<title>线上赌场</title><p>注册送彩金 百家乐 加微信</p><div style="display:none">办证刻章 代开发票 贷款无抵押</div>`)
	_, want := a.Assess(page)
	for range 20 {
		if _, got := a.Assess(page); !cmp.Equal(want, got) {
			t.Fatal(cmp.Diff(want, got))
		}
	}
}

// FuzzAssess: judging a page twice gives the same assessment, and its evidence is the source's own
// text.
func FuzzAssess(f *testing.F) {
	f.Add([]byte("<title>&#x6FB3;&#x95E8;</title><p style=display:none>线上赌场</p>"))
	f.Add([]byte("<script>document.write('<a href=\\'x\\'>百家乐</a>')</script>"))
	f.Add([]byte("\xff\xfe\x00<\x00p"))
	a := shipped(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		page := qianshao.Page{URL: "http://fuzz.example/", Body: body}
		doc, got := a.Assess(page)
		for _, finding := range got.Findings {
			for _, e := range finding.Evidence {
				if e.Span.Start < 0 || e.Span.Start > e.Span.End || e.Span.End > len(doc.Source) {
					t.Fatalf("span %v outside of the %d bytes of source", e.Span, len(doc.Source))
				}
				if text := doc.Source[e.Span.Start:e.Span.End]; !strings.HasPrefix(text, e.Text) || len(e.Text) < len(text) && len(e.Text) <= qianshao.MaxEvidenceText-utf8.UTFMax {
					t.Fatalf("evidence %q of the source's %q", e.Text, text)
				}
			}
		}
		if again, repeated := a.Assess(page); !cmp.Equal(got, repeated, cmpopts.IgnoreUnexported(qianshao.Document{})) || again.Source != doc.Source {
			t.Error("one page has two assessments")
		}
	})
}
