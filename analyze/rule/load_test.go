package rule

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/qianshao/qianshao"
)

func TestLoad(t *testing.T) {
	set := loadDetection(t, "  a: {lists: [casino, deep/offers], terms: [首存优惠 | 2]}\n  b: {terms: [注册送]}\n  condition: a near/5 b\n",
		"lists/casino.txt", "\ufeff# 牌子\r\n葡京 | 3\r\n\r\n  百家乐\r\n葡 京\n", "lists/deep/offers.txt", "註冊送\n",
		"lists/README.md", "# lists", "rules/.hidden", "x", "other/file.txt", "x")
	r, ok := set.Rule("r")
	if !ok || len(set.Rules()) != 1 || set.Rules()[0] != r {
		t.Fatal("the rule is not there")
	}
	want := &Rule{ID: "r", Title: "测试规则", Status: StatusStable, Description: "测试", Date: "2026-11-23", Category: qianshao.Gambling,
		Level: qianshao.LevelHigh, LegalBasis: []string{"刑法第三百零三条"}, FalsePositives: []string{"警方通报"}, Condition: "a near/5 b", Blocks: []string{"a", "b"},
		Tests: []Test{{Text: "甲", Expect: ExpectFires, Line: 10}, {Text: "乙", Expect: ExpectQuiet, Line: 11}}, File: "rules/gambling/r.yaml"}
	if diff := cmp.Diff(want, r, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".detection" }, cmp.Ignore())); diff != "" {
		t.Errorf("rule differs (-want +got):\n%s", diff)
	}
	var terms []string
	for _, x := range set.terms {
		terms = append(terms, x.text)
	}
	slices.Sort(terms)
	// 註冊送 and 注册送 are one term; 葡 京, with its separator, is one of its own.
	if diff := cmp.Diff([]string{"百家乐", "葡 京", "葡京", "註冊送", "首存优惠"}, terms); diff != "" {
		t.Errorf("terms differ (-want +got):\n%s", diff)
	}
}

// A later file system replaces files by their path and adds its own.
func TestLoadOverlay(t *testing.T) {
	rule := func(id, term string) string {
		return header + "id: " + id + "\ndetection:\n  a: {terms: [" + term + "]}\n  condition: a\n"
	}
	shipped := fileSet(t, "rules/gambling/r.yaml", rule("r", "百家乐"), "rules/gambling/s.yaml", rule("s", "葡京"))
	local := fileSet(t, "rules/elsewhere/r.yaml", rule("r", "老虎机"), "rules/local/mine.yaml", rule("mine", "注册送"))
	set, err := Load(shipped, Options{Segmenter: words, Overlay: local, OverlayName: "own"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range set.Evaluate(texts("百家乐葡京老虎机注册送")).Fired {
		got = append(got, f.Rule.ID+" "+f.Evidence[0].Term)
	}
	if diff := cmp.Diff([]string{"mine 注册送", "r 老虎机", "s 葡京"}, got); diff != "" {
		t.Errorf("fired differs (-want +got):\n%s", diff)
	}
}

func TestLoadNothing(t *testing.T) {
	set, err := Load(fileSet(t), Options{Segmenter: words})
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Evaluate(texts("百家乐")); got.Fired != nil || got.Contexts != nil {
		t.Errorf("an empty set says %+v", got)
	}
}

// FuzzLoad: any bytes are a rule or an error, and a rule evaluates.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(header+"id: r\ndetection:\n  a: {terms: [甲乙 | 2, ab], regex: ['a+'], except: [甲乙丙], word: true, min: 2}\n  b: {lists: [l], hidden: false, regions: [title]}\n  condition: 1 of (a, b*) and not a near/3 b\n"), []byte("甲乙\n# x\n丙丁 | 3\n"), "甲乙丙丁 aab")
	f.Add([]byte(header+"id: r\ndetection:\n  a: {terms: [甲乙], max_chars: 9, min_chars: 2}\n  b: {min_chars: 3}\n  condition: (a and not b) or a near/3 b\n"), []byte("甲乙\n"), "甲乙丙丁 aab")
	f.Add([]byte("title: [\n"), []byte("\xff"), "")
	f.Add([]byte("a: &a [*a]\n---\n- x"), []byte("| 2"), "x")
	f.Fuzz(func(t *testing.T, rule, list []byte, text string) {
		set, err := Load(fileSet(t, "rules/r.yaml", string(rule), "lists/l.txt", string(list)), Options{Segmenter: words})
		var mistakes *LoadError
		if err != nil {
			if !errors.As(err, &mistakes) || err.Error() == "" {
				t.Fatalf("not a LoadError: %v", err)
			}
			return
		}
		doc := texts(strings.ToValidUTF8(text, ""))
		if result := set.Evaluate(doc); (len(result.Fired) > 0) != set.Explain(doc, "r").Holds {
			t.Errorf("Evaluate and Explain disagree on %q", text)
		}
	})
}

// FuzzCondition: a condition that parses is shown as a condition that parses to the same.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{"a and b or not c", "2 of (a, b, c*)", "any of them", "a near/20 b", "((a))", "not not a", "all of ab*", "１ of a", "a near b"} {
		f.Add(seed)
	}
	blocks := []string{"a", "b", "c", "abc"}
	f.Fuzz(func(t *testing.T, src string) {
		root, used, err := parseCondition(src, blocks)
		if err != nil {
			var syntax *syntaxError
			if !errors.As(err, &syntax) || syntax.at < 0 || syntax.at > len(src) {
				t.Fatalf("error %v points at nothing", err)
			}
			return
		}
		again, usedAgain, err := parseCondition(root.text, blocks)
		if err != nil || again.text != root.text || !slices.Equal(used, usedAgain) {
			t.Fatalf("%q shows as %q, which parses to %v, %v", src, root.text, again, err)
		}
		for mask := range 16 {
			block := func(i int) truth { return truth(mask >> i & 1 * 2) }
			near := func(n *node) truth { return min(block(n.block), block(n.other)) }
			sorted, _ := root.cheapestFirst(func(i int) int { return 9 - i })
			if want := root.eval(block, near); again.eval(block, near) != want || sorted.eval(block, near) != want || want == maybe {
				t.Fatalf("%q: the truth of blocks %b changes", src, mask)
			}
		}
	})
}

// TestDigest: sets of the same files have one digest, and a changed list makes another.
func TestDigest(t *testing.T) {
	const detection = "  a: {lists: [casino]}\n  condition: a\n"
	digest := func(list string) string {
		return loadDetection(t, detection, "lists/casino.txt", list).Digest()
	}
	if same := digest("葡京\n"); same != digest("葡京\n") || len(same) != 16 || same == digest("葡京\n银河赌场\n") {
		t.Errorf("digest %q", same)
	}
}
