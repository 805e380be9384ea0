package fold

import (
	_ "embed"
	"strings"
	"sync"
)

// traditionalPairs are pairs of a traditional and its simplified character,
// from OpenCC: see NOTICE and internal/gentraditional.
//
//go:embed traditional.txt
var traditionalPairs string

// pictures are the project's own pairs of a sign and the character it depicts.
//
//go:embed pictures.txt
var pictures string

// tables is the form of traditionalPairs that a pass reads: an array for the
// Han blocks of the basic plane, a map for the few others.
type tables struct {
	simplified [hanLast - hanFirst + 1]uint16 // 0: stays; viaMap: look in others
	others     map[rune]rune
	depicts    map[rune]rune
}

// viaMap marks a character whose simplified form lies above the basic plane.
const viaMap = 1

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
