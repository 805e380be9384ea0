package fold

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// remembered is what the slow path made of a character: nothing, or one other character.
type remembered struct {
	from, to rune // to is 0 if the character is dropped
	step     Step
	brk      Break
	mark     bool // dropped, but depicts a character
}

// memory is how many characters a Text remembers from the slow path, by their last bits. A text
// that is not Chinese uses a few dozen.
const memory = 256

// general folds any character that the fast path of Fold does not handle.
func (t *Text) general(r rune, start, end int, gap *Gap) {
	if t.memory == nil {
		t.memory = make([]remembered, memory)
	}
	slot := &t.memory[r%memory]
	if slot.from == r {
		if slot.to != 0 {
			t.push(slot.to, start, end, slot.step, gap)
		} else {
			gap.drop(slot.step, slot.brk)
			if slot.mark {
				t.mark(r, start, end)
			}
		}
		return
	}
	length, marks, own := len(t.Runes), len(t.Marks), Gap{}
	t.foldOne(r, start, end, &own)
	if len(t.Runes) == length {
		gap.drop(own.Steps, own.Break)
		*slot = remembered{r, 0, own.Steps, own.Break, len(t.Marks) > marks}
		return
	}
	t.Gaps[length] = *gap
	*gap = own
	if len(t.Runes) == length+1 && own == (Gap{}) {
		*slot = remembered{from: r, to: t.Runes[length], step: t.Steps[length]}
	}
}

// foldOne folds a character that is not remembered.
func (t *Text) foldOne(r rune, start, end int, gap *Gap) {
	switch {
	case r == utf8.RuneError: // a half character: one bad byte, or U+FFFD itself
		gap.drop(StepSeparator, BreakSymbol)
	case isInvisible(r):
		gap.drop(StepInvisible, BreakNone)
	case r >= 0xff01 && r <= 0xff5e: // full-width ASCII
		t.fullWidth(byte(r-0xff01+'!'), start, end, gap)
		if r == '＋' {
			t.mark(r, start, end)
		}
	default:
		if word, step := enclosed(r); word != "" {
			for _, c := range word {
				t.push(c, start, end, step, gap)
			}
			return
		}
		t.decomposed(r, start, end, gap)
	}
}

func (t *Text) fullWidth(b byte, start, end int, gap *Gap) {
	c := asciiLetters[b]
	switch {
	case c == b:
		t.push(rune(c), start, end, StepWidth, gap)
	case c != 0:
		t.push(rune(c), start, end, StepWidth|StepCase, gap)
	case b == '.': // ． ends Chinese sentences, unlike the ASCII dot
		gap.drop(StepSeparator, BreakSentence)
	default:
		gap.drop(StepSeparator, asciiBreaks[b])
	}
}

// maxExpansion is how many characters one sign may become. The squared words (㍿) become up to six.
// The Arabic ligature ﷺ would become 18, from three bytes.
const maxExpansion = 6

// decomposed folds r by its compatibility decomposition, leaving out the marks.
func (t *Text) decomposed(r rune, start, end int, gap *Gap) {
	var buffer [utf8.UTFMax]byte
	form := norm.NFKD.Properties(utf8.AppendRune(buffer[:0], r)).Decomposition()
	if form == nil || isKana(r) {
		t.plain(r, start, end, 0, gap)
		return
	}
	if !isEmoji(r) && !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsSymbol(r) && !isKept(r) {
		gap.drop(StepSeparator, breakOf(r))
		return
	}
	step := stepOf(r)
	kept := 0
	for len(form) > 0 && kept < maxExpansion {
		c, n := utf8.DecodeRune(form)
		form = form[n:]
		if isKept(c) {
			t.plain(c, start, end, step, gap)
			kept++
		}
	}
	if kept == 0 {
		gap.drop(StepSeparator, breakOf(r))
	}
}

// plain keeps or drops a character without a decomposition.
func (t *Text) plain(r rune, start, end int, step Step, gap *Gap) {
	switch {
	case isHan(r) || r > hanLast && r < 0x32000 && unicode.Is(unicode.Han, r):
		to := r
		if isHan(r) {
			switch s := t.tables.simplified[r-hanFirst]; s {
			case 0:
			case dropped:
				gap.drop(StepSeparator, BreakSymbol)
				return
			default:
				to = t.tables.simple(r, s)
			}
		} else if s, ok := t.tables.others[r]; ok {
			to = s
		}
		if to != r {
			step |= StepTraditional
		}
		t.push(to, start, end, step, gap)
	case unicode.IsLetter(r):
		if lower := unicode.ToLower(r); lower != r {
			r, step = lower, step|StepCase
		}
		if letter := smallCapital(r); letter != "" { // Ʀ is the upper case of ʀ, ᶦ a superscript ɪ
			r, step = rune(letter[0]), step|StepStyled
		}
		t.push(r, start, end, step, gap)
	case isKept(r):
		t.push(digit(r), start, end, step, gap)
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc):
		gap.drop(StepCombining, BreakNone)
	case isEmoji(r):
		gap.drop(StepSeparator|StepEmoji, BreakSymbol)
		t.mark(r, start, end)
	default:
		gap.drop(StepSeparator, breakOf(r))
	}
}

// isKept reports whether r is kept. Letters and numbers are.
func isKept(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// digit maps a decimal digit of any script to ASCII, and any other character to itself. Unicode
// encodes the ten digits of each script in a row.
func digit(r rune) rune {
	if r < utf8.RuneSelf || !unicode.Is(unicode.Nd, r) {
		return r
	}
	zero := r
	for zero > r-9 && unicode.Is(unicode.Nd, zero-1) {
		zero--
	}
	// Digits of several scripts or styles may adjoin, as the mathematical ones do. Then they count
	// in tens.
	return '0' + (r-zero)%10
}

func isKana(r rune) bool { return r >= 0x3041 && r <= 0x30fe }

// stepOf returns the step for a character with a compatibility decomposition.
func stepOf(r rune) Step {
	switch {
	case r >= 0x1d400 && r <= 0x1d7ff, r >= 0x2070 && r <= 0x209c, r >= 0x1d2c && r <= 0x1d6a, r >= 0x2100 && r <= 0x214f,
		r == 'ª', r == 'º', r == '²', r == '³', r == '¹':
		return StepStyled
	case r >= 0x2460 && r <= 0x24ff, r >= 0x3200 && r <= 0x32ff, r >= 0x1f100 && r <= 0x1f2ff:
		return StepEnclosed
	case r >= 0xff00 && r <= 0xffef:
		return StepWidth
	}
	return StepNFKC
}

// isInvisible reports whether a character shows nothing and takes no space.
func isInvisible(r rune) bool {
	switch {
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f,
		r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0000 && r <= 0xe0fff, r >= 0xfff9 && r <= 0xfffb,
		r >= 0x180b && r <= 0x180f, r >= 0x1bca0 && r <= 0x1bca3, r >= 0x1d173 && r <= 0x1d17a:
		return true
	}
	switch r {
	case 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xfeff, 0xffa0, 0x2800: // including Hangul and Braille fillers
		return true
	}
	return false
}

// isEmoji reports whether r is a pictograph, roughly Unicode's Extended_Pictographic.
func isEmoji(r rune) bool {
	return r >= 0x1f000 && r <= 0x1faff || r >= 0x2600 && r <= 0x27bf || r >= 0x2b00 && r <= 0x2bff || r >= 0x2300 && r <= 0x23ff
}

// breakOf returns the break of a separator outside ASCII and CJK punctuation.
func breakOf(r rune) Break {
	switch r {
	case '…', '‥', '‚', '¸', '﹐', '﹑', '﹔', '﹕', '､', '︐', '︑', '︓', '︔', 0x2028, 0x2029, 0x85:
		return BreakClause
	case '‼', '⁇', '⁈', '⁉', '¡', '¿', '｡', '﹒', '﹖', '﹗', '︒', '︕', '︖', '؟', '۔', '।':
		return BreakSentence
	}
	switch {
	case unicode.Is(unicode.Zs, r):
		return BreakSpace
	case unicode.In(r, unicode.Ps, unicode.Pe, unicode.Pi, unicode.Pf):
		return BreakQuote
	}
	return BreakSymbol
}
