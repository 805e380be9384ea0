package rule

import (
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/analyze/match"
)

// In a long region an expression is run around its needles only. How far a
// match can reach from them is drawn from the expression's syntax and counted
// in units of folded text: a run of ASCII letters and digits is one, whatever
// its length; what a single sign folds to is one; every other character is one.
// So \s* is nothing, [^。]{0,12} is twelve, and \d{5,} one; [^。]+ is without
// end, and such an expression reads the whole region.
//
// A stretch holds one unit more on either side than any match in it, so that
// none hangs on where the stretch ends: the matches are those of the whole region.

const (
	endless    = -1
	maxReach   = 200 // units; further, there is little to leave out
	longRegion = 80  // folded characters; in a shorter region, too
)

// kept says what folding keeps of all that an expression can match.
type kept uint8

const (
	keptNothing  kept = iota
	keptAlphanum      // ASCII letters and digits
	keptOther
)

func keptOf(form form) kept {
	switch {
	case form == "" || strings.HasPrefix(form, signMark):
		return keptNothing
	case strings.ContainsFunc(form, func(c rune) bool { return !isAlphanum(c) }):
		return keptOther
	}
	return keptAlphanum
}

// keptOfRunes is for the runes of a literal, or the ranges of a class.
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

// reachOf returns the units that a match of an expression has at most, or endless.
func (f *folder) reachOf(re *syntax.Regexp) int16 {
	reach, _ := f.unitsOf(re)
	return int16(reach)
}

// unitsOf returns reachOf, and what folding keeps of the expression's characters.
func (f *folder) unitsOf(re *syntax.Regexp) (reach int, keeps kept) {
	switch re.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1, keptOther
	case syntax.OpLiteral:
		reach, keeps = len(re.Rune), f.keptOfRunes(re)
	case syntax.OpCharClass:
		reach, keeps = 1, f.keptOfRunes(re)
	}
	for _, sub := range re.Sub {
		n, k := f.unitsOf(sub)
		keeps = max(keeps, k)
		switch {
		case n == endless || reach == endless:
			reach = endless
		case re.Op == syntax.OpConcat:
			reach += n
		default:
			reach = max(reach, n)
		}
	}
	switch {
	case keeps == keptNothing:
		return 0, keeps
	case keeps == keptAlphanum:
		return 1, keeps
	case reach > maxReach || re.Op == syntax.OpStar || re.Op == syntax.OpPlus || re.Op == syntax.OpRepeat:
		return endless, keeps
	}
	return reach, keeps
}

// piece is a part of a region, in folded characters; to is behind it.
type piece struct{ from, to int32 }

// units numbers the units of a folded text.
type units struct {
	of     []int32 // by character
	starts []int32 // by unit, and the text's length
}

func (u *units) count(e *evaluation) {
	u.of, u.starts = u.of[:0], u.starts[:0]
	before := false
	for i, r := range e.text.Runes {
		alphanum := isAlphanum(r)
		if i == 0 || !(alphanum && before) && e.text.Start[i] != e.text.Start[i-1] {
			u.starts = append(u.starts, int32(i))
		}
		u.of = append(u.of, int32(len(u.starts)-1))
		before = alphanum
	}
	u.starts = append(u.starts, int32(len(u.of)))
}

// around returns the piece that reaches so many units to both sides of
// character i, and one more.
func (u *units) around(i int32, reach int) piece {
	from := max(0, int(u.of[i])-reach-1)
	to := min(len(u.starts)-1, int(u.of[i])+reach+2)
	return piece{u.starts[from], u.starts[to]}
}

// placing is where the needles of all expressions stand in the open region.
type placing struct {
	done   bool
	places []match.Place
	units  units
	sets   []uint8          // by literal: sets of the expression at hand
	at     [maxSets][]int32 // where the needles of each of its sets begin
	order  [maxSets][]int32 // the same, without the sets that it has not, the smallest first
	pieces []piece
}

// pieces returns the parts of the open region in which an expression can match,
// in order and apart; ok is false if it may as well read all of it.
func (e *evaluation) pieces(pattern int32) (out []piece, ok bool) {
	h, reach := e.search.haystack, int(e.search.reach[pattern])
	if reach == endless || e.text.Len() < longRegion || len(h.needles[pattern]) == 0 {
		return nil, false
	}
	p := &e.placing
	if !p.done {
		p.done = true
		p.places = h.literals.Places(e.text.Runes, p.places[:0])
		p.units.count(e)
	}
	rarest, others := p.place(h, pattern)
	out = p.pieces[:0]
	total := int32(0)
	for _, at := range rarest {
		next := p.units.around(at, reach)
		if !p.near(others, next) {
			continue
		}
		if last := len(out) - 1; last >= 0 && next.from <= out[last].to {
			total += next.to - out[last].to
			out[last].to = next.to
		} else {
			total += next.to - next.from
			out = append(out, next)
		}
	}
	p.pieces = out
	return out, total < int32(e.text.Len())*3/4
}

// place finds the characters at which the needles of each of the expression's
// sets begin. It returns those of the set that has the fewest, and the others.
func (p *placing) place(h *haystack, pattern int32) (fewest []int32, others [][]int32) {
	if len(p.sets) < len(h.postings) {
		p.sets = make([]uint8, len(h.postings))
	}
	all := uint8(0)
	for _, n := range h.needles[pattern] {
		p.sets[n.literal] |= n.set
		all |= n.set
	}
	for k := range p.at {
		p.at[k] = p.at[k][:0]
	}
	for _, place := range p.places {
		set := p.sets[place.Literal]
		for k := 0; set != 0; k, set = k+1, set>>1 {
			if set&1 != 0 {
				p.at[k] = append(p.at[k], place.At)
			}
		}
	}
	for _, n := range h.needles[pattern] {
		p.sets[n.literal] = 0
	}
	others = p.order[:0]
	for k := range p.at {
		if all>>k&1 != 0 {
			others = append(others, p.at[k])
		}
	}
	slices.SortStableFunc(others, func(x, y []int32) int { return len(x) - len(y) })
	return others[0], others[1:]
}

// near says whether a needle of each set begins in the piece.
func (p *placing) near(sets [][]int32, in piece) bool {
	return !slices.ContainsFunc(sets, func(at []int32) bool {
		i, _ := slices.BinarySearch(at, in.from)
		return i == len(at) || at[i] >= in.to
	})
}
