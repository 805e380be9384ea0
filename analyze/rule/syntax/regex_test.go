package syntax

import (
	"io/fs"
	"regexp"
	"regexp/syntax"
	"slices"
	"testing"

	"github.com/qianshao/qianshao/analyze/packs"
)

// shippedExpressions returns the expressions of the shipped rules.
func shippedExpressions(t *testing.T) (out []string) {
	t.Helper()
	eachShipped(t, func(name string, src []byte) {
		f := &File{Name: name}
		for _, b := range f.ParseRule(src).Detection.Blocks {
			out = append(out, Values(b.Regex)...)
		}
	})
	if len(out) == 0 {
		t.Fatal("the shipped rules have no expressions")
	}
	return out
}

// eachShipped calls f with each shipped rule and context.
func eachShipped(t *testing.T, f func(name string, src []byte)) {
	t.Helper()
	for _, pattern := range []string{"rules/*/*.yaml", "contexts/*.yaml"} {
		names, err := fs.Glob(packs.FS(), pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		for _, name := range names {
			src, err := fs.ReadFile(packs.FS(), name)
			if err != nil {
				t.Fatal(err)
			}
			f(name, src)
		}
	}
}

// TestInstructionBound: no program is longer than the bound.
func TestInstructionBound(t *testing.T) {
	for _, expression := range shippedExpressions(t) {
		tree, err := syntax.Parse(expression, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		tree = tree.Simplify()
		prog, err := syntax.Compile(tree)
		if err != nil {
			t.Fatal(err)
		}
		if bound := instructionBound(tree); len(prog.Inst) > bound {
			t.Errorf("%q has %d instructions, the bound is %d", expression, len(prog.Inst), bound)
		}
	}
}

// FuzzCheckRegex: an expression that passes compiles and does not match the empty text.
func FuzzCheckRegex(f *testing.F) {
	f.Add(`(?i)usdt\d+`, "xUSDT5")
	f.Add(`a|b*`, "xUSDT5")
	f.Add(`[^\x00-\x{10FFFF}]|a{3,5}b?`, "xaaa")
	f.Fuzz(func(t *testing.T, expression, text string) {
		if CheckRegex(expression).Key != "" {
			return
		}
		if slices.ContainsFunc(regexp.MustCompile(expression).FindAllStringIndex(text, 64), func(at []int) bool { return at[0] == at[1] }) {
			t.Errorf("%q matches empty text", expression)
		}
	})
}
