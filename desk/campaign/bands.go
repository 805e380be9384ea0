package campaign

import (
	"encoding/binary"
	"slices"
)

// Parts returns the number of connected groups that the blocks form; blocks that share a band are
// connected.
func Parts(blocks [][]uint64) int {
	joined, parts, held := newSets(len(blocks)), len(blocks), map[uint64]int{}
	for i, bands := range blocks {
		for _, band := range bands {
			if first, ok := held[band]; ok && joined.join(first, i) {
				parts--
			}
			held[band] = i
		}
	}
	return parts
}

// sets are disjoint sets of numbers.
type sets []int

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func (s sets) root(i int) int {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

// join unites the sets of two numbers and says whether they were different.
func (s sets) join(i, k int) bool {
	i, k = s.root(i), s.root(k)
	s[i] = k
	return i != k
}

// PackBands writes bands as bytes.
func PackBands(bands []uint64) []byte {
	out := make([]byte, 0, 8*len(bands))
	for _, b := range bands {
		out = binary.BigEndian.AppendUint64(out, b)
	}
	return out
}

// UnpackBands reads what PackBands writes.
func UnpackBands(packed []byte) []uint64 {
	out := make([]uint64, 0, len(packed)/8)
	for b := range slices.Chunk(packed, 8) {
		out = append(out, binary.BigEndian.Uint64(b))
	}
	return out
}
