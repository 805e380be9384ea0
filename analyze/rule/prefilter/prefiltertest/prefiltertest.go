// Package prefiltertest makes texts for tests of packages that run regular expressions: texts that
// some of the expressions match, or nearly match.
package prefiltertest

import (
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
)

// Shipped returns the expressions of the shipped rules, which people wrote.
func Shipped(t testing.TB) (expressions []string) {
	t.Helper()
	set, err := rule.Load(packs.FS(), rule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range set.Detections() {
		for _, b := range d.Blocks {
			expressions = append(expressions, b.Regexps...)
		}
	}
	slices.Sort(expressions)
	return slices.Compact(expressions)
}

// Trees parses expressions. It panics if one does not parse.
func Trees(expressions []string) []*syntax.Regexp {
	trees := make([]*syntax.Regexp, len(expressions))
	for i, expression := range expressions {
		tree, err := syntax.Parse(expression, syntax.Perl)
		if err != nil {
			panic(err)
		}
		trees[i] = tree
	}
	return trees
}

// Text joins samples of some of the expressions.
func Text(trees []*syntax.Regexp, random *rand.Rand) string {
	var b strings.Builder
	for range 1 + random.IntN(5) {
		sample(trees[random.IntN(len(trees))], random, &b)
		if random.IntN(3) == 0 {
			b.WriteString([]string{" ", "，", "公园", "·", "3"}[random.IntN(5)])
		}
	}
	return b.String()
}

// sample writes a text that the expression matches, or nearly matches.
func sample(re *syntax.Regexp, random *rand.Rand, out *strings.Builder) {
	if random.IntN(60) == 0 {
		return // leave something out
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			for range random.IntN(4) * int(re.Flags&syntax.FoldCase) {
				r = unicode.SimpleFold(r)
			}
			out.WriteRune(disguised(r, random))
		}
	case syntax.OpCharClass:
		i := 2 * random.IntN(max(1, len(re.Rune)/2))
		if i < len(re.Rune) {
			out.WriteRune(disguised(re.Rune[i]+random.Int32N(re.Rune[i+1]-re.Rune[i]+1), random))
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		out.WriteRune([]rune("天气 a1，")[random.IntN(6)])
	case syntax.OpAlternate:
		sample(re.Sub[random.IntN(len(re.Sub))], random, out)
	case syntax.OpStar, syntax.OpQuest, syntax.OpPlus, syntax.OpRepeat, syntax.OpCapture, syntax.OpConcat:
		low, high := 1, 1
		switch re.Op {
		case syntax.OpStar, syntax.OpQuest:
			low = 0
		case syntax.OpRepeat:
			low, high = re.Min, min(max(re.Max, re.Min), re.Min+3)
		}
		for range low + random.IntN(high-low+1) {
			for _, sub := range re.Sub {
				sample(sub, random, out)
			}
		}
	}
}

// disguised occasionally makes a letter or digit full-width, which folding undoes.
func disguised(r rune, random *rand.Rand) rune {
	if r > ' ' && r < 0x7f && random.IntN(15) == 0 {
		return r + 0xfee0
	}
	return r
}
