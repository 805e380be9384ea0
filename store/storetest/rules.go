package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/store"
)

func runRuleSets(t *testing.T, open Open) {
	t.Run("rule sets", func(t *testing.T) { testRuleSets(t, open) })
}

// testRuleSets: the rule sets of a period come with the one in force at its beginning.
func testRuleSets(t *testing.T, open Open) {
	s := open(t)
	at := func(hours int) time.Time { return base.Add(time.Duration(hours) * time.Hour) }
	if digest, err := s.RuleSetInForce(t.Context()); err != nil || digest != "" {
		t.Errorf("nothing is in force: %q, %v", digest, err)
	}
	sets := []store.RuleSet{
		{At: at(1), Digest: "one", Version: "1.0", Rules: map[string]string{"a": "1"}},
		{At: at(2), Digest: "two", Version: "1.0", Rules: map[string]string{"a": "2", "规则": "1"}},
		{At: at(4), Digest: "one", Version: "1.1", Rules: map[string]string{"a": "1"}},
	}
	for _, set := range sets {
		check(t, s.PutRuleSet(t.Context(), set))
	}
	if digest, err := s.RuleSetInForce(t.Context()); err != nil || digest != "one" {
		t.Errorf("in force is %q, %v", digest, err)
	}
	for _, tc := range []struct {
		name            string
		from, to, limit int
		want            []store.RuleSet
	}{
		{"before all", 0, 1, 9, nil},
		{"from before the first", 0, 3, 9, []store.RuleSet{sets[1], sets[0]}},
		{"at the moment of one", 2, 4, 9, []store.RuleSet{sets[1]}},
		{"between two", 3, 5, 9, []store.RuleSet{sets[2], sets[1]}},
		{"after the last", 5, 6, 9, []store.RuleSet{sets[2]}},
		{"some", 0, 6, 2, []store.RuleSet{sets[2], sets[1]}},
	} {
		got, err := s.RuleSets(t.Context(), at(tc.from), at(tc.to), tc.limit)
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", tc.name, err, diff)
		}
	}
}
