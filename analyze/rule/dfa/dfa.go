// Package dfa runs regular expressions as deterministic finite automata. It finds what Go's engine
// finds, in about three to five nanoseconds a character, which is seven to fourteen times as fast.
//
// An automaton's states are built as texts lead to them (R. Cox, "Regular Expression Matching in
// the Wild", 2010). One automaton reads forward, to the end of the first match; another one reads
// back from there, to its beginning. An expression with gaps, like 代[^。]{0,14}票, can have thousands
// of states. So all expressions share one bounded memory, and an expression that keeps needing new
// states is left to Go's engine for a while.
package dfa

import (
	"regexp"
	"regexp/syntax"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

const (
	// maxMemory bounds the states of all expressions, in bytes. The 1,500 labelled pages together
	// need 2.2 MB. When the memory is full, all states are discarded and built again on demand.
	maxMemory = 8 << 20
	// stateBytes is the size of a state without its slices, and of its place in a map.
	stateBytes = 200
	// stateCost is how many characters Go's engine reads in the time that it takes to build a
	// state.
	stateCost = 16
	// maxDebt is how many characters an expression may lag behind Go's engine before Go's engine
	// takes over: the cost of a thousand states. No labelled page reaches it.
	maxDebt = stateCost * 1000
)

// Memory holds the states of expressions, within maxMemory. It is safe for concurrent use.
type Memory struct {
	mu       sync.Mutex        // held while a state is built
	limit    int               // maxMemory, or less in tests
	used     int               // bytes
	machines map[*machine]bool // those that have states
	walk     walk
	key      []byte
}

// NewMemory returns an empty memory.
func NewMemory() *Memory { return &Memory{limit: maxMemory, machines: map[*machine]bool{}} }

// grow makes room for a state of a machine.
func (m *Memory) grow(of *machine, bytes int) {
	if m.used+bytes > m.limit {
		for x := range m.machines {
			clear(x.states)
			for i := range x.first {
				x.first[i].Store(nil)
			}
		}
		clear(m.machines)
		m.used = 0
	}
	m.machines[of] = true
	m.used += bytes
}

// Expression is a compiled regular expression. It is safe for concurrent use.
type Expression struct {
	forward, back *machine // nil for an expression that may match the empty text
	debt          atomic.Int64
	instructions  int
	slow          func() *regexp.Regexp
}

// Span is the place of a match, in bytes or characters of a text. To is exclusive.
type Span struct{ From, To int32 }

// Compile parses an expression in RE2's syntax. Its states are kept in the memory.
func (m *Memory) Compile(expression string) (*Expression, error) {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil, err
	}
	tree = tree.Simplify()
	prog, err := syntax.Compile(tree)
	if err != nil {
		return nil, err
	}
	back, err := syntax.Compile(reversed(tree))
	if err != nil {
		return nil, err
	}
	x := &Expression{instructions: len(prog.Inst), slow: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })}
	if !matchesEmpty(prog) {
		c := newClasses(prog)
		x.forward, x.back = newMachine(m, prog, c, false), newMachine(m, back, c, true)
	}
	return x, nil
}

// matchesEmpty says whether a program can match the empty text if all its assertions hold.
func matchesEmpty(prog *syntax.Prog) bool {
	w := new(walk).begin(&machine{prog: prog}, startOfText, ^syntax.EmptyOp(0))
	return w.from(uint32(prog.Start))
}

// Budget bounds the work that Go's engine does in place of automata. Its time grows with the text
// and with the program: an expression of thousands of instructions can take 50 µs a character.
type Budget struct {
	Left  int  // in characters times instructions
	Spent bool // a text was not read because Left was too small

	pardoned bool // see lag
}

// lag returns the lag with which an expression begins a text. Once per page, a text that is too
// long for Go's engine begins without the debt left by other pages; otherwise one page could keep
// the next from being read.
func (b *Budget) lag(x *Expression, length int) int {
	lag := x.lag()
	if lag > 0 && x.forward != nil && !b.pardoned && length*x.instructions > b.Left {
		b.pardoned = true
		return 0
	}
	return lag
}

// allows takes the cost of reading a text out of the budget, if there is enough left.
func (b *Budget) allows(x *Expression, length int) bool {
	cost := length * x.instructions
	if b.Spent = b.Spent || cost > b.Left; b.Spent {
		return false
	}
	b.Left -= cost
	return true
}

// InString appends up to n matches in a text to out, in bytes: the matches of
// regexp.FindAllStringIndex, or none if the budget is spent.
func (x *Expression) InString(text string, n int, out []Span, budget *Budget) []Span {
	found, lag, from := out, budget.lag(x, len(text)), 0
	for len(found) < len(out)+n {
		end := x.forward.endInString(text, from, &lag)
		if end == gaveUp {
			x.settle(lag, len(text))
			return x.slowlyInString(text, n, out, budget)
		}
		if end == none {
			break
		}
		found = append(found, Span{int32(x.back.startInString(text, from, end, &lag)), int32(end)})
		lag, from = max(0, lag-(end-from)), end
	}
	x.settle(lag, len(text)-from)
	return found
}

func (x *Expression) slowlyInString(text string, n int, out []Span, budget *Budget) []Span {
	if !budget.allows(x, len(text)) {
		return out
	}
	for _, at := range x.slow().FindAllStringIndex(text, n) {
		out = append(out, Span{int32(at[0]), int32(at[1])})
	}
	return out
}

// InRunes is InString for characters.
func (x *Expression) InRunes(text []rune, n int, out []Span, budget *Budget) []Span {
	found, lag, from := out, budget.lag(x, len(text)), 0
	for len(found) < len(out)+n {
		end := x.forward.endInRunes(text, from, &lag)
		if end == gaveUp {
			x.settle(lag, len(text))
			return x.slowlyInRunes(text, n, out, budget)
		}
		if end == none {
			break
		}
		found = append(found, Span{int32(x.back.startInRunes(text, from, end, &lag)), int32(end)})
		lag, from = max(0, lag-(end-from)), end
	}
	x.settle(lag, len(text)-from)
	return found
}

func (x *Expression) slowlyInRunes(text []rune, n int, out []Span, budget *Budget) []Span {
	if !budget.allows(x, len(text)) {
		return out
	}
	source, counted, runes := string(text), 0, 0
	for _, at := range x.slow().FindAllStringIndex(source, n) {
		first := runes + utf8.RuneCountInString(source[counted:at[0]])
		runes, counted = first+utf8.RuneCountInString(source[at[0]:at[1]]), at[1]
		out = append(out, Span{int32(first), int32(runes)})
	}
	return out
}

// Matches says whether the expression matches anywhere in a text. It has no budget, so it is only
// for short texts.
func (x *Expression) Matches(text []rune) bool {
	lag := x.lag()
	end := x.forward.endInRunes(text, 0, &lag)
	x.settle(lag, len(text))
	if end == gaveUp {
		return x.slow().MatchString(string(text))
	}
	return end != none
}

// lag returns how many characters the expression lags behind Go's engine. Beyond maxDebt, the
// automaton is not tried.
func (x *Expression) lag() int {
	if x.forward == nil {
		return maxDebt + 1
	}
	return int(x.debt.Load())
}

// settle stores the lag, less the characters that either engine has read. The result is only a
// rough measure, since concurrent readers may overwrite it.
func (x *Expression) settle(lag, length int) { x.debt.Store(int64(max(0, lag-length))) }
