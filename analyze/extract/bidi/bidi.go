// Package bidi puts text that its writer has turned round with bidirectional controls into the
// order in which it is read: after a right-to-left override, a browser shows ‮乐家百 as 百家乐.
//
// It follows Unicode's bidirectional algorithm (UAX #9) as far as letters written from left to
// right need it: explicit levels, neutrals, and the reversal of levels. Arabic and Hebrew stay in
// the order in which they are written, which is also the order in which they are read.
package bidi

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// The controls. PDI ends an isolate, PDF an embedding or an override.
const (
	lre, rle, pdf, lro, rlo = '\u202a', '\u202b', '\u202c', '\u202d', '\u202e'
	lri, rli, fsi, pdi      = '\u2066', '\u2067', '\u2068', '\u2069'
	rlm, alm                = '\u200f', '\u061c'
)

// Overrides returns the controls to put before and after a text that n nested bdo elements turn
// round.
func Overrides(n int) (before, after string) {
	return strings.Repeat(string(rlo)+string(lro), (n+1)/2)[:n*len(string(rlo))], strings.Repeat(string(pdf), n)
}

// Limits, because time and memory grow with both.
const (
	// maxText is the longest text that is put into order as a whole. A longer text is shown to
	// visitors in lines, and each line is turned round by itself.
	maxText = 256 << 10
	// maxLevel is UAX #9's max_depth, set lower: controls nested deeper are ignored.
	maxLevel = 30
)

// Order returns the characters of a text, as ranges of its bytes, in the order in which they are
// read, or nil if they are read in the order in which they are written.
func Order(text []byte) []qianshao.Span {
	if len(text) > maxText || !hasControls(text) {
		return nil
	}
	var p paragraph
	p.read(string(text))
	if p.isForeign() {
		return nil
	}
	return p.order()
}

// hasControls reports whether a text has a control that may turn something round.
func hasControls(text []byte) bool {
	for i := 0; ; i++ {
		n := bytes.IndexByte(text[i:], 0xE2) // all of the controls begin with this byte
		if n < 0 {
			return false
		}
		i += n
		switch r, _ := utf8.DecodeRune(text[i:]); r {
		case rle, rlo, rli, fsi:
			return true
		}
		i++
	}
}

// direction is the direction of a character, of an embedding or of an override.
type direction uint8

const (
	neutral direction = iota
	leftToRight
	rightToLeft
)

// ofLevel returns the direction of an embedding level.
func ofLevel(level uint8) direction {
	if level%2 == 1 {
		return rightToLeft
	}
	return leftToRight
}

// character is one character of the text, with its embedding level.
type character struct {
	qianshao.Span
	level uint8
}

// frame is an open embedding.
type frame struct {
	level    uint8
	override direction
	isolate  bool
	last     direction // of the last character that has a direction
	pending  []int     // neutrals after that character
}

// paragraph is a text that is being read.
type paragraph struct {
	characters []character
	frames     []frame
	ignored    int // open initiators that were ignored because they are nested too deep
	// left and right count letters by the direction in which their script is written, turned counts
	// letters under a right-to-left override.
	left, right, turned int
}

// read gives each character its level.
func (p *paragraph) read(text string) {
	p.characters = make([]character, 0, len(text)/2)
	p.frames = []frame{{last: leftToRight}}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		p.characters = append(p.characters, character{Span: qianshao.Span{Start: at, End: at + size}})
		at += size
		switch r {
		case lre, lro, lri:
			p.open(r, leftToRight)
		case rle, rlo, rli:
			p.open(r, rightToLeft)
		case fsi:
			p.open(r, firstStrong(text[at:]))
		case pdf, pdi:
			p.close(r == pdi)
		default:
			p.put(r)
		}
	}
	for len(p.frames) > 0 {
		p.pop()
	}
	p.settleControls()
}

// firstStrong returns the direction of the first letter of an isolate.
func firstStrong(text string) direction {
	const reach = 64 // bytes
	for _, r := range text[:min(len(text), reach)] {
		switch {
		case r == pdi:
			return leftToRight
		case r == rlm || r == alm || isRightToLeft(r):
			return rightToLeft
		case unicode.IsLetter(r):
			return leftToRight
		}
	}
	return leftToRight
}

// open begins an embedding, an override or an isolate.
func (p *paragraph) open(r rune, d direction) {
	isolate := r == lri || r == rli || r == fsi
	if isolate {
		p.place(neutral) // the text around an isolate sees it as a neutral
	} else {
		p.skip()
	}
	level := p.top().level + 1
	if ofLevel(level) != d {
		level++
	}
	if level > maxLevel || p.ignored > 0 {
		p.ignored++
		return
	}
	f := frame{level: level, isolate: isolate, last: d}
	if r == lro || r == rlo {
		f.override = d
	}
	p.frames = append(p.frames, f)
}

// close ends the innermost isolate together with everything open inside it. Or, if isolate is
// false, it ends the innermost embedding, unless that lies outside the innermost isolate.
func (p *paragraph) close(isolate bool) {
	switch {
	case p.ignored > 0:
		p.ignored--
	case !isolate && len(p.frames) > 1 && !p.top().isolate:
		p.pop()
	case isolate && p.isolated():
		for !p.top().isolate {
			p.pop()
		}
		p.pop()
	}
	if isolate {
		p.place(neutral)
	} else {
		p.skip()
	}
}

func (p *paragraph) isolated() bool {
	for i := range p.frames {
		if p.frames[i].isolate {
			return true
		}
	}
	return false
}

func (p *paragraph) top() *frame { return &p.frames[len(p.frames)-1] }

// pop closes a frame. Neutrals at its end take its direction.
func (p *paragraph) pop() {
	p.settle(p.top(), ofLevel(p.top().level))
	p.frames = p.frames[:len(p.frames)-1]
}

// put gives its place to a character that is not a control.
func (p *paragraph) put(r rune) {
	d := neutral
	switch {
	case r == rlm || r == alm:
		d = rightToLeft
	case isRightToLeft(r):
		p.right++
		d = leftToRight // kept in the order of writing, see the package comment
	case unicode.IsLetter(r) || unicode.IsNumber(r):
		p.left++
		d = leftToRight
	}
	if p.top().override != neutral {
		if d = p.top().override; d == rightToLeft {
			p.turned++
		}
	}
	p.place(d)
}

// control marks a control until settleControls gives it a level.
const control = 0xFF

// skip marks the last character as a control, which nobody sees.
func (p *paragraph) skip() { p.characters[len(p.characters)-1].level = control }

// settleControls gives controls the lower of their neighbours' levels, so that they do not split a
// run of text.
func (p *paragraph) settleControls() {
	before := uint8(0)
	for i := 0; i < len(p.characters); i++ {
		from := i
		for i < len(p.characters) && p.characters[i].level == control {
			i++
		}
		after := uint8(0)
		if i < len(p.characters) {
			after = p.characters[i].level
		}
		for k := from; k < i; k++ {
			p.characters[k].level = min(before, after)
		}
		before = after
	}
}

// place gives the last character its level. A neutral waits for the next character with a
// direction.
func (p *paragraph) place(d direction) {
	f, at := p.top(), len(p.characters)-1
	if f.override != neutral {
		d = f.override
	}
	if d == neutral {
		f.pending = append(f.pending, at)
		return
	}
	p.settle(f, d)
	p.characters[at].level = levelOf(d, f.level)
	f.last = d
}

// settle gives the waiting neutrals the direction of the characters on both sides, or that of the
// frame if the two differ.
func (p *paragraph) settle(f *frame, next direction) {
	d := ofLevel(f.level)
	if f.last == next {
		d = next
	}
	for _, i := range f.pending {
		p.characters[i].level = levelOf(d, f.level)
	}
	f.pending = f.pending[:0]
}

// levelOf returns the level of a character in an embedding.
func levelOf(d direction, level uint8) uint8 {
	if ofLevel(level) != d {
		return level + 1
	}
	return level
}

// isForeign reports whether the text is mostly in a script written from right to left, or has some
// letters of one and no override. Its controls are then there to help the reader.
func (p *paragraph) isForeign() bool {
	return p.right > p.left || p.right > 0 && p.turned == 0
}

// order reverses the characters at each level and above, beginning with the highest level (rule
// L2).
func (p *paragraph) order() []qianshao.Span {
	highest, moved := uint8(0), false
	for i := range p.characters {
		highest = max(highest, p.characters[i].level)
	}
	for level := highest; level > 0; level-- {
		for i := 0; i < len(p.characters); i++ {
			from := i
			for i < len(p.characters) && p.characters[i].level >= level {
				i++
			}
			moved = moved || i-from > 1
			for a, b := from, i-1; a < b; a, b = a+1, b-1 {
				p.characters[a], p.characters[b] = p.characters[b], p.characters[a]
			}
		}
	}
	if !moved {
		return nil
	}
	pieces := make([]qianshao.Span, 0, len(p.characters))
	ordered := true
	for i, c := range p.characters {
		ordered = ordered && (i == 0 || pieces[i-1].End == c.Start)
		pieces = append(pieces, c.Span)
	}
	if ordered {
		return nil
	}
	return pieces
}

// isRightToLeft reports whether a letter belongs to a script that is written from
// right to left.
func isRightToLeft(r rune) bool {
	return r >= 0x590 && r <= 0x8ff && unicode.IsLetter(r) || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc || r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1eeff
}
