package token

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-ego/gse"

	"github.com/qianshao/qianshao/analyze/token/internal/dictionary"
)

// TestLexiconIsCurrent makes the lexicon again and compares the two.
func TestLexiconIsCurrent(t *testing.T) {
	t.Parallel()
	want, err := dictionary.Compact(".")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(words, want) {
		t.Error("lexicon.bin is not what dictionary.txt.gz and supplement.txt make; run: go generate ./analyze/token")
	}
}

// TestCutsAsGSE cuts 15,000 made-up texts, and the SIGHAN 2005 test sets if a developer has them,
// with gse and with the lexicon. The words must be the same.
func TestCutsAsGSE(t *testing.T) {
	lines := sources(t)
	reference := &gse.Segmenter{SkipLog: true, NotLoadHMM: true, NotStop: true}
	if err := reference.LoadDictStr(lines); err != nil {
		t.Fatal(err)
	}
	lexicon, faults := shared.load(), 0
	texts := madeUpTexts(lines, 15_000)
	for _, lines := range goldSets(t) {
		for _, line := range lines {
			texts = append(texts, strings.Join(strings.Fields(line), ""))
		}
	}
	for _, text := range texts {
		var want []int
		for _, segment := range reference.Segment([]byte(text)) {
			want = append(want, segment.End())
		}
		lexicon.WordEnds(text, func(got []int) {
			if !slices.Equal(got, want) && faults < 10 {
				faults++
				t.Errorf("%q is parted at %v, by gse at %v", text, got, want)
			}
		})
	}
}

// sources returns the words from which the lexicon is made.
func sources(t *testing.T) string {
	t.Helper()
	lines, err := dictionary.Lines(".")
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// madeUpTexts returns words of the dictionary and parts of them, run together with what stands
// between words on real pages.
func madeUpTexts(dictionary string, n int) (texts []string) {
	random := rand.New(rand.NewPCG(1, 2))
	var words []string
	for line := range strings.Lines(dictionary) {
		word, _, _ := strings.Cut(line, " ")
		words = append(words, word)
	}
	between := []string{
		"", "", "", "，", " ", "\n", "的", "了", "A", "vip888", "VIP", "4S", "Ж", "é", "²", "·", "-", "\xe7", "\xff", "\ufffd", "\x00",
		"１２３", "🎲", "𠮷", "ｶﾀ", "かな", "ไทย", "한국", "\u200b", "e\u0301", strings.Repeat("a", 70),
	}
	for len(texts) < n {
		var text strings.Builder
		for range 1 + random.IntN(20) {
			word := words[random.IntN(len(words))]
			if random.IntN(4) == 0 { // a part of a word, so that the next word stands in an unusual place
				runes := []rune(word)
				word = string(runes[random.IntN(len(runes)):])
			}
			text.WriteString(word)
			text.WriteString(between[random.IntN(len(between))])
		}
		texts = append(texts, text.String())
	}
	return texts
}

// TestWordsOfLexicon compares the words of the lexicon with those that gse reads.
func TestWordsOfLexicon(t *testing.T) {
	t.Parallel()
	got := map[string]uint32{}
	for word := range shared.load().Words() {
		got[word.Text] = word.Frequency
	}
	words := dictionary.Read(sources(t))
	if len(got) != len(words) || len(words) < 200_000 {
		t.Errorf("%d words, by gse %d", len(got), len(words))
	}
	for _, word := range words {
		if got[word.Text] != word.Frequency {
			t.Fatalf("%s has the frequency %d, want %d", word.Text, got[word.Text], word.Frequency)
		}
	}
	for _, word := range []string{"六合彩", "百家乐", "六合区"} {
		if got[word] == 0 {
			t.Errorf("%s is no word", word)
		}
	}
}

func ExampleSegmenter_Words() {
	text := "今晚六合彩开奖"
	for _, word := range New().Words(text) {
		fmt.Println(text[word.Start:word.End])
	}
	// Output:
	// 今晚
	// 六合彩
	// 开奖
}
