package lexicon

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// file is a lexicon in its stored form, with all numbers little-endian: a head of seven uint32, the
// arrays in the order of the fields, and the names, each followed by a zero byte. Nodes are
// numbered breadth first. The root is node 0.
type file struct {
	counted uint64 // sum over all words

	labels      array16  // of each node
	words       array16  // 0 if no word ends at the node, or 1 + the word's place in frequencies and counts
	parents     array64  // one bit for each node, set if it has children
	before      array32  // how many bits are set in parents before each of its numbers
	children    array32  // the first child of each parent, and the number of nodes
	frequencies array32  // Word.Frequency of words
	counts      array32  // Word.Counted of the same
	names       []string // the units with labels that are not characters, from firstName on
}

// The arrays are read in place. A slice of numbers would need them aligned, and an embedded file
// may not be.
type (
	array16 []byte
	array32 []byte
	array64 []byte
)

func (a array16) at(i int) uint16 { return binary.LittleEndian.Uint16(a[2*i:]) }
func (a array32) at(i int) uint32 { return binary.LittleEndian.Uint32(a[4*i:]) }
func (a array64) at(i int) uint64 { return binary.LittleEndian.Uint64(a[8*i:]) }
func (a array32) len() int        { return len(a) / 4 }

// head is the beginning of a file. It says how long the arrays are.
type head struct {
	Magic                       uint32
	Nodes, Parents, Frequencies uint32
	Names                       uint32 // bytes
	Counted                     uint64 // sum over all words
}

// magic is "qsl1", which identifies the format. Another format gets another number.
const magic = 0x316c7371

// parse finds the arrays of a file. It does not read their content.
func parse(data []byte) (*file, error) {
	var h head
	n, err := binary.Decode(data, binary.LittleEndian, &h)
	if err != nil || h.Magic != magic {
		return nil, errors.New("lexicon: not a lexicon, or one in another format; make it anew with go generate ./analyze/token")
	}
	nodes, parents, blocks := int(h.Nodes), int(h.Parents), (int(h.Nodes)+63)/64
	rest := data[n:]
	if want := 4*nodes + 12*blocks + 4*(parents+1) + 8*int(h.Frequencies) + int(h.Names); len(rest) != want {
		return nil, fmt.Errorf("lexicon: it has %d bytes of words, but its head says %d", len(rest), want)
	}
	take := func(bytes int) []byte {
		array := rest[:bytes:bytes]
		rest = rest[bytes:]
		return array
	}
	f := &file{
		counted: h.Counted,
		labels:  take(2 * nodes), words: take(2 * nodes),
		parents: take(8 * blocks), before: take(4 * blocks), children: take(4 * (parents + 1)),
		frequencies: take(4 * int(h.Frequencies)), counts: take(4 * int(h.Frequencies)),
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(rest), "\x00"), "\x00") {
		f.names = append(f.names, name)
	}
	return f, nil
}

// eachWord yields the words at a node and below it. text spells the units up to the node.
func (f *file) eachWord(node int, text []byte, yield func(Word) bool) bool {
	if word := int(f.words.at(node)); word > 0 && !yield(Word{string(text), f.frequencies.at(word - 1), f.counts.at(word - 1)}) {
		return false
	}
	for child, to := f.childrenOf(node); child < to; child++ {
		if !f.eachWord(child, f.spell(text, f.labels.at(child)), yield) {
			return false
		}
	}
	return true
}

// spell appends the text of a unit.
func (f *file) spell(text []byte, label uint16) []byte {
	if i := int(label) - firstName; 0 <= i && i < len(f.names) {
		return append(text, f.names[i]...)
	}
	return utf8.AppendRune(text, rune(label))
}

// Word is a word of a dictionary.
type Word struct {
	Text      string // Latin letters are in lower case
	Frequency uint32 // in the dictionary's corpus
	Counted   uint32 // the frequency that is used to cut texts
}

// entry is a word that is being written to a file.
type entry struct {
	units []uint16
	word  uint16 // see file.words
}

// Encode writes the file of words, which must be different.
func Encode(words []Word) ([]byte, error) {
	if len(words) == 0 {
		return nil, errors.New("lexicon: no words")
	}
	e := encoder{labels: map[string]uint16{}}
	for _, word := range words {
		if word.Text == "" || word.Counted == 0 || !utf8.ValidString(word.Text) {
			return nil, fmt.Errorf("lexicon: %q, with frequency %d, is not a word", word.Text, word.Counted)
		}
		e.Counted += uint64(word.Counted)
	}
	entries := make([]entry, len(words))
	places := map[[2]uint32]uint16{}
	for i, word := range words {
		units, err := e.unitsOf(word.Text)
		if err != nil {
			return nil, err
		}
		pair := [2]uint32{word.Frequency, word.Counted}
		if places[pair] == 0 {
			e.frequencies, e.counts = append(e.frequencies, word.Frequency), append(e.counts, word.Counted)
			places[pair] = uint16(len(e.counts))
		}
		entries[i] = entry{units, places[pair]}
	}
	if len(e.counts) > math.MaxUint16 {
		return nil, fmt.Errorf("lexicon: %d different frequencies are too many", len(e.counts))
	}
	slices.SortFunc(entries, func(a, b entry) int { return slices.Compare(a.units, b.units) })
	for i := range entries[1:] {
		if slices.Equal(entries[i].units, entries[i+1].units) {
			return nil, errors.New("lexicon: a word is given twice, or in two cases")
		}
	}
	e.layOut(entries)
	return e.bytes()
}

// encoder collects the arrays of a file.
type encoder struct {
	head
	nodes, words     []uint16
	parents          []uint64
	before, children []uint32
	frequencies      []uint32
	counts           []uint32
	names            string
	labels           map[string]uint16
}

// unitsOf returns the labels of a word, and numbers the units that need names.
func (e *encoder) unitsOf(word string) (units []uint16, err error) {
	for at, end := 0, 0; at < len(word); at = end {
		r, n := utf8.DecodeRuneInString(word[at:])
		end = at + n
		if inRun(r, n) {
			end = runEnd(word, end)
		} else if r <= math.MaxUint16 {
			units = append(units, uint16(r))
			continue
		}
		name := word[at:end]
		label, known := e.labels[name]
		if !known {
			label = firstName + uint16(len(e.labels))
			e.labels[name] = label
			e.names += name + "\x00"
		}
		units = append(units, label)
	}
	if len(e.labels) > unknown-firstName {
		return nil, fmt.Errorf("lexicon: more than %d units need a name", unknown-firstName)
	}
	return units, nil
}

// layOut numbers the nodes breadth first. A span holds the entries that share the units of a node.
func (e *encoder) layOut(entries []entry) {
	type span struct{ from, to, depth int }
	spans := []span{{0, len(entries), 0}}
	e.nodes, e.words = []uint16{unknown}, []uint16{0}
	for node := 0; node < len(spans); node++ {
		if node%64 == 0 {
			e.parents, e.before = append(e.parents, 0), append(e.before, uint32(len(e.children)))
		}
		s := spans[node]
		from := s.from
		if len(entries[from].units) == s.depth { // the word that ends at the node
			e.words[node] = entries[from].word
			from++
		}
		if from < s.to {
			e.parents[node/64] |= 1 << (node % 64)
			e.children = append(e.children, uint32(len(spans)))
		}
		for from < s.to {
			unit, to := entries[from].units[s.depth], from+1
			for to < s.to && entries[to].units[s.depth] == unit {
				to++
			}
			spans = append(spans, span{from, to, s.depth + 1})
			e.nodes, e.words = append(e.nodes, unit), append(e.words, 0)
			from = to
		}
	}
	e.children = append(e.children, uint32(len(spans)))
}

func (e *encoder) bytes() (data []byte, err error) {
	e.Magic, e.Nodes, e.Parents = magic, uint32(len(e.nodes)), uint32(len(e.children)-1)
	e.Frequencies, e.Names = uint32(len(e.frequencies)), uint32(len(e.names))
	for _, part := range []any{e.head, e.nodes, e.words, e.parents, e.before, e.children, e.frequencies, e.counts, []byte(e.names)} {
		if data, err = binary.Append(data, binary.LittleEndian, part); err != nil {
			return nil, err
		}
	}
	return data, nil
}
