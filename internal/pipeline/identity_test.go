package pipeline_test

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/internal/pipeline"
)

// ruleText is a rule that looks for one term.
const ruleText = `title: 规则 %[1]s
id: %[1]s
status: test
description: 测试用的规则。
author: test
date: 2026-11-23
category: %[2]s
level: critical
legal_basis:
  - 刑法第三百零三条（开设赌场罪）
falsepositives:
  - 新闻
detection:
  offer:
    terms:
      - %[3]s
    grade: specific
  condition: offer
tests:
  - {text: %[3]s, expect: fires}
  - {text: 欢迎就诊, expect: quiet}
`

// obey puts rules in force, each written as "id category term".
func (v *visitor) obey(t *testing.T, name string, rules ...string) {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{"rules", "lists", "patterns", "contexts"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range rules {
		f := strings.Fields(r)
		text := fmt.Sprintf(ruleText, f[0], f[1], f[2])
		if err := os.WriteFile(filepath.Join(dir, "rules", f[0]+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	analyzer, err := datafolder.RuleFolders{Dir: dir}.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	active := &pipeline.ActiveRules{Analyzer: analyzer, Name: name}
	opts := v.Options
	opts.Rules = func() *pipeline.ActiveRules { return active }
	if v.Pipeline, err = pipeline.New(opts); err != nil {
		t.Fatal(err)
	}
}

// history returns what the store has on each finding of the front page, as "category state: cause,
// cause from→to", in the order in which the findings came. ids keeps that order.
func (v *visitor) history(t *testing.T, ids *[]string) (list []string) {
	t.Helper()
	found := v.findings(t)
	slices.SortFunc(found, func(x, y qianshao.Finding) int { return cmp.Compare(x.Category, y.Category) })
	for _, f := range found {
		if !slices.Contains(*ids, f.ID) {
			*ids = append(*ids, f.ID)
		}
	}
	for _, id := range *ids {
		f, err := v.folder.Store.Finding(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		var changes []string
		for _, c := range f.Changes {
			text := string(c.Cause)
			if c.From != "" {
				text += fmt.Sprintf(" %s→%s", c.From, c.To)
			}
			if c.Into != "" {
				text += fmt.Sprintf(" into %d", slices.Index(*ids, c.Into))
			}
			changes = append(changes, text)
		}
		list = append(list, fmt.Sprintf("%s %s: %s", f.Category, f.State(), strings.Join(changes, ", ")))
	}
	return list
}

// TestAFindingKeepsItsIdentityWhenItsCategoryMoves: whatever category its rules are moved to, a
// finding that stays on the page keeps its id, its history and its captures.
func TestAFindingKeepsItsIdentityWhenItsCategoryMoves(t *testing.T) {
	const page = innocent + "<p>注册送彩金三十八元起</p><p>专业代办毕业证书</p>"
	const bet, paper = "注册送彩金", "代办毕业证书"
	for name, steps := range map[string][]struct {
		rules []string
		want  []string
	}{
		"a rule moves there and back": {
			{[]string{"a gambling " + bet}, []string{"gambling open: "}},
			{[]string{"a fraud " + bet}, []string{"fraud open: category gambling→fraud"}},
			{[]string{"a gambling " + bet}, []string{"gambling open: category gambling→fraud, category fraud→gambling"}},
		},
		"a rule is renamed": {
			{[]string{"a gambling " + bet}, []string{"gambling open: "}},
			{[]string{"b gambling " + bet}, []string{"gambling open: "}},
		},
		"a rule is renamed and moves": {
			{[]string{"a gambling " + bet}, []string{"gambling open: "}},
			{[]string{"b fraud " + bet}, []string{"fraud open: category gambling→fraud"}},
		},
		"two categories remain two": {
			{[]string{"a gambling " + bet, "b forged_documents " + paper}, []string{"forged_documents open: ", "gambling open: "}},
			{[]string{"a gambling " + bet, "b forged_documents " + paper}, []string{"forged_documents open: ", "gambling open: "}},
			{[]string{"a gambling " + bet, "b fraud " + paper}, []string{"fraud open: category forged_documents→fraud", "gambling open: "}},
		},
		"other words in another category": {
			{[]string{"a gambling " + bet}, []string{"gambling open: "}},
			{[]string{"b forged_documents " + paper}, []string{"gambling gone: rules", "forged_documents open: "}},
		},
		"two become one, and two again": {
			{[]string{"a gambling " + bet}, []string{"gambling open: "}},
			{[]string{"a gambling " + bet, "b fraud " + paper}, []string{"gambling open: ", "fraud open: "}},
			{[]string{"a fraud " + bet, "b fraud " + paper}, []string{"fraud open: category gambling→fraud", "fraud gone: merged into 0"}},
			{[]string{"a gambling " + bet, "b fraud " + paper}, []string{"fraud open: category gambling→fraud", "fraud gone: merged into 0", "gambling open: "}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := watch(t, seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) { fmt.Fprint(w, page) }))
			var ids []string
			for i, step := range steps {
				v.obey(t, fmt.Sprint(i), step.rules...)
				for range 2 { // a crash makes a visit happen twice
					v.mustVisit(t)
				}
				if diff := gocmp.Diff(step.want, v.history(t, &ids)); diff != "" {
					t.Fatalf("under rule set %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// TestAMovedFindingIsFoundAndProven: the index has a moved finding only under its new category, and
// the archive has captures of it under both.
func TestAMovedFindingIsFoundAndProven(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) { fmt.Fprint(w, casino) })
	v := watch(t, s)
	v.obey(t, "1", "a gambling 注册送彩金")
	v.mustVisit(t)
	v.obey(t, "2", "a fraud 注册送彩金")
	v.mustVisit(t)
	if was, is := v.hits(t, "category:gambling"), v.hits(t, "category:fraud state:open"); was != 0 || is != 1 {
		t.Errorf("%d hits in the old category, %d in the new one", was, is)
	}
	list := v.findings(t)
	captures, err := v.folder.Evidence.CapturesOf(t.Context(), s.URL+"/", list[0].ID)
	if err != nil || len(captures) != 2 || len(list) != 1 {
		t.Fatalf("%d captures of %d findings, %v", len(captures), len(list), err)
	}
	var categories []qianshao.Category
	for _, c := range captures {
		categories = append(categories, c.Categories...)
	}
	slices.Sort(categories)
	if diff := gocmp.Diff([]qianshao.Category{qianshao.Fraud, qianshao.Gambling}, categories); diff != "" {
		t.Errorf("categories of the captures (-want +got):\n%s", diff)
	}
}

// TestWhatAFindingShowsOutlivesRules: what a finding shows, which people have judged, stays the
// same when rules or numbers change, and changes when the page's text does.
func TestWhatAFindingShowsOutlivesRules(t *testing.T) {
	t.Parallel()
	const one, two, three = "a gambling 注册送彩金", "b gambling 代办毕业证书", "c gambling 真人百家乐"
	var body string
	v := watch(t, seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) { fmt.Fprint(w, body) }))
	page := func(clock, offer string) string {
		return innocent + "<p>现在 " + clock + " 注册送彩金" + offer + "</p><p>专业代办毕业证书，学历提升</p><p>真人百家乐在线</p>"
	}
	var before ingest.Memory
	var was string
	for i, step := range []struct {
		name  string
		body  string
		rules []string
		same  bool
	}{
		{"first", page("12:30", "38元起"), []string{one}, false},
		{"a clock and a number", page("9:05", "188元起"), []string{one}, true},
		{"more rules, the same body", page("9:05", "188元起"), []string{one, two}, true},
		{"those rules again, another clock", page("23:59", "188元起"), []string{one, two}, true},
		{"more rules, another clock", page("10:00", "188元起"), []string{one, two, three}, true},
		{"fewer rules, another clock", page("11:00", "188元起"), []string{two, three}, true},
		{"those rules again", page("12:00", "188元起"), []string{two, three}, true},
		{"other words", page("12:00", "188元起") + "<p>注册送彩金，真人百家乐试玩</p>", []string{two, three}, false},
	} {
		body = step.body
		v.obey(t, strings.Join(step.rules, "+"), step.rules...)
		handled, err := v.Process(t.Context(), v.fetch(t), before)
		if err != nil {
			t.Fatal(err)
		}
		before = ingest.Memory{Hash: handled.Hash, Rules: v.RulesName()}
		list := v.findings(t)
		if len(list) != 1 || len(list[0].Seen) != 64 || (list[0].Seen == was) != step.same {
			t.Errorf("%d, %s: %d findings, it shows %q, and showed %q; want the same: %v", i, step.name, len(list), list[0].Seen, was, step.same)
		}
		was = list[0].Seen
	}
}
