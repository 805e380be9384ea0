// Package fold converts text to one form for matching and searching, and
// remembers where in the input each character of that form comes from.
//
// One pass over the input does the following for each character: NFKC, lower case, width, enclosed
// and styled letters, traditional → simplified. It drops combining marks, invisible characters and
// separators (space, punctuation, symbols, emoji, control characters, half characters), and records
// what it dropped with the next character. Financial numerals (壹, 贰) stay: package match reads
// them.
package fold

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Text is a folded text. All slices have the same length: character i was made from the bytes
// Start[i]:End[i] of the input by Steps[i], and Gaps[i] is what was dropped between it and the
// character before. One input character may become several (㎏ → k, g), which then share a byte
// range. A Text is a reusable buffer: once grown, Fold does not allocate. The zero value is ready
// for use.
type Text struct {
	Runes      []rune
	Start, End []int32
	Steps      []Step
	Gaps       []Gap
	// Marks are the dropped signs that can be read as characters, in order.
	Marks []Mark
	// Characters is how many characters the input has, counting each bad byte as one.
	Characters int
	source     string
	tables     *tables
	memory     []remembered
}

// Mark is a dropped sign that depicts a character: + (加), 🐂 (牛).
type Mark struct {
	Before     int32 // the folded character after it, or len(Runes) at the end
	Rune       rune  // the character that it depicts
	Start, End int32 // its bytes in the input
}

// Source returns the string that was folded last.
func (t *Text) Source() string { return t.source }

// Len returns the number of folded characters.
func (t *Text) Len() int { return len(t.Runes) }

// Reset empties the text and keeps its memory.
func (t *Text) Reset() {
	t.Runes, t.Start, t.End = t.Runes[:0], t.Start[:0], t.End[:0]
	t.Steps, t.Gaps, t.Marks = t.Steps[:0], t.Gaps[:0], t.Marks[:0]
	t.Characters, t.source = 0, ""
}

// Fold resets t and fills it with the folded form of s. An input of 2 GiB or more is cut there,
// since offsets have 32 bits.
func (t *Text) Fold(s string) {
	t.Reset()
	if len(s) > maxInput {
		s = s[:maxInput]
	}
	if t.tables == nil {
		t.tables = loadTables()
	}
	t.source = s
	t.reserve(len(s)/3 + 1) // what Chinese text needs; a Latin one grows
	var gap Gap
	for i := 0; i < len(s); {
		b := s[i]
		if b < utf8.RuneSelf {
			if asciiLetters[b] != 0 {
				i = t.latin(s, i, &gap)
				continue
			}
			gap.drop(StepSeparator, asciiBreaks[b])
			if b == '+' {
				t.mark('+', i, i+1)
			}
			t.Characters++
			i++
			continue
		}
		if end := t.han(s, i, &gap); end > i {
			i = end
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		t.other(r, i, i+n, &gap)
		t.Characters++
		i += n
	}
}

// latin folds the run of ASCII letters and digits that begins at i, and returns its end. It is fast
// because it lengthens all five slices only once for each run.
func (t *Text) latin(s string, i int, gap *Gap) int {
	runes, starts, ends, steps := t.room()
	k := 0
	for ; k < len(runes) && i < len(s); k++ {
		b := s[i]
		if b >= utf8.RuneSelf || asciiLetters[b] == 0 {
			break
		}
		c := asciiLetters[b]
		var step Step
		if c != b {
			step = StepCase
		}
		runes[k], starts[k], ends[k], steps[k] = rune(c), int32(i), int32(i+1), step
		i++
	}
	t.lengthen(k, gap)
	return i
}

// han folds the run of Chinese characters in the common blocks that begins at i, and returns its
// end. If there is none, it returns i.
func (t *Text) han(s string, i int, gap *Gap) int {
	runes, starts, ends, steps := t.room()
	if len(runes) > hanRun {
		runes, steps = runes[:hanRun], steps[:hanRun]
	}
	clear(steps)
	k := t.tables.simplify(runes, steps, s[i:])
	starts, ends = starts[:k], ends[:k]
	for j := range starts {
		starts[j] = int32(i + 3*j)
	}
	for j := range ends {
		ends[j] = int32(i + 3*j + 3)
	}
	t.lengthen(k, gap)
	return i + 3*k
}

// hanRun is the longest run that han folds at once. Most runs are nearly that long.
const hanRun = 32

// room returns the free part of each slice behind the characters. All parts have the same length,
// of at least 1.
func (t *Text) room() (runes []rune, starts, ends []int32, steps []Step) {
	n := len(t.Runes)
	if n == cap(t.Runes) {
		t.reserve(1)
	}
	runes = t.Runes[n:cap(t.Runes)]
	return runes, t.Start[n:][:len(runes)], t.End[n:][:len(runes)], t.Steps[n:][:len(runes)]
}

// lengthen adds to the text the k characters of a run that were written into the slices. The gap is
// the one before the first of them.
func (t *Text) lengthen(k int, gap *Gap) {
	if k == 0 {
		return
	}
	n := len(t.Runes)
	end := n + k
	t.Runes, t.Start, t.End, t.Steps, t.Gaps = t.Runes[:end], t.Start[:end], t.End[:end], t.Steps[:end], t.Gaps[:end]
	clear(t.Gaps[n:end])
	t.Gaps[n], *gap = *gap, Gap{}
	t.Characters += k
}

// other folds a character that is neither ASCII nor a common Chinese one.
func (t *Text) other(r rune, start, end int, gap *Gap) {
	switch {
	case r == '，' || r == '：' || r == '；':
		gap.drop(StepSeparator, BreakClause)
	case r >= 0x3000 && r <= 0x303f && r != ideographicZero && r != iterationMark && r != 0x3006:
		t.dropCJKPunctuation(r, gap)
	default:
		t.general(r, start, end, gap)
	}
}

// maxInput keeps byte offsets within int32.
const maxInput = 1<<31 - 1

const (
	hanFirst        = 0x3400 // CJK Extension A
	hanLast         = 0x9fff // end of the unified ideographs
	ideographicZero = '〇'
	iterationMark   = '々'
)

// isHan reports whether r is in Extension A or the unified ideographs. The hexagram symbols between
// the two blocks do not count.
func isHan(r rune) bool {
	return r >= hanFirst && r <= hanLast && (r < 0x4dc0 || r >= 0x4e00)
}

// reserve makes room for n characters; push relies on it.
func (t *Text) reserve(n int) {
	if n <= cap(t.Runes)-len(t.Runes) {
		return
	}
	t.Runes = slices.Grow(t.Runes, n)
	n = cap(t.Runes) - len(t.Runes)
	t.Start, t.End = slices.Grow(t.Start, n), slices.Grow(t.End, n)
	t.Steps, t.Gaps = slices.Grow(t.Steps, n), slices.Grow(t.Gaps, n)
}

// push appends a character. It writes into slices that have room: five appends would take three
// times as long.
func (t *Text) push(r rune, start, end int, step Step, gap *Gap) {
	n := len(t.Runes)
	if n == cap(t.Runes) {
		t.reserve(1) // one sign became several characters
	}
	t.Runes = t.Runes[:n+1]
	t.Start, t.End, t.Steps, t.Gaps = t.Start[:n+1], t.End[:n+1], t.Steps[:n+1], t.Gaps[:n+1]
	t.Runes[n], t.Start[n], t.End[n], t.Steps[n], t.Gaps[n] = r, int32(start), int32(end), step, *gap
	*gap = Gap{}
}

// mark notes a dropped sign that depicts a character.
func (t *Text) mark(r rune, start, end int) {
	if to, ok := t.tables.depicts[r]; ok {
		t.Marks = append(t.Marks, Mark{int32(len(t.Runes)), to, int32(start), int32(end)})
	}
}

func (g *Gap) drop(step Step, b Break) {
	g.Steps |= step
	if g.Width < 255 {
		g.Width++
	}
	g.Break = max(g.Break, b)
}

// dropCJKPunctuation drops a character of the block U+3000–303F.
func (t *Text) dropCJKPunctuation(r rune, gap *Gap) {
	switch r {
	case 0x3000:
		gap.drop(StepSeparator, BreakSpace)
	case '。':
		gap.drop(StepSeparator, BreakSentence)
	case '、':
		gap.drop(StepSeparator, BreakClause)
	case 0x302a, 0x302b, 0x302c, 0x302d, 0x302e, 0x302f: // tone marks
		gap.drop(StepCombining, BreakNone)
	case '〃', '〄', '〒', '〓', '〜', '〠', '〰', '〶', '〾', '〿', '〽':
		gap.drop(StepSeparator, BreakSymbol)
	default:
		gap.drop(StepSeparator, BreakQuote)
	}
}

// Term folds a term like a text.
func Term(s string) []rune {
	var t Text
	t.Fold(s)
	return slices.Clone(t.Runes)
}

// String folds s for the search index. It gives the same characters, but keeps each run of
// separators as one space, and none at either end. The same function is used when texts are indexed
// and when they are searched.
func String(s string) string { return new(Text).string(s) }

// Strings returns a function that does the same as String for many texts and keeps its memory from
// one to the next. It is safe for concurrent use.
func Strings() func(string) string {
	texts := sync.Pool{New: func() any { return new(Text) }}
	return func(s string) string {
		t := texts.Get().(*Text)
		folded := t.string(s)
		texts.Put(t)
		return folded
	}
}

func (t *Text) string(s string) string {
	t.Fold(s)
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range t.Runes {
		if i > 0 && t.Gaps[i].Break != BreakNone {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// asciiLetters holds the lower-case form of ASCII letters and digits, and 0 for separators.
var asciiLetters = func() (table [utf8.RuneSelf]byte) {
	for b := byte(0); b < utf8.RuneSelf; b++ {
		switch {
		case b >= 'a' && b <= 'z', b >= '0' && b <= '9':
			table[b] = b
		case b >= 'A' && b <= 'Z':
			table[b] = b + 'a' - 'A'
		}
	}
	return table
}()

// asciiBreaks gives the break of each ASCII separator. The dot is a symbol, not the end of a
// sentence: Chinese prose ends in 。 and advertisers put a dot between any two characters.
var asciiBreaks = func() (table [utf8.RuneSelf]Break) {
	for i := range table {
		table[i] = BreakSymbol
	}
	for _, b := range " \t\v\f" {
		table[b] = BreakSpace
	}
	for _, b := range "()[]{}<>\"'`" {
		table[b] = BreakQuote
	}
	for _, b := range ",;:\n\r" {
		table[b] = BreakClause
	}
	for _, b := range "!?" {
		table[b] = BreakSentence
	}
	return table
}()
