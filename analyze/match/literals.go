package match

// Literals finds strings of characters as they are, with none of the lanes: it
// says which of them stand in a text, nothing more. Only digits are all the
// same to it: 00 stands for any two. It is immutable and safe for concurrent use.
type Literals struct {
	auto  *automaton
	codes []uint16 // of the characters of the basic plane
	above map[rune]uint16
}

// MaxLiteralRunes is how many different characters literals can have in all.
const MaxLiteralRunes = special - 1

// CompileLiterals builds the automaton of distinct literals, each of at least
// one character and with 0 for any digit.
func CompileLiterals(literals [][]rune) *Literals {
	l := &Literals{codes: make([]uint16, 1<<16), above: map[rune]uint16{}}
	patterns, heads := make([][]uint16, len(literals)), make([]int32, len(literals))
	count := uint16(0)
	for i, literal := range literals {
		patterns[i], heads[i] = make([]uint16, len(literal)), int32(i)+1
		for k, r := range literal {
			code := l.code(r)
			if code == 0 {
				count++
				code = count
				l.set(r, code)
			}
			patterns[i][k] = code
		}
	}
	for digit := '1'; digit <= '9'; digit++ {
		l.codes[digit] = l.codes['0']
	}
	l.auto = newAutomaton(patterns, heads, int(count))
	return l
}

func (l *Literals) code(r rune) uint16 {
	if int(r) < len(l.codes) {
		return l.codes[r]
	}
	return l.above[r]
}

func (l *Literals) set(r rune, code uint16) {
	if int(r) < len(l.codes) {
		l.codes[r] = code
	} else {
		l.above[r] = code
	}
}

// Find appends the index of each literal that stands in the text to found, each
// once. seen has a place for each literal; those set are taken for found already.
func (l *Literals) Find(text []rune, seen []bool, found []int32) []int32 {
	auto, codes, state := l.auto, l.codes, int32(rootState)
	for _, r := range text {
		var code uint16
		if int(r) < len(codes) {
			code = codes[r]
		} else {
			code = l.above[r]
		}
		state = auto.step(state, code)
		if !auto.cells[state].ends() {
			continue
		}
		// Behind a literal that was seen come its suffixes, which were, too.
		for at := auto.outs[state]; at != 0 && !seen[auto.heads[at]-1]; at = auto.outs[auto.fails[at]] {
			seen[auto.heads[at]-1] = true
			found = append(found, auto.heads[at]-1)
		}
	}
	return found
}
