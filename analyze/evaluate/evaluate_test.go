package evaluate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao"
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
  brand: {terms: [线上赌场], grade: specific}
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

func run(t *testing.T, content map[string]string) *evaluate.Report {
	t.Helper()
	report, err := evaluate.Run(files(content), analyzer(t), evaluate.Options{Archive: blankLines})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// blankLines reads an archive of pages separated by blank lines, each below its URL.
func blankLines(_ string, r io.Reader) iter.Seq2[qianshao.Page, error] {
	return func(yield func(qianshao.Page, error) bool) {
		all, err := io.ReadAll(r)
		for _, page := range strings.Split(string(all), "\n\n") {
			url, body, ok := strings.Cut(page, "\n")
			if !ok {
				err = errors.New("broken record")
			}
			if !yield(qianshao.Page{URL: url, Source: qianshao.SourceWARC, ContentType: "text/html", Body: []byte(body)}, err) {
				return
			}
		}
	}
}

func count(n, of int) evaluate.Count { return evaluate.Count{N: n, Of: of} }

// tallies makes the figures of both halves and of the whole. The tests that use it also show that
// the split never changes: 百家乐, 散步, 线上赌场甲, s1, alpha and beta are for tuning, 线上赌场, 线上赌场乙, 喝茶, s2,
// s3 and two for checking.
func tallies(tuning, checking, whole [4]int) evaluate.Halves[evaluate.Tally] {
	tally := func(n [4]int) evaluate.Tally {
		return evaluate.Tally{Texts: count(n[0], n[1]), Sites: count(n[2], n[3])}
	}
	return evaluate.Halves[evaluate.Tally]{Tuning: tally(tuning), Checking: tally(checking), Whole: tally(whole)}
}

func compare(t *testing.T, got, want any, options ...cmp.Option) {
	t.Helper()
	options = append(options, cmp.Comparer(func(a, b float64) bool { return a-b < 1e-4 && b-a < 1e-4 }))
	if diff := cmp.Diff(want, got, options...); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

func TestMessages(t *testing.T) {
	report := run(t, map[string]string{"chat.jsonl": `{"text":"线上赌场","label":"gambling"}
{"text":"百家乐","label":"gambling"}
{"text":"线上赌场甲","label":"gambling"}
{"text":"线上赌场乙","label":"fraud"}
{"text":"线上赌场丙","label":"abuse"}
{"text":"线上赌场","label":"unclear"}
{"text":"线上赌场","label":"loan_ad"}
{"text":"散步","label":"none"}
`})
	texts := func(n, of int) evaluate.Tally { return evaluate.Tally{Texts: count(n, of)} }
	compare(t, report.Sets, []evaluate.SetReport{{
		Set:      "chat",
		Innocent: tallies([4]int{0, 1}, [4]int{1, 1}, [4]int{1, 2}),
		Crime:    tallies([4]int{1, 2}, [4]int{1, 2}, [4]int{2, 4}),
		Labels: []evaluate.LabelReport{
			{Label: "fraud", Halves: evaluate.Halves[evaluate.LabelFigures]{
				Checking: evaluate.LabelFigures{Tally: texts(0, 1)},
				Whole:    evaluate.LabelFigures{Tally: texts(0, 1)},
			}},
			{Label: "gambling", Halves: evaluate.Halves[evaluate.LabelFigures]{
				Tuning:   evaluate.LabelFigures{Tally: texts(1, 2), Precision: 1, Recall: 0.5, F1: 0.6667},
				Checking: evaluate.LabelFigures{Tally: texts(1, 1), Precision: 0.25, Recall: 1, F1: 0.4},
				Whole:    evaluate.LabelFigures{Tally: texts(2, 3), Precision: 0.4, Recall: 0.6667, F1: 0.5},
			}},
		},
	}})
	compare(t, report.Rules, []evaluate.RuleReport{{
		Rule:   "casino",
		Halves: evaluate.Halves[evaluate.Count]{Tuning: count(1, 1), Checking: count(1, 4), Whole: count(2, 5)},
	}})
}

func TestPairs(t *testing.T) {
	report := run(t, map[string]string{"variants.jsonl": `{"raw":"线·上·赌·场","plain":"线上赌场"}
{"raw":"散步","plain":"线上赌场"}
{"raw":"喝茶","plain":"看书"}
`})
	compare(t, report.Sets, []evaluate.SetReport{{
		Set:          "variants",
		PlainFlagged: evaluate.Halves[evaluate.Count]{Tuning: count(1, 1), Checking: count(1, 2), Whole: count(2, 3)},
		RawKept:      evaluate.Halves[evaluate.Count]{Tuning: count(0, 1), Checking: count(1, 1), Whole: count(1, 2)},
	}})
	if len(report.Misses) != 1 || string(report.Misses[0].Sample.Page.Body) != "散步" {
		t.Errorf("%d misses, want the one of the tuning half", len(report.Misses))
	}
}

// TestPages has three pages of a school (s1), two of another site (s2) and a criminal page (s3).
func TestPages(t *testing.T) {
	const casino, walk = "<p>线上赌场</p>", "<p>散步</p>"
	report := run(t, map[string]string{
		"real/labels.tsv": "ordinary/a.html\tnone\tschool\ts1\nordinary/b.html\tnone\tschool\ts1\nordinary/c.html\tneutral\tshop\ts2\n" +
			"ordinary/d.html\tnone\tshop\ts2\r\ncrime/e.html\tgambling\tdoorway\ts3\n\ncrime/f.html\tunclear\tloan front\n",
		"real/ordinary/a.html": casino, "real/ordinary/b.html": walk, "real/ordinary/c.html": walk, "real/ordinary/d.html": walk,
		"real/crime/e.html": casino, "real/crime/f.html": casino,
	})
	gambling := func(precision, f1 float64) []evaluate.LabelReport {
		found := evaluate.LabelFigures{
			Tally:     evaluate.Tally{Texts: count(1, 1), Sites: count(1, 1)},
			Precision: 1, Recall: 1, F1: 1,
		}
		whole := found
		whole.Precision, whole.F1 = precision, f1
		return []evaluate.LabelReport{{Label: "gambling", Halves: evaluate.Halves[evaluate.LabelFigures]{Checking: found, Whole: whole}}}
	}
	innocent := tallies([4]int{1, 2, 1, 1}, [4]int{0, 2, 0, 1}, [4]int{1, 4, 1, 2})
	crime := tallies([4]int{}, [4]int{1, 1, 1, 1}, [4]int{1, 1, 1, 1})
	compare(t, report.Sets, []evaluate.SetReport{{
		Set: "real", Innocent: innocent, Crime: crime, Labels: gambling(0.5, 0.6667),
		Folders: []evaluate.SetReport{
			{
				Set: "real/crime", Crime: crime, Labels: gambling(1, 1),
				CrimeKinds: []evaluate.KindReport{{Kind: "doorway", Halves: crime}},
			},
			{
				Set: "real/ordinary", Innocent: innocent,
				InnocentKinds: []evaluate.KindReport{
					{Kind: "school", Halves: tallies([4]int{1, 2, 1, 1}, [4]int{}, [4]int{1, 2, 1, 1})},
					{Kind: "shop", Halves: tallies([4]int{}, [4]int{0, 2, 0, 1}, [4]int{0, 2, 0, 1})},
				},
			},
		},
	}})
}

// TestSiteNotGiven: if labels.tsv names no site, the folder is taken for it, or otherwise the text.
func TestSiteNotGiven(t *testing.T) {
	report := run(t, map[string]string{
		"casino/labels.tsv":   "alpha/1.html\tgambling\nalpha/2.html\tgambling\ntwo/1.html\tneutral\n",
		"casino/alpha/1.html": "<p>线上赌场</p>", "casino/alpha/2.html": "<p>喝茶</p>", "casino/two/1.html": "<p>喝茶</p>",
		"articles/1.html": "<p>线上赌场</p>", "articles/2.html": "<p>散步</p>", "articles/2.txt": "散步",
	})
	compare(t, report.Sets[0].Innocent, tallies([4]int{0, 1, 0, 1}, [4]int{1, 1, 1, 1}, [4]int{1, 2, 1, 2}))
	compare(t, report.Sets[1].Innocent, tallies([4]int{}, [4]int{0, 1, 0, 1}, [4]int{0, 1, 0, 1}))
	compare(t, report.Sets[1].Crime, tallies([4]int{1, 2, 1, 1}, [4]int{}, [4]int{1, 2, 1, 1}))
}

func TestCases(t *testing.T) {
	report := run(t, map[string]string{
		"cases/labels.tsv":    "1_walk.html\tnone\n2_casino.html\tnone\n3_tea.html\tgambling\n4_casino.html\tgambling\n",
		"cases/1_walk.html":   "<p>散步</p>",
		"cases/2_casino.html": "<p>线上赌场</p>", "cases/3_tea.html": "<p>喝茶</p>", "cases/4_casino.html": "<p>线上赌场</p>",
	})
	compare(t, report.Cases, []evaluate.CasesReport{{Set: "cases", Right: count(2, 4)}}, cmpopts.IgnoreFields(evaluate.CasesReport{}, "Wrong"))
	if len(report.Sets)+len(report.Rules)+len(report.Misses) > 0 {
		t.Error("a case is no goal and stands in no figure")
	}
	var out strings.Builder
	report.Print(&out)
	for _, want := range []string{"2_casino.html is none, taken for gambling, score", "3_tea.html is gambling, taken for innocent"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(out.String(), "1_walk") || strings.Contains(out.String(), "4_casino") {
		t.Error("the report names a case that is right")
	}
}

func TestArchive(t *testing.T) {
	report := run(t, map[string]string{
		"wide.warc": "http://s1.example/a\n<p>线上赌场</p>\n\nhttp://s1.example/b\n<p>散步</p>\n\nhttp://s2.example/c\n<p>散步</p>",
	})
	compare(t, report.Archives[0].Pages, tallies([4]int{1, 2, 1, 1}, [4]int{0, 1, 0, 1}, [4]int{1, 3, 1, 2}))
	if flagged := report.Archives[0].Flagged; len(flagged) != 1 || flagged[0].Sample.Page.URL != "http://s1.example/a" {
		t.Errorf("%d pages are listed, want a", len(flagged))
	}
	golden, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(golden), "s1.example") {
		t.Error("the golden figures name a site")
	}
}

// TestCurve: one of four innocent pages and one of two malicious ones score 40 to 59. Where one
// page in a hundred is malicious, .01·½ of .01·½ + .99·¼ are right.
func TestCurve(t *testing.T) {
	report := run(t, map[string]string{
		"real/labels.tsv": "a.html\tnone\t\ts1\nb.html\tnone\t\ts1\nc.html\tnone\t\ts1\nd.html\tnone\t\ts1\ne.html\tgambling\t\ts1\nf.html\tgambling\t\ts1\n",
		"real/a.html":     "<p>线上赌场</p>", "real/b.html": "<p>散步</p>", "real/c.html": "<p>散步</p>", "real/d.html": "<p>散步</p>",
		"real/e.html": "<p>线上赌场</p>", "real/f.html": "<p>散步</p>",
		"chat.jsonl": `{"text":"线上赌场","label":"none"}`,
	})
	var scores []string
	for _, b := range report.Curve {
		scores = append(scores, b.Scores)
	}
	compare(t, scores, []string{"1-39", "40-59", "60-79", "80-100"})
	compare(t, report.Curve[1].Tuning, evaluate.BucketFigures{Right: 1, Innocent: 1, Precision: 0.0198})
	compare(t, report.Curve[1].Checking, evaluate.BucketFigures{})
}

func TestSingleSite(t *testing.T) {
	pages := map[string]string{
		"real/labels.tsv": "a.html\tgambling\t\ts1\nb.html\tgambling\t\ts1\nc.html\tnone\t\ts2\n",
		"real/a.html":     "<p>线上赌场</p>", "real/b.html": "<p>线上赌场</p>", "real/c.html": "<p>线上赌场</p>",
	}
	want := []evaluate.SingleSiteTerm{{Rule: "casino", Term: "线上赌场", Site: "s1", Pages: 2}}
	report := run(t, pages)
	compare(t, report.SingleSite, want)
	compare(t, report.SingleSiteTerms, count(1, 1))

	pages["real/labels.tsv"] = strings.ReplaceAll(pages["real/labels.tsv"], "s1", "s3")
	report = run(t, pages)
	compare(t, len(report.SingleSite), 0) // s3 is in the checking half: counted, not listed
	compare(t, report.SingleSiteTerms, count(1, 1))

	pages["chat.jsonl"] = `{"text":"线上赌场","label":"gambling"}`
	compare(t, run(t, pages).SingleSiteTerms, count(0, 1))
}

// TestCheckingHalfStaysUnread: the half that nobody reads yields only figures, no outcomes and no
// words of its texts.
func TestCheckingHalfStaysUnread(t *testing.T) {
	var lines, labels strings.Builder
	content := map[string]string{}
	for i := range 200 {
		name := fmt.Sprintf("page%d", i)
		fmt.Fprintf(&lines, "{\"text\":\"线上赌场 message%d\",\"label\":\"none\"}\n{\"text\":\"散步 message%d\",\"label\":\"gambling\"}\n", i, i)
		fmt.Fprintf(&labels, "%s.html\tnone\tshop\tsite%d\n%s_missed.html\tgambling\tshop\tsite%d\n", name, i, name, i)
		content["real/"+name+".html"], content["real/"+name+"_missed.html"] = "<p>线上赌场</p>", "<p>散步</p>"
	}
	content["chat.jsonl"], content["real/labels.tsv"] = lines.String(), labels.String()
	report := run(t, content)
	for what, outcomes := range map[string][]evaluate.Outcome{"misses": report.Misses, "false alarms": report.FalseAlarms} {
		if len(outcomes) < 100 || len(outcomes) > 300 {
			t.Errorf("%d %s of 400, want about half", len(outcomes), what)
		}
		for _, o := range outcomes {
			if o.Sample.Half != evaluate.Tuning {
				t.Fatalf("%s has %s of the half %q", what, o.Sample.Page.URL, o.Sample.Half)
			}
		}
	}
	golden, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	report.Print(&out)
	for _, word := range []string{"message", "page1", "site1", "散步", "线上赌场"} {
		if strings.Contains(out.String(), word) || strings.Contains(string(golden), word) {
			t.Errorf("the figures hold %q", word)
		}
	}
}

func TestBadSets(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"nothing":       {map[string]string{"readme.md": "x"}, "no set here"},
		"label missing": {map[string]string{"p/labels.tsv": "\na.html\n"}, "p/labels.tsv:2: the label is missing"},
		"bad archive":   {map[string]string{"wide.warc.gz": "x"}, "wide.warc.gz: broken record"},
		"no JSON":       {map[string]string{"a.jsonl": "{\"text\":\"x\",\"label\":\"none\"}\n{"}, "a.jsonl:2: "},
		"no label":      {map[string]string{"a.jsonl": `{"text":"x"}`}, "a.jsonl:1: neither"},
		"no page":       {map[string]string{"p/labels.tsv": "gone.html\tnone\n"}, "gone.html"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := evaluate.Run(files(test.files), analyzer(t), evaluate.Options{Archive: blankLines})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that says %q", err, test.want)
			}
		})
	}
}

// TestOrdinary: terms are counted by site and by place, on innocent pages of the tuning half and on
// pages of an archive that are not flagged.
func TestOrdinary(t *testing.T) {
	pages := files(map[string]string{
		"real/labels.tsv": "a.html\tnone\t\ts1\nb.html\tnone\t\ts1\nc.html\tnone\t\ts2\nd.html\tgambling\t\ts1\n",
		"real/a.html":     "<title>线上赌场</title>", "real/b.html": "<p>线上赌场<img alt=线上赌场></p>",
		"real/c.html": "<p>线上赌场</p>", "real/d.html": "<p>线上赌场</p>",
		"more.warc": "http://alpha.example/\n<p hidden>散步</p>\n\nhttp://beta.example/\n<p>线上赌场</p>\n\nhttp://two.example/\n<p>散步</p>",
	})
	got, err := evaluate.Ordinary(pages, analyzer(t), evaluate.Options{Archive: blankLines}, evaluate.Counted{})
	if err != nil {
		t.Fatal(err)
	}
	in := rule.Sightings{Any: 1}
	in.In[rule.PlaceTitle], in.In[rule.PlaceVisible], in.In[rule.PlaceAttribute] = 1, 1, 1
	compare(t, got, rule.Ordinary{Sites: 2, Terms: map[string]rule.Sightings{"线上赌场": in}})

	set, err := rule.Load(fstest.MapFS{
		"rules/casino.yaml": &fstest.MapFile{Data: []byte(rules)}, "ordinary.tsv": &fstest.MapFile{Data: got.Bytes()},
	}, rule.Options{Overlay: fstest.MapFS{"ordinary.tsv": &fstest.MapFile{Data: got.Bytes()}}})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, set.Ordinary().Sites, 4) // the overlay's sites are added
	compare(t, set.Ordinary().Terms["线上赌场"].In, [...]int{2, 2, 0, 2, 0})

	if _, err := evaluate.Ordinary(pages, analyzer(t), evaluate.Options{}, evaluate.Counted{Only: []string{"elsewhere"}}); err == nil {
		t.Error("no page was counted, and no error said so")
	}
}
