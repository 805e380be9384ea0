package rule

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// header is the front matter that the rules of these tests share.
const header = `title: 测试规则
description: 测试
status: stable
date: 2026-11-23
category: gambling
level: high
legal_basis: [刑法第三百零三条]
falsepositives: [警方通报]
tests:
  - {text: 甲, expect: fires}
  - {text: 乙, expect: quiet}
`

// fileSet turns name, content pairs into a file system.
func fileSet(t testing.TB, files ...string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for i := 0; i+1 < len(files); i += 2 {
		out[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return out
}

// loadDetection loads one rule with the id "r" and the given detection, as indented YAML.
func loadDetection(t testing.TB, detection string, files ...string) *Set {
	t.Helper()
	files = append(files, "rules/gambling/r.yaml", header+"id: r\ndetection:\n"+detection)
	set, err := Load(fileSet(t, files...), Options{})
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return set
}

func TestLoad(t *testing.T) {
	set := loadDetection(t, "  a: {lists: [casino, deep/offers], terms: [首存优惠 | 2]}\n  b: {terms: [注册送]}\n  condition: a near/5 b\n",
		"lists/casino.txt", "\ufeff# 牌子\r\n葡京 | 3\r\n\r\n  百家乐\r\n葡 京\n", "lists/deep/offers.txt", "註冊送\n",
		"lists/README.md", "# lists", "rules/.hidden", "x", "other/file.txt", "x")
	r, ok := set.Rule("r")
	if !ok || len(set.Rules()) != 1 || set.Rules()[0] != r {
		t.Fatal("the rule is not there")
	}
	want := &Rule{ID: "r", Title: "测试规则", Status: syntax.StatusStable, Description: "测试", Date: "2026-11-23", Category: qianshao.Gambling,
		Level: qianshao.LevelHigh, Judges: "both", LegalBasis: []string{"刑法第三百零三条"}, FalsePositives: []string{"警方通报"},
		Tests: []syntax.Test{{Text: "甲", Expect: syntax.ExpectFires, Line: 10}, {Text: "乙", Expect: syntax.ExpectQuiet, Line: 11}}, File: "rules/gambling/r.yaml"}
	if diff := cmp.Diff(want, r, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Detection" }, cmp.Ignore())); diff != "" {
		t.Errorf("rule differs (-want +got):\n%s", diff)
	}
	var terms []string
	for _, x := range r.Detection.Blocks[0].Terms {
		terms = append(terms, x.Text)
	}
	slices.Sort(terms)
	// 葡 京, with its separator, is a term of its own.
	if diff := cmp.Diff([]string{"百家乐", "葡 京", "葡京", "註冊送", "首存优惠"}, terms); diff != "" {
		t.Errorf("terms differ (-want +got):\n%s", diff)
	}
	other := r.Detection.Blocks[1].Terms[0]
	if i := slices.IndexFunc(r.Detection.Blocks[0].Terms, func(t syntax.Term) bool { return t.Text == "註冊送" }); r.Detection.Blocks[0].Terms[i].Key != other.Key {
		t.Errorf("註冊送 and %s are two terms", other.Text)
	}
}

// TestDigest: sets of the same files have the same digest, and a changed list makes another one.
func TestDigest(t *testing.T) {
	const detection = "  a: {lists: [casino]}\n  condition: a\n"
	digest := func(list string) string {
		return loadDetection(t, detection, "lists/casino.txt", list).Digest()
	}
	if same := digest("葡京\n"); same != digest("葡京\n") || len(same) != 16 || same == digest("葡京\n银河赌场\n") {
		t.Errorf("digest %q", same)
	}
}

// TestFingerprint: a rule's fingerprint changes with everything that changes what it finds,
// including the lists that it uses, and not with its descriptive texts or with other rules.
func TestFingerprint(t *testing.T) {
	fingerprint := func(front, detection, list string, more ...string) string {
		t.Helper()
		files := append([]string{"lists/casino.txt", list, "rules/gambling/r.yaml", front + "id: r\ndetection:\n" + detection}, more...)
		set, err := Load(fileSet(t, files...), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return set.Fingerprints()["r"]
	}
	const detection, list = "  a: {lists: [casino], terms: [首存优惠]}\n  condition: a\n", "葡京\n"
	was := fingerprint(header, detection, list)
	for name, same := range map[string]string{
		"as it was":         fingerprint(header, detection, list),
		"a title":           fingerprint(strings.Replace(header, "测试规则", "别的", 1), detection, list),
		"a comment in list": fingerprint(header, detection, "# 牌子\n\n葡京\n"),
		"another rule":      fingerprint(header, detection, list, "rules/gambling/s.yaml", header+"id: s\ndetection:\n  a: {terms: [注册送]}\n  condition: a\n"),
	} {
		if same != was || len(same) != 16 {
			t.Errorf("%s makes %s of %s", name, same, was)
		}
	}
	for name, other := range map[string]string{
		"a level":     fingerprint(strings.Replace(header, "level: high", "level: medium", 1), detection, list),
		"a list":      fingerprint(header, detection, "葡京\n银河赌场\n"),
		"a weight":    fingerprint(header, detection, "葡京 | 2\n"),
		"a term":      fingerprint(header, "  a: {lists: [casino], terms: [首存]}\n  condition: a\n", list),
		"a region":    fingerprint(header, "  a: {lists: [casino], terms: [首存优惠], regions: [title]}\n  condition: a\n", list),
		"a condition": fingerprint(header, "  a: {lists: [casino], terms: [首存优惠], min: 2}\n  condition: a\n", list),
	} {
		if other == was {
			t.Errorf("%s changes nothing", name)
		}
	}
}

// TestPipe: a pipe in place of a file is refused, since reading it would wait forever.
func TestPipe(t *testing.T) {
	for _, name := range []string{"ordinary.tsv", "lists/a.txt", "patterns/a.yaml"} {
		files := fileSet(t)
		files[name] = &fstest.MapFile{Mode: fs.ModeNamedPipe | 0o600}
		if _, err := Load(files, Options{}); err == nil || !strings.Contains(err.Error(), name+" is not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
