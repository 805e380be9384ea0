package prefilter

import (
	"regexp/syntax"
	"strings"
)

// The width of a match is counted in units of folded text: a run of ASCII letters and digits is one
// unit, whatever its length; what a single symbol folds to is one; every other character is one. So
// \s* has the width 0, [^。]{0,12} has 12, and \d{5,} has 1. An expression like [^。]+ is unbounded,
// and reads the whole region.

const (
	unbounded = -1
	maxWidth  = 200 // units; with more, there is little to leave out
)

// kept says what folding keeps of everything that an expression can match.
type kept uint8

const (
	keptNothing  kept = iota
	keptAlphanum      // ASCII letters and digits
	keptOther
)

func keptOf(form form) kept {
	switch {
	case form == "" || strings.HasPrefix(form, symbolMark):
		return keptNothing
	case strings.ContainsFunc(form, func(c rune) bool { return !isAlphanum(c) }):
		return keptOther
	}
	return keptAlphanum
}

// keptOfRunes returns it for the runes of a literal or the ranges of a class.
func (f *folder) keptOfRunes(re *syntax.Regexp) (most kept) {
	if re.Op == syntax.OpLiteral {
		for _, r := range re.Rune {
			for _, form := range f.formsOfRune(r, re.Flags&syntax.FoldCase != 0) {
				most = max(most, keptOf(form))
			}
		}
		return most
	}
	for i := 0; i+1 < len(re.Rune); i += 2 {
		if re.Rune[i+1]-re.Rune[i] >= maxClass {
			return keptOther
		}
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
			most = max(most, keptOf(f.formOf(r)))
		}
	}
	return most
}

func isAlphanum(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' }

// maxMatchWidth returns the greatest number of units that a match can have, or unbounded.
func (f *folder) maxMatchWidth(re *syntax.Regexp) int16 {
	width, _ := f.widthOf(re)
	return int16(width)
}

// widthOf returns maxMatchWidth, and what folding keeps of the expression's characters.
func (f *folder) widthOf(re *syntax.Regexp) (width int, keeps kept) {
	switch re.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1, keptOther
	case syntax.OpLiteral:
		width, keeps = len(re.Rune), f.keptOfRunes(re)
	case syntax.OpCharClass:
		width, keeps = 1, f.keptOfRunes(re)
	}
	for _, sub := range re.Sub {
		n, k := f.widthOf(sub)
		keeps = max(keeps, k)
		switch {
		case n == unbounded || width == unbounded:
			width = unbounded
		case re.Op == syntax.OpConcat:
			width += n
		default:
			width = max(width, n)
		}
	}
	switch {
	case keeps == keptNothing:
		return 0, keeps
	case keeps == keptAlphanum:
		return 1, keeps
	case width > maxWidth || re.Op == syntax.OpStar || re.Op == syntax.OpPlus || re.Op == syntax.OpRepeat:
		return unbounded, keeps
	}
	return width, keeps
}
