package engine

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/prefilter"
	"github.com/qianshao/qianshao/analyze/rule/prefilter/prefiltertest"
)

// TestUnfiltered: the results are the same when every expression runs on the whole of every region,
// whether or not its atoms are there and whether or not a hit would matter to its rule.
func TestUnfiltered(t *testing.T) {
	rules, err := rule.Load(packs.FS(), rule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set, plain := New(rules, words), New(rules, words)
	// An index of expressions that match anything filters nothing out.
	plain.atoms = sync.OnceValue(func() *prefilter.Index {
		return prefilter.New(slices.Repeat([]string{"(?s).+"}, len(plain.patterns)))
	})
	expressions := make([]string, len(set.patterns))
	for i, p := range set.patterns {
		expressions[i] = p.text
	}
	trees := prefiltertest.Trees(expressions)
	for _, b := range plain.blocks {
		b.neighbours = nil
	}
	random := rand.New(rand.NewPCG(7, 8))
	fired := 0
	for range 150 {
		var lines []string
		for range 1 + random.IntN(3) {
			line := prefiltertest.Text(trees, random)
			for range random.IntN(6) {
				line += set.terms[random.IntN(len(set.terms))].text
			}
			if random.IntN(2) == 0 { // a long region: expressions are run only around their atoms
				line = strings.Repeat("公园里有树。", random.IntN(20)) + line + strings.Repeat("，下午 3 点", random.IntN(20)) + prefiltertest.Text(trees, random)
			}
			lines = append(lines, line)
		}
		if random.IntN(2) == 0 { // much text: no word corroborates another
			lines = append(lines, strings.Repeat("公园里有树。", longPage/9))
		}
		doc := texts(lines...)
		want, got := plain.Evaluate(doc), set.Evaluate(doc)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(rule.Rule{}, "Detection"), cmpopts.IgnoreUnexported(Context{})); diff != "" {
			t.Errorf("%q differs (-unfiltered +filtered):\n%s", lines, diff)
		}
		fired += len(want.Fired)
	}
	if fired == 0 {
		t.Error("nothing fired: the texts test nothing")
	}
}
