package packs_test

import (
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
)

// The shipped pack must load without a complaint of the linter and cover the
// whole closed list of crimes. That the tests inside the rules come out as they
// expect is tested in package analyze, where the scores are made.
func TestLoad(t *testing.T) {
	set, err := rule.Load(packs.FS(), rule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	covered := map[qianshao.Category]int{}
	for _, r := range set.Rules() {
		covered[r.Category]++
	}
	for _, c := range qianshao.Categories() {
		if covered[c] == 0 {
			t.Errorf("no rule of category %s", c)
		}
	}
}
