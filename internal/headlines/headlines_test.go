package headlines

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func opened(t *testing.T) *Words {
	t.Helper()
	words, err := Open("../../analyze/token/dictionary.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// TestTextIsVaried: words are as frequent as in the dictionary, lines do not repeat, and the same
// seed gives the same text.
func TestTextIsVaried(t *testing.T) {
	words := opened(t)
	text := words.Text(1, 200_000)
	if text != words.Text(1, 200_000) {
		t.Error("one seed gives two texts")
	}
	if text[:1000] == words.Text(2, 1000)[:1000] {
		t.Error("two seeds give one text")
	}
	if common, rare := strings.Count(text, "是"), strings.Count(text, "扮"); common < 200 || rare > 50 {
		t.Errorf("是 comes %d times, 扮 %d times", common, rare)
	}
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if seen[line] {
			t.Errorf("%q comes twice", line)
		}
		seen[line] = true
	}
}

// TestTermsAndNames: the lists have the requested number of different entries, even if the
// dictionary has fewer, and a shorter list is the beginning of a longer one.
func TestTermsAndNames(t *testing.T) {
	words := opened(t)
	for name, list := range map[string]func(int) []string{"terms": words.Terms, "names": words.Names} {
		long, short := list(300_000), list(1000)
		seen := map[string]bool{}
		for i, term := range long {
			if seen[term] {
				t.Fatalf("%s: %q comes twice", name, term)
			}
			if i < len(short) && short[i] != term {
				t.Fatalf("%s: the lists differ at %d: %q, %q", name, i, short[i], term)
			}
			if n := utf8.RuneCountInString(term); n < 2 || n > 4 && name == "terms" {
				t.Fatalf("%s: %q has %d characters", name, term, n)
			}
			seen[term] = true
		}
		if len(long) != 300_000 {
			t.Errorf("%s: %d of 300,000", name, len(long))
		}
	}
}
