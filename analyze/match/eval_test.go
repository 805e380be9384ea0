package match

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/analyze/fold"
)

//go:embed testdata/vocabulary.txt
var vocabulary string

func vocabularyTerms() []string {
	var terms []string
	for line := range strings.Lines(vocabulary) {
		if !strings.HasPrefix(line, "#") {
			terms = append(terms, strings.Fields(line)...)
		}
	}
	return terms
}

// openShared opens one of the labelled sets, which only some developers have.
func openShared(t testing.TB, name string) *bufio.Scanner {
	_, here, _, _ := runtime.Caller(0)
	file, err := os.Open(filepath.Join(filepath.Dir(here), "../../../shared/eval", name))
	if err != nil {
		t.Skip("the labelled sets are not here:", err)
	}
	t.Cleanup(func() { file.Close() })
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	return lines
}

// cheapest returns the cheapest hit of each term found.
func cheapest(m *Matcher, t *fold.Text, text string) map[int32]Hit {
	found := map[int32]Hit{}
	t.Fold(text)
	m.Scan(t, func(h Hit) {
		if have, ok := found[h.Term]; !ok || h.Cost < have.Cost {
			found[h.Term] = h
		}
	})
	return found
}

// TestDisguisesSurvive measures how many words of a plain text are still found in its disguised
// form.
func TestDisguisesSurvive(t *testing.T) {
	terms := vocabularyTerms()
	m, err := Compile(terms)
	if err != nil {
		t.Fatal(err)
	}
	var text fold.Text
	var plain, kept, sure, verbatim int
	lost := map[string]int{}
	for lines := openShared(t, "variants/sms_variants.jsonl"); lines.Scan(); {
		var pair struct{ Raw, Plain string }
		if err := json.Unmarshal(lines.Bytes(), &pair); err != nil {
			t.Fatal(err)
		}
		want := cheapest(m, &text, pair.Plain)
		got := cheapest(m, &text, pair.Raw)
		for term, h := range want {
			if h.Cost > CostPlain {
				continue
			}
			plain++
			g, ok := got[term]
			switch {
			case !ok:
				lost[terms[term]]++
				if os.Getenv("SHOW") == terms[term] {
					t.Logf("%s | %s", pair.Raw, pair.Plain)
				}
			case g.Cost < CostDisguised:
				sure++
				kept++
			default:
				kept++
			}
			if ok && g.Steps&(fold.StepLookAlike|fold.StepHomophone|fold.StepPinyin|fold.StepSplit|fold.StepLeet|fold.StepNumeral) == 0 {
				verbatim++
			}
		}
	}
	share := func(n int) float64 { return float64(n) / float64(plain) }
	t.Logf("of %d terms in plain texts, the raw texts keep %.3f; %.3f without corroboration; %.3f by folding alone",
		plain, share(kept), share(sure), share(verbatim))
	for term, n := range lost {
		if n >= 25 {
			t.Logf("lost %s %d", term, n)
		}
	}
	if share(kept) < 0.9 {
		t.Errorf("the raw texts keep %.3f of the terms, below 0.9", share(kept))
	}
}

// TestDisguisesOnHeadlines measures how many hits the disguises add on ordinary text.
func TestDisguisesOnHeadlines(t *testing.T) {
	terms := vocabularyTerms()
	m, err := Compile(terms)
	if err != nil {
		t.Fatal(err)
	}
	var text fold.Text
	var count, plain, sure, doubtful int
	for lines := openShared(t, "benign/headlines.jsonl"); lines.Scan(); {
		var headline struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &headline); err != nil {
			t.Fatal(err)
		}
		count++
		for term, h := range cheapest(m, &text, headline.Text) {
			switch {
			case h.Steps&^(fold.StepCase|fold.StepWidth|fold.StepTraditional|fold.StepSeparator) == 0:
				plain++
			case h.Cost < CostDisguised:
				sure++
				t.Logf("%s (%d) in %s: %s", terms[term], h.Cost, headline.Text[h.Start:h.End], headline.Text)
			default:
				doubtful++
				if os.Getenv("SHOW") != "" {
					t.Logf("doubtful %s (%d) in %s: %s", terms[term], h.Cost, headline.Text[h.Start:h.End], headline.Text)
				}
			}
		}
	}
	t.Logf("in %d headlines: %d plain hits; disguises add %d without corroboration, %d that need it", count, plain, sure, doubtful)
	if sure > count/1000 {
		t.Errorf("disguises add %d hits without corroboration in %d headlines, more than 0.1 %%", sure, count)
	}
}
