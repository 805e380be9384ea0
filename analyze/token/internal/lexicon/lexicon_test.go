package lexicon

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is a lexicon with a word in Latin letters, one with a character beyond the first plane, and
// one in which other words end and begin.
func small(t *testing.T) (*Lexicon, map[string]uint32) {
	t.Helper()
	words := map[string]uint32{"南京": 900, "南京市": 300, "市长": 500, "长江": 400, "长江大桥": 50, "大桥": 200, "4s店": 3, "𫘨马": 7, "江": 7}
	var list []Word
	for text, frequency := range words {
		list = append(list, Word{text, frequency, frequency + 1})
	}
	data, err := Encode(list)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(slices.Clone(data))
	if err != nil {
		t.Fatal(err)
	}
	return l, words
}

func TestWordEnds(t *testing.T) {
	t.Parallel()
	l, _ := small(t)
	for text, want := range map[string]string{
		"南京市长江大桥":      "南京市 长江大桥",
		"市长":           "市长",
		"去4S店买𫘨马，𫘨𫘧":   "去 4S店 买 𫘨马 ， 𫘨 𫘧",
		"江\xe9江市vip4s": "江 \xe9 江 市 vip4s",
		"":             "",
	} {
		var got []string
		l.WordEnds(text, func(ends []int) {
			from := 0
			for _, end := range ends {
				got = append(got, text[from:end])
				from = end
			}
		})
		if joined := strings.Join(got, " "); joined != want {
			t.Errorf("%q is parted into %q, want %q", text, joined, want)
		}
	}
}

func TestWordsRoundTrip(t *testing.T) {
	t.Parallel()
	l, want := small(t)
	got := map[string]uint32{}
	for word := range l.Words() {
		if got[word.Text] = word.Frequency; word.Counted != word.Frequency+1 {
			t.Errorf("%s counts %d times", word.Text, word.Counted)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	data, err := Encode([]Word{{"江", 7, 7}})
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string][]byte{"nothing": nil, "another form": append([]byte("qsl0"), data[4:]...), "cut off": data[:len(data)-1], "too long": append(data, 0)} {
		if _, err := Open(broken); err == nil {
			t.Errorf("%s is opened", name)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	for name, words := range map[string][]Word{"nothing": nil, "a character that is none": {{"江\xe9", 1, 1}}, "a word twice": {{"江", 1, 1}, {"江", 2, 2}}, "an empty word": {{"", 1, 1}}, "no frequency": {{"江", 1, 0}}} {
		if _, err := Encode(words); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
