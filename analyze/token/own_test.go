package token

import (
	"fmt"
	"strings"
	"testing"
)

// An operator's own words, with or without a frequency, hold back the terms inside them, and leave
// all other words unchanged.
func TestNewWith(t *testing.T) {
	t.Parallel()
	own, err := NewWith("六合社区\n博彩路 200\n金沙4S店\n我们可以\n六合区 3\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		text, span         string
		shipped, withOwned bool
	}{
		{"住在六合社区的居民", "六合", true, false},
		{"住在六合社区的居民", "六合社区", true, true},
		{"博彩路二号", "博彩", true, false},
		{"金沙4s店开业", "金沙", true, false},
		{"我们可以", "可以", true, false},
		{"今晚六合彩特码公开", "六合彩", true, true},
		{"网上博彩", "博彩", true, true},
	} {
		start := strings.Index(test.text, test.span)
		for name, s := range map[string]*Segmenter{"shipped": shared, "own": own} {
			want := test.shipped
			if s == own {
				want = test.withOwned
			}
			if got := s.IsBounded(test.text, start, start+len(test.span)); got != want {
				t.Errorf("%s: %s in %s is bounded: %v, want %v", name, test.span, test.text, got, want)
			}
		}
	}
	words := map[string]uint32{}
	for word := range own.load().Words() {
		words[word.Text] = word.Frequency
	}
	for word := range shared.load().Words() {
		if words[word.Text] != word.Frequency && word.Text != "六合区" {
			t.Fatalf("%s has the frequency %d, was %d", word.Text, words[word.Text], word.Frequency)
		}
	}
	if words["六合区"] != 3 || words["博彩路"] != 200 || words["六合社区"] < leastFrequency || words["金沙4s店"] == 0 || words["我们可以"] <= leastFrequency {
		t.Errorf("frequencies: 六合区 %d, 博彩路 %d, 六合社区 %d, 金沙4s店 %d, 我们可以 %d",
			words["六合区"], words["博彩路"], words["六合社区"], words["金沙4s店"], words["我们可以"])
	}
}

// An operator's own words count in what comes about by chance.
func TestFindAroundOwn(t *testing.T) {
	t.Parallel()
	own, err := NewWith("龘龘山\n")
	if err != nil {
		t.Fatal(err)
	}
	query := []Query{{Term: "龘龘"}}
	if got := own.FindAround(query)[0]; got.Chance <= 0 {
		t.Errorf("龘龘 in 龘龘山: %+v", got)
	}
	if got := shared.FindAround(query)[0]; got.Chance != 0 {
		t.Errorf("without the word: %+v", got)
	}
}

// The largest file that package rule accepts can be made into a lexicon.
func TestNewWithMany(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&lines, "%c%c%c %d\n", 0x4e00+i%5000, 0x5e00+i/5000, 0x6e00+i%97, 2+47*i)
	}
	for i := range 750 { // each character is a piece of its own
		fmt.Fprintf(&lines, "%c中%c\n", 0x20000+2*i, 0x20001+2*i)
	}
	if _, err := NewWith(lines.String()); err != nil {
		t.Error(err)
	}
}

func BenchmarkNewWith(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewWith("六合社区\n"); err != nil {
			b.Fatal(err)
		}
	}
}

// A word of any letters, digits and marks is found as it was written.
func TestNewWithOddWords(t *testing.T) {
	t.Parallel()
	odd := []string{"²合四", "Ⅷ号院", "佐々木村", "é合店", "Ж合店", "ｶ合村", "𠮷合村", "１号坊", "a合B坊", "e\u0301合村", "İ合村", "〇〇村", "六\u3099合"}
	own, err := NewWith(strings.Join(odd, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range odd {
		if got := own.Words(word); len(got) != 1 {
			t.Errorf("%s is cut into %v", word, got)
		}
	}
}
