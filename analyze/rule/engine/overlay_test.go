package engine

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// day is the day on which the overlays are loaded.
var day = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// overlaid compiles a set of one rule with an overlay of name, content pairs.
func overlaid(t *testing.T, detection string, own ...string) *Engine {
	t.Helper()
	opts := rule.Options{Overlay: fileSet(t, own...), OverlayName: "own", Now: day}
	return load(t, opts, "rules/gambling/r.yaml", header+"id: r\ndetection:\n"+detection, "lists/l.txt", "注册送\n首存优惠\n")
}

func firedTerms(set *Engine, text string) string {
	var terms []string
	for _, f := range set.Evaluate(texts(text)).Fired {
		for _, e := range f.Evidence {
			terms = append(terms, e.Term)
		}
	}
	return strings.Join(terms, " ")
}

// TestOverlayLists: an overlay's list adds terms, removes some and changes weights.
func TestOverlayLists(t *testing.T) {
	set := overlaid(t, "  a: {lists: [l], min: 2}\n  condition: a\n", "lists/l.txt", "# ours\n返水 | 2\n- 註冊送\n首存优惠 | 2\n")
	if got := firedTerms(set, "注册送，首存优惠，返水"); got != "首存优惠 返水" {
		t.Errorf("terms that hit: %q", got)
	}
}

// TestOverlayOff: a rule that is off does not fire, but is still explained.
func TestOverlayOff(t *testing.T) {
	set := overlaid(t, "  a: {lists: [l]}\n  condition: a\n", "off.yaml", "rules:\n  - {id: r, reason: 试行, until: 2026-11-25}\n")
	r, _ := set.Rules().Rule("r")
	if r.Off == nil || r.Off.Message().String() != "switched off by own/off.yaml:2:5 (试行) until 2026-11-25" {
		t.Errorf("off is %v", r.Off)
	}
	doc := texts("注册送")
	if got := set.Evaluate(doc); len(got.Fired) > 0 || !set.Explain(doc, "r").Holds {
		t.Errorf("a rule that is off fired, or is not explained: %+v", got)
	}
	if at, ok := set.Rules().Expires(); !ok || !at.Equal(time.Date(2026, 11, 25, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("expires at %v, %v; want the end of the day in China", at, ok)
	}
}

// TestAllowedTexts: a hit inside an allowed text does not count, whether a term or an expression
// found it, and the rules held back are reported.
func TestAllowedTexts(t *testing.T) {
	const allow = "texts:\n  - {text: 注册送温暖行动, reason: 本市活动}\n  - {text: 领88红包大赛, reason: 比赛, rules: [other]}\n  - {text: 首存99元讲座, reason: 讲座}\n"
	set := overlaid(t, "  a: {lists: [l], regex: ['存\\d{2}元']}\n  b: {terms: [警示]}\n  condition: a and not b\n", "allow.yaml", allow)
	for text, want := range map[string]string{
		"欢迎参加注册送温暖行动":         "",
		"欢迎参加註冊-送温暖行动":        "",
		"注册送温暖行动之外，另有注册送":     "注册送",
		"首存99元讲座报名":           "",
		"首存99元讲座，另有首存88元":     `存\d{2}元`,
		"领88红包大赛，首存优惠":        "首存优惠",
		"注册送温暖":               "注册送",
		"警示：注册送温暖行动，注册送，首存优惠": "",
	} {
		if got := firedTerms(set, text); got != want {
			t.Errorf("%s: %q counts, want %q", text, got, want)
		}
	}
	result := set.Evaluate(texts("注册送温暖行动"))
	if len(result.Withheld) != 1 || result.Withheld[0].By.String() != "text 注册送温暖行动 (本市活动), own/allow.yaml:2:5" {
		t.Errorf("withheld are %+v", result.Withheld)
	}
	if got := set.Explain(texts("注册送温暖行动"), "r").String(); !strings.Contains(got, "1 inside a text of the allow-list (text 注册送温暖行动 (本市活动), own/allow.yaml:2:5), as in [注册送]温暖行动") {
		t.Errorf("the explanation does not tell:\n%s", got)
	}
}

// TestAllowedTextsLeaveExcuses: an excuse inside an allowed text still counts, so allowing a text
// never makes a rule fire.
func TestAllowedTextsLeaveExcuses(t *testing.T) {
	set := overlaid(t, "  a: {lists: [l]}\n  b: {terms: [警示]}\n  condition: a and not b\n", "allow.yaml", "texts:\n  - {text: 警示教育片, reason: 片名}\n")
	if got := firedTerms(set, "警示教育片：注册送"); got != "" {
		t.Errorf("%q fires because its excuse was allowed away", got)
	}
	set = overlaid(t, "  a: {lists: [l]}\n  b: {terms: [警示]}\n  condition: a and not a near/3 b\n", "allow.yaml", "texts:\n  - {text: 首存优惠讲座, reason: 讲座}\n")
	if got := firedTerms(set, "警示：首存优惠讲座。很久很久以后，另有注册送"); got != "" {
		t.Errorf("%q fires because half of its excuse was allowed away", got)
	}
}

// TestLoadOverlay: an overlay replaces files of the same path and adds others.
func TestLoadOverlay(t *testing.T) {
	text := func(id, term string) string {
		return header + "id: " + id + "\ndetection:\n  a: {terms: [" + term + "]}\n  condition: a\n"
	}
	shipped := fileSet(t, "rules/gambling/r.yaml", text("r", "百家乐"), "rules/gambling/s.yaml", text("s", "葡京"))
	local := fileSet(t, "rules/elsewhere/r.yaml", text("r", "老虎机"), "rules/local/mine.yaml", text("mine", "注册送"))
	rules, err := rule.Load(shipped, rule.Options{Overlay: local, OverlayName: "own"})
	if err != nil {
		t.Fatal(err)
	}
	set := New(rules, words)
	var got []string
	for _, f := range set.Evaluate(texts("百家乐葡京老虎机注册送")).Fired {
		got = append(got, f.Rule.ID+" "+f.Evidence[0].Term)
	}
	if diff := cmp.Diff([]string{"mine 注册送", "r 老虎机", "s 葡京"}, got); diff != "" {
		t.Errorf("fired differs (-want +got):\n%s", diff)
	}
}

func TestLoadNothing(t *testing.T) {
	set := load(t, rule.Options{})
	if got := set.Evaluate(texts("百家乐")); got.Fired != nil || got.Contexts != nil {
		t.Errorf("an empty set says %+v", got)
	}
}

// FuzzLoad: any bytes are a rule or an error, and every rule can be evaluated.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(header+"id: r\ndetection:\n  a: {terms: [甲乙 | 2, ab], regex: ['a+'], except: [甲乙丙], word: true, min: 2}\n  b: {lists: [l], hidden: false, regions: [title]}\n  condition: 1 of (a, b*) and not a near/3 b\n"), []byte("甲乙\n# x\n丙丁 | 3\n"), "甲乙丙丁 aab")
	f.Add([]byte(header+"id: r\ndetection:\n  a: {terms: [甲乙], max_chars: 9, min_chars: 2}\n  b: {min_chars: 3}\n  condition: (a and not b) or a near/3 b\n"), []byte("甲乙\n"), "甲乙丙丁 aab")
	f.Add([]byte("title: [\n"), []byte("\xff"), "")
	f.Add([]byte("a: &a [*a]\n---\n- x"), []byte("| 2"), "x")
	f.Fuzz(func(t *testing.T, file, list []byte, text string) {
		rules, err := rule.Load(fileSet(t, "rules/r.yaml", string(file), "lists/l.txt", string(list)), rule.Options{})
		var mistakes *syntax.Error
		if err != nil {
			if !errors.As(err, &mistakes) || err.Error() == "" {
				t.Fatalf("not a *syntax.Error: %v", err)
			}
			return
		}
		set, doc := New(rules, words), texts(strings.ToValidUTF8(text, ""))
		if result := set.Evaluate(doc); (len(result.Fired) > 0) != set.Explain(doc, "r").Holds {
			t.Errorf("Evaluate and Explain disagree on %q", text)
		}
	})
}

// FuzzOverlay: any bytes are an overlay or a *syntax.Error.
func FuzzOverlay(f *testing.F) {
	f.Add([]byte("hosts:\n  - {host: a.example, reason: x, until: 2026-01-01}\ntexts:\n  - {text: 甲乙, reason: x}\n"), []byte("rules:\n  - {id: r, reason: x}\n"), []byte("- 甲乙\n丙丁 | 2\n"), "甲乙丙丁")
	f.Add([]byte("urls: [{prefix: 'http://[::1]/%zz', reason: x}]"), []byte("rules: {}"), []byte("-\n"), "")
	f.Fuzz(func(t *testing.T, allow, off, list []byte, text string) {
		shipped := fileSet(t, "rules/r.yaml", header+"id: r\ndetection:\n  a: {lists: [l]}\n  condition: a\n", "lists/l.txt", "甲乙\n")
		own := fstest.MapFS{"allow.yaml": {Data: allow}, "off.yaml": {Data: off}, "lists/l.txt": {Data: list}}
		set, err := rule.Load(shipped, rule.Options{Overlay: own, Now: day})
		if err == nil {
			New(set, words).Evaluate(texts(strings.ToValidUTF8(text, "")))
			set.AllowsPage(text, "r")
		} else if !strings.Contains(err.Error(), ".") {
			t.Errorf("error %v names no file", err)
		}
	})
}
