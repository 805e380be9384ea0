package fold

import (
	_ "embed"
	"strings"
	"sync"
)

// traditionalPairs are pairs of a traditional character and its simplified form, from OpenCC: see
// NOTICE and internal/gentraditional.
//
//go:embed traditional.txt
var traditionalPairs string

// pictures are the project's own pairs of a sign and the character that it depicts.
//
//go:embed pictures.txt
var pictures string

// tables is traditionalPairs in the form in which Fold reads them: an array for the Han blocks of
// the basic plane, and a map for the few other characters.
type tables struct {
	simplified [hanLast - hanFirst + 1]uint16 // 0: not changed; or viaMap, dropped
	others     map[rune]rune
	depicts    map[rune]rune
}

const (
	viaMap  = 1 // the simplified form lies above the basic plane: look in others
	dropped = 2 // not a character of Chinese text: an ornament (see strokes) or a hexagram
)

// simplify fills runes with the characters that s begins with, as long as they are Chinese ones of
// the common blocks without special treatment, and returns their number. steps must be zero. It is
// a loop of its own because most of a Chinese text passes through it.
func (t *tables) simplify(runes []rune, steps []Step, s string) (n int) {
	for ; n < len(runes) && n < len(steps) && len(s) > 2; s = s[3:] {
		if s[1]&0xc0 != 0x80 || s[2]&0xc0 != 0x80 {
			break
		}
		r := rune(s[0])<<12 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f)
		at := uint(r - (0xe0<<12 + hanFirst)) // 0xe0 marks three bytes
		if at >= uint(len(t.simplified)) {
			break
		}
		to := rune(t.simplified[at])
		if to == viaMap || to == dropped {
			break
		}
		if to > dropped {
			steps[n] = StepTraditional
		} else {
			to = r & 0xffff
		}
		runes[n] = to
		n++
	}
	return n
}

// strokes are characters of one stroke that are not words. In Chinese text they only occur between
// other characters, as separators: 百丶家丶乐.
const strokes = "丶丨丿亅乀乁乚乛灬"

func (t *tables) simple(r rune, to uint16) rune {
	if to == viaMap {
		return t.others[r]
	}
	return rune(to)
}

// loadTables builds the tables on first use (about 0.1 ms).
var loadTables = sync.OnceValue(func() *tables {
	t := &tables{others: map[rune]rune{}, depicts: map[rune]rune{}}
	var from rune
	for _, r := range traditionalPairs {
		switch {
		case r == '\n':
		case from == 0:
			from = r
		default:
			t.add(from, r)
			from = 0
		}
	}
	for i, to := range t.simplified { // 薴 → 苧 → 苎
		if to > dropped && isHan(rune(to)) && t.simplified[to-hanFirst] > dropped {
			t.simplified[i] = t.simplified[to-hanFirst]
		}
	}
	for _, r := range strokes {
		t.simplified[r-hanFirst] = dropped
	}
	for r := rune(0x4dc0); r < 0x4e00; r++ {
		t.simplified[r-hanFirst] = dropped
	}
	for line := range strings.Lines(pictures) {
		for _, pair := range strings.Fields(line) {
			if r := []rune(pair); len(r) == 2 && line[0] != '#' {
				t.depicts[r[0]] = r[1]
			}
		}
	}
	return t
})

func (t *tables) add(from, to rune) {
	if isHan(from) && to <= hanLast {
		t.simplified[from-hanFirst] = uint16(to)
		return
	}
	t.others[from] = to
	if isHan(from) {
		t.simplified[from-hanFirst] = viaMap
	}
}
