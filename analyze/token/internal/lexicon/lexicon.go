// Package lexicon cuts texts into words by a dictionary that is a file of arrays without pointers.
// The file is embedded in the program: the system maps the parts that are read, so nothing is
// loaded, copied, or visited by the garbage collector.
package lexicon

import (
	"iter"
	"math"
	"math/bits"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Lexicon is a trie over units. The children of a node are in the order of their labels, and follow
// each other in the order of their parents. Words are cut exactly as gse's Segment cuts them: along
// the path with the least sum of log2(all/frequency), added in the same order.
//
// A unit is what gse never cuts: a run of letters and digits of up to two bytes each (Latin,
// Cyrillic and others), regardless of case, or any other single character.
type Lexicon struct {
	file
	lengths []float32         // log2(counted of all/counted), by the number in file.words; noWord at 0
	top     []uint16          // the root's child by its label
	byName  map[string]uint16 // labels of the units with names, see file.names
	longest int               // bytes of the longest name
	scratch sync.Pool
}

// The label of a unit is its character. Surrogates are not characters, so they serve as labels for
// runs, and for characters beyond the first plane, that occur in words.
const (
	root = 0

	firstName = 0xD800
	unknown   = 0xDFFF // a unit that occurs in no word

	noWord = -1
	// unknownLength is the length of a unit that is not a word, as in gse.
	unknownLength = 32
)

// Open returns the lexicon in a file that Encode has written. It keeps the data.
func Open(data []byte) (*Lexicon, error) {
	f, err := parse(data)
	if err != nil {
		return nil, err
	}
	l := &Lexicon{file: *f, lengths: []float32{noWord}, byName: map[string]uint16{}, scratch: sync.Pool{New: func() any { return new(cut) }}}
	counted := float32(math.Log2(float64(f.counted)))
	for i := range f.counts.len() {
		l.lengths = append(l.lengths, counted-float32(math.Log2(float64(f.counts.at(i)))))
	}
	for i, name := range f.names {
		l.byName[name] = firstName + uint16(i)
		l.longest = max(l.longest, len(name))
	}
	l.top = make([]uint16, 1<<16)
	for child, to := f.childrenOf(root); child < to; child++ {
		l.top[f.labels.at(child)] = uint16(child)
	}
	return l, nil
}

// Words yields the words in no particular order.
func (l *Lexicon) Words() iter.Seq[Word] {
	return func(yield func(Word) bool) { l.eachWord(root, nil, yield) }
}

// child returns the child of a node by a unit, or the root if there is none.
func (l *Lexicon) child(node int, unit uint16) int {
	from, end := l.childrenOf(node)
	for to := end; from < to; {
		middle := int(uint(from+to) / 2)
		switch label := l.labels.at(middle); {
		case label == unit:
			return middle
		case label < unit:
			from = middle + 1
		default:
			to = middle
		}
	}
	return root
}

// childrenOf returns the first child of a node, and the node after the last.
func (f *file) childrenOf(node int) (from, to int) {
	block, bit := node/64, node%64
	parents := f.parents.at(block)
	if parents>>bit&1 == 0 {
		return 0, 0
	}
	i := int(f.before.at(block)) + bits.OnesCount64(parents&(1<<bit-1))
	return int(f.children.at(i)), int(f.children.at(i + 1))
}

// unit returns the label of the unit that begins at a byte of text, and where it ends.
func (l *Lexicon) unit(text string, at int) (label uint16, end int) {
	r, n := utf8.DecodeRuneInString(text[at:])
	switch {
	case inRun(r, n):
		end = runEnd(text, at+n)
		return l.named(text[at:end]), end
	case r > math.MaxUint16:
		return l.named(text[at : at+n]), at + n
	}
	return uint16(r), at + n
}

// inRun reports whether a character of n bytes belongs to a run.
func inRun(r rune, n int) bool { return n <= 2 && (unicode.IsLetter(r) || unicode.IsNumber(r)) }

// runEnd returns where a run that has reached a byte ends.
func runEnd(text string, at int) int {
	for at < len(text) {
		r, n := utf8.DecodeRuneInString(text[at:])
		if !inRun(r, n) {
			break
		}
		at += n
	}
	return at
}

// named returns the label of a run or of a character beyond the first plane.
func (l *Lexicon) named(text string) uint16 {
	if len(text) > l.longest {
		return unknown
	}
	lower := make([]byte, 0, 64) // stays on the stack
	for i := range len(text) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower = append(lower, c)
	}
	if label, ok := l.byName[string(lower)]; ok {
		return label
	}
	return unknown
}

// cut is a text while it is being cut.
type cut struct {
	units []uint16
	ends  []int // the byte after each unit
	steps []step
	words []int
}

// step is the best path to the end of a unit: its length, and how many units its last word has.
type step struct {
	length float32
	units  int32
}

// WordEnds calls f with the offsets at which the words of a text end, in order. f must not keep the
// slice.
func (l *Lexicon) WordEnds(text string, f func(ends []int)) {
	c := l.scratch.Get().(*cut)
	defer l.scratch.Put(c)
	c.words = c.words[:0]
	l.walk(c, text)
	for last := len(c.units) - 1; last >= 0; last -= int(c.steps[last].units) {
		c.words = append(c.words, c.ends[last])
	}
	slices.Reverse(c.words)
	f(c.words)
}

// CountToHold returns the frequency that a text needs to be kept as one word: with it, the word
// makes the path as short as the words into which it is now cut.
func (l *Lexicon) CountToHold(text string) uint32 {
	var c cut
	l.walk(&c, text)
	if len(c.steps) == 0 {
		return 0
	}
	return uint32(math.Ceil(float64(l.counted) * math.Exp2(-float64(c.steps[len(c.steps)-1].length))))
}

// walk finds the shortest paths to the end of each unit of a text.
func (l *Lexicon) walk(c *cut, text string) {
	c.units, c.ends = c.units[:0], c.ends[:0]
	for at := 0; at < len(text); {
		unit, end := l.unit(text, at)
		c.units, c.ends = append(c.units, unit), append(c.ends, end)
		at = end
	}
	c.steps = slices.Grow(c.steps[:0], len(c.units))[:len(c.units)]
	clear(c.steps)
	so := float32(0) // the length of the path so far
	for first, unit := range c.units {
		known := false
		for node, last := int(l.top[unit]), first; node != root; node = l.child(node, c.units[last]) {
			if length := l.lengths[l.words.at(node)]; length != noWord {
				c.steps[last].shorten(so+length, last-first+1)
				known = known || last == first
			}
			if last++; last == len(c.units) {
				break
			}
		}
		if !known {
			c.steps[first].shorten(so+unknownLength, 1)
		}
		so = c.steps[first].length
	}
}

// shorten takes a path if it is the first or the shortest so far.
func (s *step) shorten(length float32, units int) {
	if s.units == 0 || length < s.length {
		*s = step{length, int32(units)}
	}
}
