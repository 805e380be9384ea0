package dfa

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// classes groups characters into numbered classes that an expression cannot tell apart. Characters
// of the basic plane are looked up in pages of 64, few of which differ for one expression.
type classes struct {
	index  [1 << 16 >> pageBits]int32 // by page of the basic plane: where it begins in pages
	pages  []uint16                   // classes of the characters of the different pages, one page after the other
	firsts []rune                     // the first characters of ranges of one class
	of     []int32                    // the classes of these ranges
	sample []rune                     // by class: one of its characters
}

const (
	pageBits = 6
	pageSize = 1 << pageBits
)

// class returns a character's class. Anything that is not a character, such as a stray byte, counts
// as U+FFFD.
func (c *classes) class(r rune) uint16 {
	if r>>16 == 0 {
		return c.pages[c.index[r>>pageBits]+r&(pageSize-1)]
	}
	return c.search(r)
}

func (c *classes) search(r rune) uint16 {
	if !utf8.ValidRune(r) {
		r = utf8.RuneError
	}
	i, found := slices.BinarySearch(c.firsts, r)
	if !found {
		i--
	}
	return uint16(c.of[i])
}

// newClasses separates the characters that the instructions of a program tell apart.
func newClasses(prog *syntax.Prog) *classes {
	sets := setsOf(prog)
	c := &classes{firsts: []rune{0}}
	for _, set := range sets {
		for i := 0; i < len(set); i += 2 {
			c.firsts = append(c.firsts, set[i])
			if set[i+1] < unicode.MaxRune {
				c.firsts = append(c.firsts, set[i+1]+1)
			}
		}
	}
	slices.Sort(c.firsts)
	c.firsts = slices.Compact(c.firsts)
	c.of = make([]int32, len(c.firsts))
	for _, set := range sets {
		c.split(set)
	}
	c.number()
	c.fillPages()
	return c
}

// setsOf returns the sets of characters that a program asks for, as pairs of the first and last
// character of a range.
func setsOf(prog *syntax.Prog) (sets [][]rune) {
	seen := map[string]bool{}
	add := func(set ...rune) {
		key := make([]byte, 0, 4*len(set))
		for _, r := range set {
			key = binary.LittleEndian.AppendUint32(key, uint32(r))
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			sets = append(sets, set)
		}
	}
	for i := range prog.Inst {
		switch inst := &prog.Inst[i]; inst.Op {
		case syntax.InstRune1, syntax.InstRune:
			if len(inst.Rune) == 1 {
				add(casesOf(inst.Rune[0], syntax.Flags(inst.Arg)&syntax.FoldCase != 0)...)
			} else {
				add(inst.Rune...)
			}
		case syntax.InstRuneAnyNotNL:
			add('\n', '\n')
		case syntax.InstEmptyWidth:
			add('\n', '\n')
			add('0', '9', 'A', 'Z', '_', '_', 'a', 'z')
		}
	}
	return sets
}

// casesOf returns the range of a character and, under (?i), of its other cases.
func casesOf(r rune, anyCase bool) []rune {
	out := []rune{r, r}
	for c := unicode.SimpleFold(r); anyCase && c != r; c = unicode.SimpleFold(c) {
		out = append(out, c, c)
	}
	return out
}

// split separates the characters of a set from the others.
func (c *classes) split(set []rune) {
	base := slices.Max(c.of) + 1
	next, moved := base, map[int32]int32{}
	for i := 0; i < len(set); i += 2 {
		at, _ := slices.BinarySearch(c.firsts, set[i])
		for ; at < len(c.firsts) && c.firsts[at] <= set[i+1]; at++ {
			from := c.of[at]
			if from >= base {
				continue // ranges overlap
			}
			to, ok := moved[from]
			if !ok {
				to = next
				moved[from] = to
				next++
			}
			c.of[at] = to
		}
	}
}

// number renumbers the classes from 0.
func (c *classes) number() {
	numbers := map[int32]int32{}
	for i, old := range c.of {
		n, ok := numbers[old]
		if !ok {
			n = int32(len(numbers))
			numbers[old] = n
			c.sample = append(c.sample, c.firsts[i])
		}
		c.of[i] = n
	}
}

// fillPages fills in the pages. Nearly all of them have a single class.
func (c *classes) fillPages() {
	known := map[[pageSize]uint16]int32{}
	uniform := map[int32]int32{} // by class
	at := 0
	for i := range c.index {
		first := rune(i * pageSize)
		for at+1 < len(c.firsts) && c.firsts[at+1] <= first {
			at++
		}
		isUniform := utf8.ValidRune(first) && (at+1 == len(c.firsts) || c.firsts[at+1] >= first+pageSize)
		if n, ok := uniform[c.of[at]]; ok && isUniform {
			c.index[i] = n
			continue
		}
		var page [pageSize]uint16
		for k := range page {
			page[k] = c.search(first + rune(k))
		}
		n, ok := known[page]
		if !ok {
			n = int32(len(c.pages))
			known[page] = n
			c.pages = append(c.pages, page[:]...)
		}
		c.index[i] = n
		if isUniform {
			uniform[c.of[at]] = n
		}
	}
}
