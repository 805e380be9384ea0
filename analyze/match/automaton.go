package match

import (
	"cmp"
	"slices"
)

// automaton is an Aho-Corasick automaton in a double array: the child of state s by code c is cell
// base[s]+c if that cell's check is s. (Aoe, "An Efficient Digital Search Algorithm by Using a
// Double-Array Structure", 1989; Aho and Corasick, 1975.) Codes count from 1. Code 0 is any symbol
// that no pattern has.
type automaton struct {
	cells []cell
	links []link
	// heads holds the caller's number of a pattern for the state that ends it, and 0 for other
	// states.
	heads []int32
	// depths holds the number of codes read in each state, at most 255.
	depths []uint8
	// root is the root's transition for every code: after a failure, most searches go on there.
	root []int32
	// shallow is the last state after a single code. States after more codes have higher numbers.
	shallow int32
	// pairs is a bitmap of the states after two codes. Most pairs of characters begin no pattern,
	// and this table, which stays in the nearest cache, answers that.
	pairs [pairBits / 64]uint64
}

// With pairBits, no two pairs of up to 510 codes share a bit. Chinese has some 400 syllables.
const pairBits = 1 << 18

// pair returns the place in pairs of a shallow state with the next code.
func pair(s int32, code uint16) uint32 { return (uint32(s)<<9 + uint32(code)) % pairBits }

// goesOn reports whether the shallow state s may have a child by code.
func (a *automaton) goesOn(s int32, code uint16) bool {
	at := pair(s, code)
	return a.pairs[at/64]>>(at%64)&1 != 0
}

// cell is the part of a state that nearly every step reads. It is small, for the cache.
type cell struct {
	base  int32 // shifted left by one; the lowest bit says that link.out is set
	check int32
}

// link is the part that fewer steps read: those that fail from a deep state or end a pattern.
type link struct {
	fail int32 // the state of the longest proper suffix
	out  int32 // the head of this state or of the nearest on its fail chain that has one; 0 if none has
}

func (c cell) child(code uint16) int32 { return c.base>>1 + int32(code) }

func (c cell) ends() bool { return c.base&1 != 0 }

const rootState = 0

// noCheck marks a free cell.
const noCheck = -1

// step returns the state after reading code in state s.
func (a *automaton) step(s int32, code uint16) int32 {
	if t := a.cells[s].child(code); a.cells[t].check == s {
		return t
	}
	if s <= a.shallow {
		return a.root[code]
	}
	return a.fail(s, code)
}

// fail is step for a state without a child by code: it returns the child of the longest suffix that
// has one.
func (a *automaton) fail(s int32, code uint16) int32 {
	for s > a.shallow {
		if parent := a.cells[s].check; parent <= a.shallow { // after two codes, the only suffix is the second
			s = a.root[s-a.cells[parent].child(0)]
		} else {
			s = a.links[s].fail
		}
		if s <= a.shallow && !a.goesOn(s, code) {
			break
		}
		if t := a.cells[s].child(code); a.cells[t].check == s {
			return t
		}
	}
	return a.root[code]
}

// builder puts a sorted list of patterns into the double array, level by level.
type builder struct {
	auto     *automaton
	patterns [][]uint16 // sorted, distinct
	free     []int32    // the next free cell after each free cell
	from     int32      // first free cell worth trying
	children []child    // scratch
}

// child is a state to be placed. The patterns lo:hi share its prefix.
type child struct {
	code   uint16
	lo, hi int32
}

// node is a state whose children are still to be placed.
type node struct {
	state  int32
	depth  int32
	lo, hi int32
}

// newAutomaton builds the automaton of patterns, which it sorts by code. codes is the size of the
// alphabet. heads[i] belongs to patterns[i].
func newAutomaton(patterns [][]uint16, heads []int32, codes int) *automaton {
	order := make([]int, len(patterns))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return cmp.Or(slices.Compare(patterns[x], patterns[y]), x-y) })
	sorted, sortedHeads := make([][]uint16, len(order)), make([]int32, len(order))
	for i, at := range order {
		sorted[i], sortedHeads[i] = patterns[at], heads[at]
	}
	b := builder{auto: &automaton{root: make([]int32, codes+1)}, patterns: sorted, from: 1}
	b.grow(codes + 2)
	b.auto.cells[rootState].check = rootState
	queue := []node{{rootState, 0, 0, int32(len(sorted))}}
	for at := 0; at < len(queue); at++ {
		n := queue[at]
		if n.lo < n.hi && int32(len(sorted[n.lo])) == n.depth {
			b.auto.heads[n.state] = sortedHeads[n.lo]
			n.lo++
		}
		b.collect(n)
		if len(b.children) == 0 {
			continue
		}
		b.place(n.state)
		for _, e := range b.children {
			child := b.auto.cells[n.state].child(e.code)
			queue = append(queue, node{child, n.depth + 1, e.lo, e.hi})
			b.auto.depths[child] = uint8(min(n.depth+1, 255))
			b.link(n.state, child, e.code)
			if n.depth == 1 {
				at := pair(n.state, e.code)
				b.auto.pairs[at/64] |= 1 << (at % 64)
			}
		}
		if n.state == rootState {
			b.auto.shallow = int32(codes) + 1
			b.from = b.auto.shallow + 1
		}
	}
	b.outputs(queue)
	return b.auto
}

// collect lists the children of n.
func (b *builder) collect(n node) {
	b.children = b.children[:0]
	for i := n.lo; i < n.hi; {
		code := b.patterns[i][n.depth]
		end := i + 1
		for end < n.hi && b.patterns[end][n.depth] == code {
			end++
		}
		b.children = append(b.children, child{code, i, end})
		i = end
	}
}

// place finds a base for the state with the collected children and takes their cells.
func (b *builder) place(state int32) {
	first := int32(b.children[0].code)
	tries := 0
	at := max(b.nextFree(b.from), b.nextFree(first+1))
	for ; !b.fits(at - first); at = b.nextFree(at + 1) {
		// Where many attempts fail, the array is nearly full, and later states need not try there
		// again. This keeps the build linear. A state with many children, such as a surname shared
		// by 10,000 names, hardly ever fits between others. Then the search stops and takes cells
		// behind all of them.
		switch tries++; tries {
		case maxTries:
			b.from = at
		case maxSearch:
			at = int32(len(b.auto.cells))
		}
	}
	base := at - first
	b.auto.cells[state].base = base << 1
	b.grow(int(base) + len(b.auto.root)) // every code must lead to a cell, whether or not to a child
	for _, e := range b.children {
		child := base + int32(e.code)
		b.auto.cells[child].check = state
		b.free[child] = child + 1
	}
}

const (
	maxTries  = 32
	maxSearch = 4096 // without a limit, a million names took thirteen times as long to compile
)

func (b *builder) fits(base int32) bool {
	b.grow(int(base) + int(b.children[len(b.children)-1].code) + 1)
	for _, e := range b.children {
		if b.auto.cells[base+int32(e.code)].check != noCheck {
			return false
		}
	}
	return true
}

// nextFree returns the first free cell from at on. It shortens the path for the next caller (path
// halving, as in a union-find).
func (b *builder) nextFree(at int32) int32 {
	b.grow(int(at) + 1)
	for b.auto.cells[at].check != noCheck {
		next := b.free[at]
		b.grow(int(next) + 1)
		b.free[at] = b.free[next]
		at = next
	}
	return at
}

func (b *builder) grow(n int) {
	for len(b.auto.cells) < n {
		at := int32(len(b.free))
		b.auto.cells = append(b.auto.cells, cell{check: noCheck})
		b.auto.links = append(b.auto.links, link{})
		b.auto.heads = append(b.auto.heads, 0)
		b.auto.depths = append(b.auto.depths, 0)
		b.free = append(b.free, at)
	}
}

// link sets the child's fail state. It works because parents come before children, level by level.
func (b *builder) link(parent, child int32, code uint16) {
	if parent == rootState {
		b.auto.root[code] = child
		return
	}
	b.auto.links[child].fail = b.auto.step(b.auto.links[parent].fail, code)
}

// outputs finds what ends at each state, level by level.
func (b *builder) outputs(queue []node) {
	a := b.auto
	for _, n := range queue {
		l := &a.links[n.state]
		if l.out = a.heads[n.state]; l.out == 0 && n.state != rootState {
			l.out = a.links[l.fail].out
		}
		if l.out != 0 {
			a.cells[n.state].base |= 1
		}
	}
}
