package match

import "slices"

// Literals finds strings of characters exactly as they are, except that all digits are the same to
// it: 00 matches any two. It is immutable and safe for concurrent use.
//
// Most characters of a text do not begin a literal, and few of those that do are followed by a
// literal's second character. Small tables rule these out before the trie is used.
type Literals struct {
	trie  *automaton
	codes []uint16             // of the characters up to the highest in any literal, with begins and whole
	pairs [1 << 16 / 64]uint64 // bitmap of the first two characters, by hash
	ones  []int32              // the literal of a single character, by its code
}

const (
	begins = 1 << 15 // a literal of several characters begins with this one
	whole  = 1 << 14 // the character is itself a literal
)

// MaxLiteralRunes is how many different characters all literals together may have.
const MaxLiteralRunes = whole - 1

// CompileLiterals builds the trie of literals. They must be different, have at least one character,
// and have 0 for any digit.
func CompileLiterals(literals [][]rune) *Literals {
	highest := '9'
	for _, literal := range literals {
		highest = max(highest, slices.Max(literal))
	}
	l := &Literals{codes: make([]uint16, highest+1)}
	patterns, heads := make([][]uint16, len(literals)), make([]int32, len(literals))
	count := uint16(0)
	for i, literal := range literals {
		patterns[i], heads[i] = make([]uint16, len(literal)), int32(i)+1
		for k, r := range literal {
			code := l.code(r) & MaxLiteralRunes
			if code == 0 {
				count++
				code = count
				l.codes[r] = code
			}
			patterns[i][k] = code
		}
		if len(literal) == 1 {
			l.codes[literal[0]] |= whole
			continue
		}
		l.codes[literal[0]] |= begins
		pair := hashPair(patterns[i][0], patterns[i][1])
		l.pairs[pair/64] |= 1 << (pair % 64)
	}
	for digit := '1'; digit <= '9'; digit++ {
		l.codes[digit] = l.codes['0']
	}
	l.ones = make([]int32, int(count)+1)
	for i, p := range patterns {
		if len(p) == 1 {
			l.ones[p[0]] = int32(i)
		}
	}
	l.trie = newAutomaton(patterns, heads, int(count))
	return l
}

func hashPair(first, second uint16) uint16 { return first*0x9e37 + second }

func (l *Literals) code(r rune) uint16 {
	if int(r) < len(l.codes) {
		return l.codes[r]
	}
	return 0
}

// Place is where a literal begins.
type Place struct{ At, Literal int32 }

// Places appends all places of all literals to out, in the order of the text.
func (l *Literals) Places(text []rune, out []Place) []Place {
	for i, r := range text {
		code := l.code(r)
		if code < whole {
			continue
		}
		if code&whole != 0 {
			out = append(out, Place{int32(i), l.ones[code&MaxLiteralRunes]})
		}
		if code&begins != 0 && l.mayBegin(code, text[i+1:]) {
			out = l.walk(code&MaxLiteralRunes, text[i+1:], int32(i), out)
		}
	}
	return out
}

// mayBegin reports whether a literal may begin with the character of a code, followed by rest.
func (l *Literals) mayBegin(code uint16, rest []rune) bool {
	if len(rest) == 0 {
		return false
	}
	pair := hashPair(code&MaxLiteralRunes, l.code(rest[0])&MaxLiteralRunes)
	return l.pairs[pair/64]>>(pair%64)&1 != 0
}

// walk appends the literals of several characters that begin at a place with the character of a
// code, followed by rest.
func (l *Literals) walk(code uint16, rest []rune, at int32, out []Place) []Place {
	cells, codes := l.trie.cells, l.codes
	state := cells[rootState].child(code)
	for _, r := range rest {
		if int(r) >= len(codes) {
			break
		}
		code = codes[r] & MaxLiteralRunes
		child := cells[state].child(code)
		if code == 0 || int(child) >= len(cells) || cells[child].check != state {
			break
		}
		state = child
		if head := l.trie.heads[state]; head != 0 {
			out = append(out, Place{at, head - 1})
		}
	}
	return out
}
