package token

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// shared is the segmenter of all tests.
var shared = New()

func TestIsBounded(t *testing.T) {
	tests := []struct {
		text, span string
		want       bool
	}{
		{"山西某工程公司在六合区动工", "六合", false},
		{"南京市六合区委", "六合", false},
		{"今晚六合彩特码公开", "六合彩", true},
		{"广博彩虹小区业主大会", "博彩", false},
		{"某博彩公司", "博彩", true},
		{"网上博彩", "博彩", true},
		{"真人秀节目今晚开播", "真人", false},
		{"真人视讯百家乐", "真人", true},
		{"真人视讯百家乐", "百家乐", true},
		{"代开发票", "发票", true},
		{"六合", "六合", true},
		{"，六合。", "六合", true},
		{"第六合同条款", "六合", false},
	}
	for _, test := range tests {
		start := strings.Index(test.text, test.span)
		if got := shared.IsBounded(test.text, start, start+len(test.span)); got != test.want {
			t.Errorf("%s in %s: bounded %v, want %v (words %q)", test.span, test.text, got, test.want, wordsOf(test.text))
		}
	}
}

func TestIdeographsAreLetters(t *testing.T) {
	t.Parallel()
	for r := rune(firstIdeograph); r <= lastIdeograph; r++ {
		if !unicode.IsLetter(r) {
			t.Fatalf("%c (%x) is no letter", r, r)
		}
	}
}

func TestIsBoundedOutOfRange(t *testing.T) {
	for _, r := range [][2]int{{-1, 3}, {0, 99}, {3, 3}, {6, 3}} {
		if shared.IsBounded("六合彩", r[0], r[1]) {
			t.Errorf("range %v of a text of 9 bytes is bounded", r)
		}
	}
	if shared.IsBounded("六合彩", 1, 4) {
		t.Error("a range that cuts two characters is bounded")
	}
}

func wordsOf(text string) []string {
	var out []string
	for _, w := range shared.Words(text) {
		out = append(out, text[w.Start:w.End])
	}
	return out
}

func TestWords(t *testing.T) {
	got := wordsOf("今晚六合彩，VIP会员\xe7注册送888元")
	want := []string{"今晚", "六合彩", "，", "VIP", "会员", "\xe7", "注册", "送", "888", "元"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
}

func TestWordsCoverTheText(t *testing.T) {
	for _, text := range []string{
		"", "。", strings.Repeat("六合区", 4000), strings.Repeat("a", 10000), strings.Repeat("\xe7", 9000),
		strings.Repeat("注册，送。", 3000), strings.Repeat("\U0001f3b2", 3000),
	} {
		at := 0
		for _, w := range shared.Words(text) {
			if w.Start != at || w.End <= w.Start {
				t.Fatalf("word %v at %d of a text of %d bytes", w, at, len(text))
			}
			at = w.End
		}
		if at != len(text) {
			t.Errorf("words end at %d of %d", at, len(text))
		}
	}
}

func TestConcurrentFirstUse(t *testing.T) {
	s := New()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if !s.IsBounded("今晚六合彩", 6, 15) {
				t.Error("六合彩 not bounded")
			}
		})
	}
	wait.Wait()
}

// TestBoundariesAgainstGold prints the F1 of word boundaries on the SIGHAN 2005 test sets, if a
// developer has them.
func TestBoundariesAgainstGold(t *testing.T) {
	sets := goldSets(t)
	if len(sets) == 0 {
		t.Skip("the labelled sets are not here")
	}
	for name, lines := range sets {
		var right, got, want int
		for _, line := range lines {
			r, g, w := compareBoundaries(strings.Fields(line))
			right, got, want = right+r, got+g, want+w
		}
		f1 := 2 * float64(right) / float64(got+want)
		t.Logf("%s: boundary F1 %.4f", name, f1)
		if f1 < 0.9 {
			t.Errorf("%s: boundary F1 %.4f, below 0.9", name, f1)
		}
	}
}

// goldSets returns the lines of the SIGHAN 2005 test sets by the name of the set, with words
// separated by spaces, if a developer has them.
func goldSets(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../../../shared/eval/segmentation/*_test_gold.utf8")
	if err != nil {
		t.Fatal(err)
	}
	sets := map[string][]string{}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sets[filepath.Base(name)] = strings.Split(string(content), "\n")
	}
	return sets
}

func compareBoundaries(gold []string) (right, got, want int) {
	text := strings.Join(gold, "")
	at, ends := 0, map[int]bool{}
	for _, word := range gold {
		at += len(word)
		ends[at] = true
	}
	for _, w := range shared.Words(text) {
		got++
		if ends[w.End] {
			right++
		}
	}
	return right, got, len(gold)
}

func BenchmarkLoad(b *testing.B) {
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := New()
		s.load()
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(s)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB-held")
	}
}

func BenchmarkWords(b *testing.B) {
	text := strings.Repeat("南京市六合区的一家工程公司昨天召开了业主大会，讨论广博彩虹小区的改造。", 200)
	shared.Words(text)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		shared.Words(text)
	}
}

func BenchmarkIsBounded(b *testing.B) {
	text := strings.Repeat("南京市六合区的一家工程公司昨天召开了业主大会讨论广博彩虹小区的改造", 200)
	start := len(text)/2/3*3 + strings.Index(text[len(text)/2/3*3:], "六合")
	shared.Words("")
	b.ReportAllocs()
	for b.Loop() {
		shared.IsBounded(text, start, start+6)
	}
}
