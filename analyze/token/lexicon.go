package token

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-ego/gse"
)

// lexicon is a dictionary as arrays without pointers: a trie over units in which the
// children of a node follow each other, in the order of their labels, and come in the
// order of their parents. It holds a twentieth of what gse does, and none of it is the
// garbage collector's to visit. Words are cut as gse's Segment cuts them, to the byte:
// the path of the least sum of log2(total/frequency), in the same order of additions.
//
// A unit is what gse never cuts: a run of Latin, Cyrillic and other letters and digits of
// up to two bytes each, whose case does not count, or any other character by itself.
type lexicon struct {
	labels   []label   // of each node; the root is node 0
	children []int32   // the first child of each node, which ends where the next node's begin
	lengths  []float32 // log2(total/frequency) of the word that ends at a node, or noWord
	top      []int32   // the root's child by its label, for labels of the first plane
	runs     map[string]label
	longest  int // bytes of the longest of runs
	scratch  sync.Pool
}

// label is a unit: a character, or firstRun and above for a run that words have.
type label int32

const (
	firstRun = label(unicode.MaxRune + 1)
	unknown  = label(-1) // a run that no word has

	noWord = -1
	// unknownLength is the length of a unit that is no word: gse's.
	unknownLength = 32
)

// entry is a word on its way into a lexicon.
type entry struct {
	units  []label
	length float32
}

// newLexicon takes a dictionary that gse has read.
func newLexicon(words *gse.Dictionary) *lexicon {
	l := &lexicon{runs: map[string]label{}, scratch: sync.Pool{New: func() any { return new(cut) }}}
	total := float32(math.Log2(words.TotalFreq()))
	entries := make([]entry, len(words.Tokens))
	for i := range words.Tokens {
		word := &words.Tokens[i]
		entries[i] = entry{l.unitsOf(word.Text()), total - float32(math.Log2(word.Freq()))}
	}
	slices.SortFunc(entries, func(a, b entry) int { return slices.Compare(a.units, b.units) })
	l.build(entries)
	return l
}

// unitsOf returns the units of a word, and remembers its runs.
func (l *lexicon) unitsOf(word string) (units []label) {
	for at := 0; at < len(word); {
		unit, end, isRun := l.unit(word, at)
		if isRun && unit == unknown {
			unit = firstRun + label(len(l.runs))
			l.runs[word[at:end]] = unit // gse gives it in lower case
			l.longest = max(l.longest, end-at)
		}
		units = append(units, unit)
		at = end
	}
	return units
}

// build lays out the trie breadth first. A span is of entries that share a node's units.
func (l *lexicon) build(entries []entry) {
	type span struct{ from, to, depth int }
	l.labels, l.lengths = append(l.labels, unknown), append(l.lengths, noWord)
	spans := []span{{0, len(entries), 0}}
	for node := 0; node < len(spans); node++ {
		s := spans[node]
		l.children = append(l.children, int32(len(spans)))
		from := s.from
		for from < s.to && len(entries[from].units) == s.depth { // the node's own word
			l.lengths[node] = entries[from].length
			from++
		}
		for from < s.to {
			unit, to := entries[from].units[s.depth], from+1
			for to < s.to && entries[to].units[s.depth] == unit {
				to++
			}
			spans = append(spans, span{from, to, s.depth + 1})
			l.labels, l.lengths = append(l.labels, unit), append(l.lengths, noWord)
			from = to
		}
	}
	l.children = append(l.children, int32(len(spans)))
	l.labels, l.children, l.lengths = slices.Clip(l.labels), slices.Clip(l.children), slices.Clip(l.lengths)
	l.indexTop()
}

// indexTop notes the children of the root, where every search begins.
func (l *lexicon) indexTop() {
	l.top = make([]int32, 1<<16)
	for child := l.children[0]; child < l.children[1]; child++ {
		if unit := int(l.labels[child]); unit < len(l.top) {
			l.top[unit] = child
		}
	}
}

// child returns the node behind a unit, or 0.
func (l *lexicon) child(node int32, unit label) int32 {
	if unit == unknown {
		return 0
	}
	if node == 0 && int(unit) < len(l.top) {
		return l.top[unit]
	}
	from, to := l.children[node], l.children[node+1]
	i, found := slices.BinarySearchFunc(l.labels[from:to], unit, cmp.Compare[label])
	if !found {
		return 0
	}
	return from + int32(i)
}

// unit returns the unit of text that begins at a byte, and where it ends.
func (l *lexicon) unit(text string, at int) (unit label, end int, isRun bool) {
	r, n := utf8.DecodeRuneInString(text[at:])
	if !inRun(r, n) {
		return label(r), at + n, false
	}
	for end = at + n; end < len(text); end += n {
		if r, n = utf8.DecodeRuneInString(text[end:]); !inRun(r, n) {
			break
		}
	}
	return l.run(text[at:end]), end, true
}

// inRun says whether a character of n bytes belongs to a run.
func inRun(r rune, n int) bool { return n <= 2 && (unicode.IsLetter(r) || unicode.IsNumber(r)) }

// run returns the label of a run.
func (l *lexicon) run(text string) label {
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
	if unit, ok := l.runs[string(lower)]; ok {
		return unit
	}
	return unknown
}

// cut is a text while it is parted.
type cut struct {
	units []label
	ends  []int // byte behind each unit
	steps []step
	words []int
}

// step is the best way to the end of a unit: how long it is, and of how many units its
// last word is.
type step struct {
	length float32
	units  int
}

// wordEnds calls f with the bytes behind the words of a text, in order. f must not keep them.
func (l *lexicon) wordEnds(text string, f func(ends []int)) {
	c := l.scratch.Get().(*cut)
	defer l.scratch.Put(c)
	c.units, c.ends, c.words = c.units[:0], c.ends[:0], c.words[:0]
	for at := 0; at < len(text); {
		unit, end, _ := l.unit(text, at)
		c.units, c.ends = append(c.units, unit), append(c.ends, end)
		at = end
	}
	l.walk(c)
	for last := len(c.units) - 1; last >= 0; last -= c.steps[last].units {
		c.words = append(c.words, c.ends[last])
	}
	slices.Reverse(c.words)
	f(c.words)
}

// walk finds the shortest ways to the end of each unit.
func (l *lexicon) walk(c *cut) {
	c.steps = slices.Grow(c.steps[:0], len(c.units))[:len(c.units)]
	clear(c.steps)
	so := float32(0) // the length of the way so far
	for first := range c.units {
		known := false
		for last, node := first, int32(0); last < len(c.units); last++ {
			if node = l.child(node, c.units[last]); node == 0 {
				break
			}
			if length := l.lengths[node]; length != noWord {
				c.steps[last].shorten(so+length, last-first+1)
				known = known || last == first
			}
		}
		if !known {
			c.steps[first].shorten(so+unknownLength, 1)
		}
		so = c.steps[first].length
	}
}

// shorten takes a way if it is the first or the shortest.
func (s *step) shorten(length float32, units int) {
	if s.units == 0 || length < s.length {
		*s = step{length, units}
	}
}
