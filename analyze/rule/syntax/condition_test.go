package syntax

import (
	"errors"
	"slices"
	"testing"
)

// FuzzCondition: the text of a parsed condition parses to the same condition.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{"a and b or not c", "2 of (a, b, c*)", "any of them", "a near/20 b", "((a))", "not not a", "all of ab*", "１ of a", "a near b"} {
		f.Add(seed)
	}
	blocks := []string{"a", "b", "c", "abc"}
	f.Fuzz(func(t *testing.T, src string) {
		root, used, err := parseCondition(src, blocks)
		if err != nil {
			var syntax *conditionError
			if !errors.As(err, &syntax) || syntax.at < 0 || syntax.at > len(src) {
				t.Fatalf("error %v points at nothing", err)
			}
			return
		}
		again, usedAgain, err := parseCondition(root.Text, blocks)
		if err != nil || again.Text != root.Text || !slices.Equal(used, usedAgain) {
			t.Fatalf("%q shows as %q, which parses to %v, %v", src, root.Text, again, err)
		}
		for mask := range 16 {
			block := func(i int) Truth { return Truth(mask >> i & 1 * 2) }
			near := func(n *Condition) Truth { return min(block(n.Block), block(n.Other)) }
			sorted, _ := root.CheapestFirst(func(i int) int { return 9 - i })
			if want := root.Eval(block, near); again.Eval(block, near) != want || sorted.Eval(block, near) != want || want == Maybe {
				t.Fatalf("%q: the truth of blocks %b changes", src, mask)
			}
		}
	})
}
