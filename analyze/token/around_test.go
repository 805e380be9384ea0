package token

import (
	"slices"
	"testing"
)

func TestFindAround(t *testing.T) {
	t.Parallel()
	queries := []Query{
		{Term: "色色"},
		{Term: "口交"},
		{Term: "口交", Excepts: []string{"人口交", "口交通"}},
		{Term: "色色", Excepts: []string{"形形色色"}},
		{Term: "贷款"},
		{Term: "龘龘"},
	}
	got := shared.FindAround(queries)
	inside, across, excepted, none, word, rare := got[0], got[1], got[2], got[3], got[4], got[5]
	if !slices.Contains(inside.Examples, "形形色色") || inside.Chance < 1 || inside.Own != 0 {
		t.Errorf("a word that contains the term is not found: %+v", inside)
	}
	if !slices.Contains(across.Examples, "人口|交通") || across.Chance <= across.Own || across.Chance < 1 {
		t.Errorf("two words that straddle the term are not found: %+v", across)
	}
	if excepted.Chance >= across.Chance*2/3 || excepted.Own != across.Own || slices.Contains(excepted.Examples, "人口|交通") {
		t.Errorf("what is excepted counts: %+v, without excepts %+v", excepted, across)
	}
	if none.Chance >= inside.Chance/2 {
		t.Errorf("a word that is excepted counts: %+v", none)
	}
	if word.Own < word.Chance {
		t.Errorf("a frequent word is rarer than chance: %+v", word)
	}
	if rare.Chance != 0 || rare.Own != 0 || rare.Examples != nil {
		t.Errorf("characters of no word: %+v", rare)
	}
}
