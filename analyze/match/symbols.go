package match

import (
	"maps"
	"slices"
	"unicode"
)

// The automaton does not read characters but symbols. The symbol of a Chinese character is its most
// common sound, without tone. That of a letter or digit is the class of those that look like it. So
// one pass finds both the terms and their spellings with other characters of the same sound. Each
// find is then compared with the term, character by character (see compare).
//
// An edge expresses what one symbol for each character cannot: another symbol for a character
// (which looks like a character of a term, or has a second reading), one symbol for several
// characters (qi → 棋, 木奉 → 棒), or none (a kana between two Chinese characters). Edges start threads
// beside the main pass; see scanner.

// special is set in the code of a character at which edges may start.
const special = 1 << 15

// symbolTable has the symbols and edges of all characters. A code is the number of a symbol in some
// term. 0 is any other symbol.
type symbolTable struct {
	chars   *characters
	codes   map[uint32]uint16  // symbol → code
	basic   *[1 << 16]uint16   // character → code and special, basic plane
	kinds   []kind             // which edges to look for, basic plane
	above   map[rune]uint16    // as basic, for the planes above
	other   map[rune][]uint16  // further codes of a character
	halves  map[[2]rune]uint16 // two halves → code of the whole
	sounds  []uint16           // syllable → code
	numeral [10]uint16         // digit → code of the Chinese numeral
}

// kind says which edges a character may start or end, so that most characters need not be looked up
// in the maps.
type kind uint8

const (
	kindLatin kind = 1 << iota
	kindOther
	kindLeft  // half of a split
	kindRight // the other half
	kindDigit
	kindKana
)

// symbolOfRune marks the symbol of a character without a sound.
const symbolOfRune = 1 << 24

const numerals = "一二三四五六七八九"

func newSymbolTable() *symbolTable {
	return &symbolTable{chars: loadCharacters(), codes: map[uint32]uint16{}, basic: new([1 << 16]uint16), kinds: make([]kind, 1<<16),
		above: map[rune]uint16{}, other: map[rune][]uint16{}, halves: map[[2]rune]uint16{}}
}

// symbol returns the symbol of a character in a term or a text.
func (l *symbolTable) symbol(r rune) uint32 {
	if c := l.chars.of(r); c != nil && c.sounds[0] != 0 {
		return uint32(c.sounds[0])
	}
	return symbolOfRune | uint32(shape(l.latin(r)))
}

// latin maps a foreign letter to the Latin letter or digit that it stands for.
func (l *symbolTable) latin(r rune) rune {
	if r >= 0x80 && r < 0x3000 || r >= 0xa700 && r < 0xa800 {
		if to, ok := l.chars.letters[r]; ok {
			return to
		}
	}
	return r
}

// shape returns the same letter or digit for all those that are written in place of each other.
func shape(r rune) rune {
	switch r {
	case 'o', '〇':
		return '0'
	case 'i', 'l':
		return '1'
	}
	return r
}

// add returns the code of a character in a term, and gives it one if it has none.
func (l *symbolTable) add(r rune) uint16 {
	s := l.symbol(r)
	code, ok := l.codes[s]
	if !ok && len(l.codes) < special-1 {
		code = uint16(len(l.codes) + 1)
		l.codes[s] = code
	}
	return code
}

// set sets the code of a character.
func (l *symbolTable) set(r rune, code uint16) {
	if int(r) < len(l.basic) {
		l.basic[r] = code
	} else {
		l.above[r] = code
	}
}

// of returns the code of a character.
func (l *symbolTable) of(r rune) uint16 {
	if uint32(r) < uint32(len(l.basic)) {
		return l.basic[r]
	}
	return l.ofAbove(r)
}

func (l *symbolTable) ofAbove(r rune) uint16 {
	if code, ok := l.above[r]; ok {
		return code
	}
	if c := l.chars.of(r); c != nil {
		return l.sounds[c.sounds[0]]
	}
	return 0
}

// complete fills the tables once all characters of the terms have codes.
func (l *symbolTable) complete(inTerms map[rune]bool) {
	l.sounds = make([]uint16, len(l.chars.syllables)+1)
	for s := range l.sounds {
		l.sounds[s] = l.codes[uint32(s)]
	}
	for r := range inTerms {
		l.set(r, l.codes[l.symbol(r)])
	}
	for r := range l.chars.letters {
		l.set(r, l.codes[l.symbol(r)])
	}
	for _, r := range "0o1il" {
		l.set(r, l.codes[l.symbol(r)])
	}
	for i := range l.chars.list {
		if c := &l.chars.list[i]; int(c.r) < len(l.basic) && c.sounds[0] != 0 {
			l.basic[c.r] = l.sounds[c.sounds[0]]
		}
	}
	for _, r := range slices.Sorted(maps.Keys(inTerms)) { // sorted, because maxOther leaves some out
		l.addOthers(r)
	}
	for _, i := range l.chars.polyphone {
		c := &l.chars.list[i]
		for _, s := range c.sounds[1:] {
			if s != 0 {
				l.addCode(c.r, l.sounds[s])
			}
		}
	}
	l.addMarks(inTerms)
}

// addOthers adds the code of a term's character to the characters with another code that may be
// written in its place: those that look like it, and those that sound like its second reading (航
// for 行 in 银行, which has the code of xing).
func (l *symbolTable) addOthers(r rune) {
	code := l.codes[l.symbol(r)]
	for _, i := range l.chars.imitators.of(r) {
		l.addCode(l.chars.list[i].r, code)
	}
	if c := l.chars.of(r); c != nil {
		for _, s := range c.sounds[1:] {
			for _, i := range l.chars.bySound[s] {
				l.addCode(l.chars.list[i].r, code)
			}
		}
	}
	for _, s := range l.chars.splits[r] {
		l.halves[[2]rune{s.left, s.right}] = code
		l.mark(s.left, kindLeft)
		if int(s.right) < len(l.kinds) {
			l.kinds[s.right] |= kindRight
		}
	}
}

// maxOther bounds the threads that one character can start.
const maxOther = 6

func (l *symbolTable) addCode(r rune, code uint16) {
	if code == 0 || code == l.of(r)&^special || len(l.other[r]) == maxOther {
		return
	}
	for _, have := range l.other[r] {
		if have == code {
			return
		}
	}
	l.other[r] = append(l.other[r], code)
	l.mark(r, kindOther)
}

// mark notes that a character starts edges of a kind.
func (l *symbolTable) mark(r rune, k kind) {
	l.set(r, l.of(r)|special)
	if int(r) < len(l.kinds) {
		l.kinds[r] |= k
	}
}

// kindOf returns the kinds of edges at a character that is special.
func (l *symbolTable) kindOf(r rune) kind {
	if int(r) < len(l.kinds) {
		return l.kinds[r]
	}
	return kindOther | kindLeft | kindRight
}

// addMarks marks the characters at which other kinds of edges start: letters (pinyin), digits
// (numerals) and kana (noise).
func (l *symbolTable) addMarks(inTerms map[rune]bool) {
	for r := 'a'; r <= 'z'; r++ {
		l.mark(r, kindLatin)
	}
	for r, to := range l.chars.letters {
		if to >= 'a' {
			l.mark(r, kindLatin)
		}
	}
	for r := rune(0x3041); r <= 0x30fe; r++ {
		l.mark(r, kindKana)
	}
	for i, r := range []rune(numerals) {
		if inTerms[r] {
			l.numeral[i+1] = l.codes[l.symbol(r)]
			l.mark('1'+rune(i), kindDigit)
		}
	}
}

func isKana(r rune) bool { return r >= 0x3041 && r <= 0x30fe }

func isHan(r rune) bool {
	return r >= basicFirst && r <= basicLast || r > basicLast && unicode.Is(unicode.Han, r)
}
