package token

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-ego/gse"
)

// TestCutsAsGSE parts 15,000 made-up texts, and those of the SIGHAN 2005 test sets where a
// developer has them, with gse and with the lexicon: the words are the same.
func TestCutsAsGSE(t *testing.T) {
	words, err := embeddedWords()
	if err != nil {
		t.Fatal(err)
	}
	reference := &gse.Segmenter{SkipLog: true, NotLoadHMM: true, NotStop: true}
	if err := reference.LoadDictStr(words); err != nil {
		t.Fatal(err)
	}
	lexicon, faults := shared.load(), 0
	texts := madeUpTexts(words, 15_000)
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
		lexicon.wordEnds(text, func(got []int) {
			if !slices.Equal(got, want) && faults < 10 {
				faults++
				t.Errorf("%q is parted at %v, by gse at %v", text, got, want)
			}
		})
	}
}

// madeUpTexts are words of the dictionary and parts of them, run together, with what
// stands between words on real pages.
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
			if random.IntN(4) == 0 { // a part: the next word meets it in an unusual place
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

// TestEveryWordIsFound looks each word of the dictionary up in the trie.
func TestEveryWordIsFound(t *testing.T) {
	words, err := embeddedWords()
	if err != nil {
		t.Fatal(err)
	}
	dictionary, lexicon := readDictionary(words), shared.load()
	if len(dictionary.Tokens) < 200_000 {
		t.Fatalf("the dictionary has %d words", len(dictionary.Tokens))
	}
	for i := range dictionary.Tokens {
		word, node := dictionary.Tokens[i].Text(), int32(0)
		for at := 0; at < len(word); {
			unit, end, _ := lexicon.unit(word, at)
			if node = lexicon.child(node, unit); node == 0 {
				t.Fatalf("%s is not in the lexicon", word)
			}
			at = end
		}
		if lexicon.lengths[node] == noWord {
			t.Fatalf("%s is no word of the lexicon", word)
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
