package match

import (
	"maps"
	"slices"
	"unicode"
)

// The lanes are ways of reading one folded text. The automaton does not run
// over characters but over symbols: a Chinese character's symbol is its
// commonest sound without tone, a letter's or digit's the class of those that
// look like it. So one pass finds the plain terms and those written with other
// characters of the same sound, and every find is checked character by
// character against the term (substitution). What a class cannot express is an
// edge: another symbol for one character (it looks like a character of a
// term, or has a second reading), one symbol for several characters (qi → 棋,
// 木奉 → 棒), or none at all (a kana between two Chinese characters). Edges start
// threads beside the main pass; see scanner.

// special marks, in a code, a character at which edges may start.
const special = 1 << 15

// lanes are the symbols and edges of one matcher.
type lanes struct {
	chars   *characters
	codes   map[uint32]uint16  // symbol → code
	basic   []uint16           // character → code and special, basic plane
	kinds   []kind             // which edges to look for, basic plane
	above   map[rune]uint16    // the same above it
	other   map[rune][]uint16  // further codes of a character
	halves  map[[2]rune]uint16 // two halves → code of the whole
	sounds  []uint16           // syllable → code
	numeral [10]uint16         // digit → code of the Chinese numeral
}

// kind says which edges a character may start or end, so that the maps need not
// be asked at every one.
type kind uint8

const (
	kindLatin kind = 1 << iota
	kindOther
	kindLeft  // half of a split
	kindRight // other half of one
	kindDigit
	kindKana
)

// symbolOfRune tags the symbol of a character that has no sound.
const symbolOfRune = 1 << 24

const numerals = "一二三四五六七八九"

func newLanes() *lanes {
	return &lanes{chars: loadCharacters(), codes: map[uint32]uint16{}, basic: make([]uint16, 1<<16), kinds: make([]kind, 1<<16),
		above: map[rune]uint16{}, other: map[rune][]uint16{}, halves: map[[2]rune]uint16{}}
}

// symbol returns the class of a character of a term or a text.
func (l *lanes) symbol(r rune) uint32 {
	if c := l.chars.of(r); c != nil && c.sounds[0] != 0 {
		return uint32(c.sounds[0])
	}
	return symbolOfRune | uint32(shape(l.latin(r)))
}

// latin maps a foreign letter to the Latin letter or digit it stands for.
func (l *lanes) latin(r rune) rune {
	if r >= 0x80 && r < 0x3000 || r >= 0xa700 && r < 0xa800 {
		if to, ok := l.chars.letters[r]; ok {
			return to
		}
	}
	return r
}

// shape joins the letters and digits that are written for each other.
func shape(r rune) rune {
	switch r {
	case 'o', '〇':
		return '0'
	case 'i', 'l':
		return '1'
	}
	return r
}

// add returns the code of a term's character.
func (l *lanes) add(r rune) uint16 {
	s := l.symbol(r)
	code, ok := l.codes[s]
	if !ok && len(l.codes) < special-1 {
		code = uint16(len(l.codes) + 1)
		l.codes[s] = code
	}
	return code
}

// set gives a character of texts its code.
func (l *lanes) set(r rune, code uint16) {
	if int(r) < len(l.basic) {
		l.basic[r] = code
	} else {
		l.above[r] = code
	}
}

func (l *lanes) of(r rune) uint16 {
	if int(r) < len(l.basic) {
		return l.basic[r]
	}
	if code, ok := l.above[r]; ok {
		return code
	}
	if c := l.chars.of(r); c != nil {
		return l.sounds[c.sounds[0]]
	}
	return 0
}

// complete fills the tables once the codes of all terms' characters are known.
func (l *lanes) complete(inTerms map[rune]bool) {
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
	for _, r := range slices.Sorted(maps.Keys(inTerms)) { // in one order, as maxOther leaves some out
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

// addOthers gives the characters that may stand for a term's character its
// code, where theirs is another: those that look like it, and those that sound
// like a second reading of it (航 for 行 in 银行, which is coded by xing).
func (l *lanes) addOthers(r rune) {
	code := l.codes[l.symbol(r)]
	for _, i := range l.chars.imitators[r] {
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

func (l *lanes) addCode(r rune, code uint16) {
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

// mark makes a character start edges of a kind.
func (l *lanes) mark(r rune, k kind) {
	l.set(r, l.of(r)|special)
	if int(r) < len(l.kinds) {
		l.kinds[r] |= k
	}
}

// kindOf returns the kinds of a character that is special.
func (l *lanes) kindOf(r rune) kind {
	if int(r) < len(l.kinds) {
		return l.kinds[r]
	}
	return kindOther | kindLeft | kindRight
}

// addMarks marks the characters at which edges of the other kinds start:
// letters (pinyin), digits (numerals), kana (noise).
func (l *lanes) addMarks(inTerms map[rune]bool) {
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
