// Package match finds many terms at once in a folded text. It is an Aho-Corasick automaton in a
// double array. Its alphabet consists of symbols: characters with the same sound have the same
// symbol, and so have letters of the same shape. So one pass finds terms both as written and in
// disguise. symbols.go explains how.
//
// Every hit has a cost that says how far the text is from the term. The costs of changed characters
// and of what stands between characters are added, doubled and divided by the number of the term's
// characters: one changed character matters more among two than among five. Invisible characters,
// combining marks, styled letters and enclosed letters each add 1.
//
//	as written, whatever its case, width or script (traditional)  0
//	space between two characters                                  1
//	sign or emoji between two characters                          1, and 1 for every 2 more
//	bracket or quotation mark between, kana passed over           2
//	comma, colon, line break between                              12
//	full stop, question or exclamation mark between               not a hit
//	… but the same sign between all characters: c*a*s*i*n*o       2 in all
//	financial numeral 壹                                          1
//	two halves 木奉, a picture 🐂                                 2
//	+ for 加                                                      1
//	0 for o, 1 for l, ρ for p                                     2
//	Arabic for Chinese numeral, Latin syllable qi                 3
//
//	another character …      of like look and sound   look   sound
//	rare                     1                        2      2
//	uncommon                 2                        3      4
//	everyday                 4                        5      5
//	… that differs in a stroke (lookalikes.txt)  3
//
// Hits that cost more than MaxCost are not emitted.
package match

import (
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao/analyze/fold"
)

const (
	// CostPlain is the highest cost of a hit in ordinary spelling.
	CostPlain = 2
	// CostDisguised is the lowest cost of a hit that needs corroboration, such as that of a term of
	// two characters with one everyday character of the same sound, or of four with two.
	CostDisguised = 4
	// MaxCost is the highest cost of a hit that is emitted.
	MaxCost = 10
)

const (
	clauseCost    = 12
	sentenceCost  = 1000 // above any budget
	spacedOutCost = 2
	skipCost      = 2
	numeralCost   = 1
	digitCost     = 3
	splitCost     = 2
	leetCost      = 2
	syllableCost  = 3
	pictureCost   = 2
	sureCost      = 3 // an everyday character that differs in a stroke
	plusCost      = 1
	impossible    = 1000
)

// changeCost are the costs of a different character, which depend on how common it is (0 and 1
// rare, 2 uncommon, 3 everyday): when it both looks and sounds like the term's, only looks like it,
// and only sounds like it.
type changeCost struct{ both, look, sound int }

func changeCosts(common uint8) changeCost {
	switch common {
	case 0, 1:
		return changeCost{1, 2, 2}
	case 2:
		return changeCost{2, 3, 4}
	}
	return changeCost{4, 5, 5}
}

// budget returns what the changes and gaps in a hit of a term with n characters may cost together.
// It grows with n.
func budget(n int) int { return MaxCost * max(n, 1) / 2 }

// normalise brings the sum of a hit's changes and gaps to the scale of MaxCost.
func normalise(sum, n int) int { return (2*sum + n - 1) / n }

// stepCost returns the cost of the transforms, each kind counted once.
func stepCost(steps fold.Step) int {
	const priced = fold.StepInvisible | fold.StepCombining | fold.StepStyled | fold.StepEnclosed
	if steps&priced == 0 {
		return 0
	}
	cost := 0
	for _, s := range [...]fold.Step{fold.StepInvisible, fold.StepCombining, fold.StepStyled, fold.StepEnclosed} {
		if steps&s != 0 {
			cost++
		}
	}
	return cost
}

// gapsCost returns the cost of what stands between two spans: what was dropped, and the characters
// that a reading skipped. If the term itself has a separator there, one is free.
func gapsCost(t *fold.Text, before, after span, free bool) (int, fold.Step) {
	if before.last < 0 || after.first < 0 {
		return markGapCost(t, before, after)
	}
	cost, steps := 0, fold.Step(0)
	for i := before.last + 1; i <= after.first; i++ {
		if t.Gaps[i].Width > 0 {
			steps |= t.Gaps[i].Steps
			if !free {
				cost += gapCost(t.Gaps[i])
			}
		}
		if i < after.first {
			cost += skipCost
			steps |= fold.StepSeparator
		}
	}
	return cost, steps
}

// maxMarkGap is how many bytes may stand between a sign and its neighbour: a space, a variation
// selector, one more sign.
const maxMarkGap = 8

// markGapCost returns the cost of what stands beside a sign that was read as a character.
func markGapCost(t *fold.Text, before, after span) (int, fold.Step) {
	_, _, from := ends(t, before.last)
	_, to, _ := ends(t, after.first)
	switch {
	case to <= from:
		return 0, 0
	case to-from > maxMarkGap || strings.ContainsAny(t.Source()[from:to], "。！？!?，,；;：:、\n"):
		return sentenceCost, 0
	}
	return 1, fold.StepSeparator
}

func gapCost(gap fold.Gap) int {
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
		return clauseCost
	}
	return sentenceCost
}

// spacedOut reports whether the same sign separates all characters from first to last. If there are
// fewer than two gaps, it must also separate them from their neighbours.
func spacedOut(t *fold.Text, first, last int32) bool {
	if first < 0 || last < 0 {
		return false
	}
	if last-first < 2 {
		first, last = max(first-1, 0), min(last+1, int32(len(t.Runes))-1)
	}
	if last-first < 2 {
		return false
	}
	mark := rune(-1)
	for i := first + 1; i <= last; i++ {
		if t.Start[i] == t.Start[i-1] {
			continue // two characters from one sign: ⑩
		}
		r, n := utf8.DecodeRuneInString(t.Source()[t.End[i-1]:t.Start[i]])
		if n == 0 || mark >= 0 && r != mark {
			return false
		}
		mark = r
	}
	return mark >= 0
}

// symbolCost returns the cost of reading the characters s as the term's character want, or
// impossible.
func (m *Matcher) symbolCost(t *fold.Text, s span, want rune, n int) (int, fold.Step) {
	if s.first < 0 {
		return m.markCost(t.Marks[-s.first-1].Rune, want, n)
	}
	if s.first == s.last {
		got := t.Runes[s.first]
		if got == want {
			return 0, t.Steps[s.first]
		}
		cost, step := m.replaceCost(got, want, n)
		return cost, step | t.Steps[s.first]
	}
	cost, steps := splitCost, fold.StepSplit
	if isAlphabetic(t.Runes[s.first]) {
		cost, steps = syllableCost, fold.StepPinyin
	}
	for i := s.first; i <= s.last; i++ {
		steps |= t.Steps[i]
		if i > s.first && t.Gaps[i].Width > 0 {
			steps |= t.Gaps[i].Steps
			cost += gapCost(t.Gaps[i])
		}
	}
	return cost, steps
}

// replaceCost returns the cost of another character in place of want in a term of n.
func (m *Matcher) replaceCost(got, want rune, n int) (int, fold.Step) {
	if n == 1 {
		return impossible, 0 // a single character must be found as written
	}
	return m.changeCost(got, want)
}

// markCost returns the cost of a sign read as a character: + for 加 costs less than a picture.
func (m *Matcher) markCost(got, want rune, n int) (int, fold.Step) {
	cost, step := pictureCost, fold.StepEmoji
	if got == '加' {
		cost, step = plusCost, fold.StepLookAlike
	}
	if n == 1 {
		return impossible, 0
	}
	if got != want {
		change, more := m.changeCost(got, want)
		return cost + change, step | more
	}
	return cost, step
}

// changeCost returns the cost of one character in place of another.
func (m *Matcher) changeCost(got, want rune) (int, fold.Step) {
	a, b := m.symbols.chars.of(got), m.symbols.chars.of(want)
	if a == nil || b == nil {
		return m.signCost(got, want)
	}
	look, sound := a.isLike(want), a.soundsLike(b)
	costs := changeCosts(a.common)
	if a.isSurelyLike(want) {
		costs.both, costs.look = min(costs.both, sureCost), min(costs.look, sureCost)
	}
	switch {
	case sound && isFinancial(got) && isNumeral(want):
		return numeralCost, fold.StepNumeral
	case sound && look:
		return costs.both, fold.StepLookAlike | fold.StepHomophone
	case look:
		return costs.look, fold.StepLookAlike
	case sound:
		return costs.sound, fold.StepHomophone
	}
	return impossible, 0
}

// signCost returns the cost of letters, digits and signs of other scripts.
func (m *Matcher) signCost(got, want rune) (int, fold.Step) {
	latin := m.symbols.latin(got)
	switch {
	case isDigit(got) && isHan(want):
		return digitCost, fold.StepNumeral
	case isHan(want) && isAlphabetic(latin):
		return syllableCost, fold.StepInitials
	case latin == want:
		return leetCost, fold.StepLookAlike
	case shape(latin) == shape(m.symbols.latin(want)):
		if isDigit(got) && isDigit(want) {
			return impossible, 0
		}
		return leetCost, fold.StepLeet
	}
	return impossible, 0
}

// isNumeral reports whether r is a plain numeral.
func isNumeral(r rune) bool { return strings.ContainsRune(numerals+"十百千", r) }

// isFinancial reports whether r is a numeral as written on cheques.
func isFinancial(r rune) bool {
	switch r {
	case '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖', '拾', '佰', '仟':
		return true
	}
	return false
}
