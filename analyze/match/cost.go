// Package match finds many terms at once in a folded text: an Aho-Corasick
// automaton over characters, in a double array.
//
// Every hit has a cost, which says how far the text is from the term:
//
//	as written, whatever its case, width or script   0
//	one space between two characters                 1
//	invisible characters, combining marks,
//	styled or enclosed letters                       1 each kind
//	emoji or sign between two characters             1, and 1 for every 2 more
//	bracket or quotation mark between                2
//	comma, colon, line break between                 6
//	full stop, question or exclamation mark between  12
//
// A term may cost as much as its budget, which grows with its length; dearer
// hits are not emitted. A hit of at most CostPlain is ordinary writing; one
// of CostDisguised or more is so far from the term that a rule should ask for
// further evidence.
package match

import "github.com/qianshao/qianshao/analyze/fold"

const (
	// CostPlain is the highest cost of a hit in ordinary writing.
	CostPlain = 1
	// CostDisguised is the lowest cost of a hit that needs corroboration.
	CostDisguised = 6
)

// budget returns what a hit of a term with n characters may cost.
func budget(n int) int {
	budgets := [...]int{0, 1, 6, 9, 12, 14, 16}
	return budgets[min(n, len(budgets)-1)]
}

// stepCost prices each kind of transform once.
func stepCost(steps fold.Step) int {
	cost := 0
	for _, s := range [...]fold.Step{fold.StepInvisible, fold.StepCombining, fold.StepStyled, fold.StepEnclosed} {
		if steps&s != 0 {
			cost++
		}
	}
	return cost
}

// gapCost prices what stood in front of character i.
func gapCost(t *fold.Text, i int32) int {
	gap := t.Gaps[i]
	switch gap.Break {
	case fold.BreakNone:
		return 0
	case fold.BreakSpace:
		return 1
	case fold.BreakSymbol:
		return 1 + int(gap.Width-1)/2
	case fold.BreakQuote:
		return 2
	case fold.BreakClause:
		return 7
	}
	return 12
}
