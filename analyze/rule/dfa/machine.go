package dfa

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"sync/atomic"
)

// machine is a program whose states are built when a text first leads to them.
//
// A state is a position between two characters. It knows which instructions may come next, with
// those that Go's engine prefers first. A character leads from it to another state. Whether an
// assertion like \b holds there, and therefore whether a match ends there, is known only once the
// next character is read, so the following state records it. Texts end with a special character,
// endOfText.
type machine struct {
	memory  *Memory
	prog    *syntax.Prog
	classes *classes
	// backward says that the program is that of the reversed expression: it reads from the end of a
	// match to the earliest place at which one begins.
	backward bool
	asserts  syntax.EmptyOp    // the assertions that the program has
	states   map[string]*state // by Memory.keyOf; guarded by memory.mu
	first    [befores]atomic.Pointer[state]
}

// state is immutable except for next.
type state struct {
	next      []atomic.Pointer[state] // by class, and for endOfText; nil if not built yet
	threads   []uint32                // instructions that may come next, the preferred ones first
	before    before
	searching bool // a match may begin here
	matched   bool // a match ended before the character that led here
	notable   bool // matched, or nothing can follow
}

// before is what precedes a state, as far as the program's assertions ask for it.
type before uint8

const (
	beforeOther before = iota
	beforeWord
	beforeLine // after a line feed
	beforeText // at the beginning of the text
	befores
)

// startOfText stands for the beginning of a text. Like endOfText, it is not a character.
const startOfText = -1

// beforeOf returns what a state that follows a character remembers of it.
func (m *machine) beforeOf(r rune) before {
	const lines, words = syntax.EmptyBeginLine | syntax.EmptyEndLine, syntax.EmptyWordBoundary | syntax.EmptyNoWordBoundary
	switch {
	case r == startOfText && m.asserts != 0:
		return beforeText
	case r == '\n' && m.asserts&lines != 0:
		return beforeLine
	case m.asserts&words != 0 && syntax.IsWordChar(r):
		return beforeWord
	}
	return beforeOther
}

// character returns a character that may precede the state.
func (b before) character() rune { return [befores]rune{' ', 'w', '\n', startOfText}[b] }

// endOfText returns the class of the end of a text.
func (m *machine) endOfText() uint16 { return uint16(len(m.classes.sample)) }

func newMachine(memory *Memory, prog *syntax.Prog, c *classes, backward bool) *machine {
	m := &machine{memory: memory, prog: prog, classes: c, backward: backward, states: map[string]*state{}}
	for _, inst := range prog.Inst {
		if inst.Op == syntax.InstEmptyWidth {
			m.asserts |= syntax.EmptyOp(inst.Arg)
		}
	}
	return m
}

// start returns the state in which reading begins after a character.
func (m *machine) start(behind rune) *state {
	b := m.beforeOf(behind)
	if s := m.first[b].Load(); s != nil {
		return s
	}
	m.memory.mu.Lock()
	defer m.memory.mu.Unlock()
	s := state{before: b, searching: !m.backward}
	if m.backward {
		s.threads = []uint32{uint32(m.prog.Start)}
	}
	built := m.known(s)
	m.first[b].Store(built)
	return built
}

// build returns the state that a character of a class leads to.
func (m *machine) build(s *state, class uint16) *state {
	m.memory.mu.Lock()
	defer m.memory.mu.Unlock()
	if next := s.next[class].Load(); next != nil {
		return next
	}
	r := rune(startOfText)
	if class < m.endOfText() {
		r = m.classes.sample[class]
	}
	w := m.memory.walk.begin(m, r, syntax.EmptyOpContext(s.before.character(), r))
	matched := false
	for _, pc := range s.threads {
		if w.from(pc) {
			matched = true
			if !m.backward {
				break
			}
		}
	}
	searching := s.searching && !matched
	if searching {
		w.from(uint32(m.prog.Start))
	}
	if m.backward {
		slices.Sort(w.threads) // no thread is preferred to another
	}
	next := m.known(state{threads: w.threads, before: m.beforeOf(r), searching: searching, matched: matched})
	s.next[class].Store(next)
	return next
}

// known returns the stored state that is equal to s; if there is none, it stores s.
func (m *machine) known(s state) *state {
	key := m.memory.keyOf(&s)
	if known, ok := m.states[string(key)]; ok {
		return known
	}
	s.threads = slices.Clone(s.threads)
	s.next = make([]atomic.Pointer[state], m.endOfText()+1)
	s.notable = s.matched || len(s.threads) == 0 && !s.searching
	m.memory.grow(m, stateBytes+len(key)+4*len(s.threads)+8*len(s.next))
	m.states[string(key)] = &s
	return &s
}

// keyOf encodes what distinguishes a state from others.
func (m *Memory) keyOf(s *state) []byte {
	flags := byte(s.before) << 2
	if s.searching {
		flags |= 1
	}
	if s.matched {
		flags |= 2
	}
	m.key = append(m.key[:0], flags)
	for _, pc := range s.threads {
		m.key = binary.AppendUvarint(m.key, uint64(pc))
	}
	return m.key
}

// walk follows a program's instructions from state to state.
type walk struct {
	prog     *syntax.Prog
	longest  bool
	r        rune
	holds    syntax.EmptyOp
	threads  []uint32 // those after the character, in order
	stack    []uint32
	seen     []uint32 // by instruction: the last walk that reached it
	added    []uint32 // by instruction: the last walk that made it a thread
	sequence uint32
}

// begin begins a walk over a character. holds are the assertions that hold before it.
func (w *walk) begin(m *machine, r rune, holds syntax.EmptyOp) *walk {
	w.prog, w.longest, w.r, w.holds = m.prog, m.backward, r, holds
	if n := len(m.prog.Inst); len(w.seen) < n || w.sequence == 1<<32-1 {
		w.seen, w.added, w.sequence = make([]uint32, n), make([]uint32, n), 0
	}
	w.sequence++
	w.threads = w.threads[:0]
	return w
}

// from adds the threads that an instruction leads to after the character. It reports whether the
// instruction also leads to the end of a match before the character; it then leaves out what Go's
// engine would try only if there were no such match.
func (w *walk) from(pc uint32) (matched bool) {
	w.stack = append(w.stack[:0], pc)
	for len(w.stack) > 0 {
		pc := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		if w.seen[pc] == w.sequence {
			continue
		}
		w.seen[pc] = w.sequence
		switch inst := &w.prog.Inst[pc]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			w.stack = append(w.stack, inst.Arg, inst.Out)
		case syntax.InstCapture, syntax.InstNop:
			w.stack = append(w.stack, inst.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^w.holds == 0 {
				w.stack = append(w.stack, inst.Out)
			}
		case syntax.InstMatch:
			matched = true
			if !w.longest {
				return matched
			}
		case syntax.InstFail:
		default:
			if w.r != startOfText && inst.MatchRune(w.r) && w.added[inst.Out] != w.sequence {
				w.added[inst.Out] = w.sequence
				w.threads = append(w.threads, inst.Out)
			}
		}
	}
	return matched
}
