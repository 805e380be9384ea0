package indicator

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
)

// candidate is a handle found in a region.
type candidate struct {
	kind       qianshao.IndicatorKind
	value      string
	start, end int // bytes of the region's text
}

// reading is a part of a region's text in folded form. Folding drops separators. They are what sets
// an id apart from its neighbours, so reading looks up in the source what stood between two
// characters.
type reading struct {
	text    fold.Text
	digits  string  // the digit that each character shows, or 0; empty if no character shows one
	memory  []byte  // for digits
	groups  []group // for groupsAt
	starts  []int   // for numbers
	offset  int     // of the part in the region's text
	hashes  int     // checksums that may still be computed on this page
	private [][2]int
	found   []candidate
}

// read folds text, which begins at an offset of its region.
func (r *reading) read(text string, offset int) {
	r.text.Fold(text)
	r.readDigits()
	r.offset = offset
	r.private = r.private[:0]
	r.found = r.found[:0]
}

// readDigits sets the digits, which most of the search for numbers reads.
func (r *reading) readDigits() {
	n := len(r.text.Runes)
	r.memory = slices.Grow(r.memory[:0], n)[:n]
	seen := byte(0)
	for i, c := range r.text.Runes {
		d := digitOf(c)
		r.memory[i] = d
		seen |= d
	}
	r.digits = ""
	if seen != 0 {
		r.digits = string(r.memory)
	}
}

// digit returns the ASCII digit that character i shows, or 0 if it shows none or is outside the
// text.
func (r *reading) digit(i int) byte {
	if uint(i) >= uint(len(r.digits)) {
		return 0
	}
	return r.digits[i]
}

// add records the folded characters from first to last as a handle, unless they overlap a resident
// identity number.
func (r *reading) add(kind qianshao.IndicatorKind, value string, first, last int) {
	for _, p := range r.private {
		if first <= p[1] && last >= p[0] {
			return
		}
	}
	r.found = append(r.found, candidate{kind, value, r.offset + int(r.text.Start[first]), r.offset + int(r.text.End[last])})
}

// at returns the folded character i, or 0 outside the text.
func (r *reading) at(i int) rune {
	if i < 0 || i >= len(r.text.Runes) {
		return 0
	}
	return r.text.Runes[i]
}

// joint is what separates a character from the one before it.
type joint uint8

const (
	jointNone   joint = iota // nothing that a reader can see
	jointSpace               // spaces
	jointHyphen              // one - or a similar sign
	jointUnder               // one _
	jointDot                 // one dot of any kind
	jointAt                  // one @
	jointColon               // a colon, = or arrow, with or without spaces
	jointSlash               // begins with /
	jointQuote               // brackets or quotation marks
	jointSymbol              // other signs
	jointWide                // the end of a sentence or line, a comma, or more than maxJoint characters
)

// maxJoint is how many separators may stand between two characters of one id.
const maxJoint = 3

// between returns what was dropped in front of character i.
func (r *reading) between(i int) string {
	if i <= 0 || i >= len(r.text.Runes) {
		return ""
	}
	from, to := r.text.End[i-1], r.text.Start[i]
	if from >= to { // both characters come from one sign: ⑫
		return ""
	}
	return r.text.Source()[from:to]
}

// joint classifies what stands before character i. The beginning and the end of the text are wide.
func (r *reading) joint(i int) joint {
	if i <= 0 || i >= len(r.text.Runes) {
		return jointWide
	}
	gap := r.text.Gaps[i]
	if gap.Break == fold.BreakNone {
		return jointNone
	}
	if gap.Width > 2*maxJoint { // spaces around a sign are allowed, up to a limit
		return jointWide
	}
	between := strings.TrimFunc(r.between(i), isBlank)
	if between == "" {
		return jointSpace
	}
	return jointOf(between, gap)
}

func jointOf(between string, gap fold.Gap) joint {
	switch between {
	case "-", "－", "–", "—", "‐", "‑":
		return jointHyphen
	case "_", "＿":
		return jointUnder
	case ".", "．", "。", "｡", "·", "•", "・", "[.]", "(.)", "【.】":
		return jointDot
	case "@", "＠", "[@]":
		return jointAt
	}
	switch first, _ := utf8.DecodeRuneInString(between); {
	case between == "://" || first == '/' || first == '／':
		return jointSlash
	case strings.ContainsAny(between, ":：=→➜➡>﹕︰"):
		return jointColon
	case gap.Width > maxJoint || gap.Break >= fold.BreakClause:
		return jointWide
	case gap.Break == fold.BreakQuote:
		return jointQuote
	}
	return jointSymbol
}

func isBlank(c rune) bool {
	return unicode.IsSpace(c) || c >= 0x200b && c <= 0x200f || c == 0x2060 || c == 0xfeff || c == 0xfe0f || c == 0xfe0e
}

// isWord reports whether c can be in an id: an ASCII letter or digit.
func isWord(c rune) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

func isLetter(c rune) bool { return c >= 'a' && c <= 'z' }

func isHan(c rune) bool { return c >= 0x3400 && unicode.Is(unicode.Han, c) }

// startsWord reports whether character i is not in the middle of a Latin word or number.
func (r *reading) startsWord(i int) bool {
	return i == 0 || !isWord(r.text.Runes[i-1]) || r.joint(i) != jointNone
}

// wordEnd returns the character after the Latin word or number that begins at i.
func (r *reading) wordEnd(i int) int {
	for i++; isWord(r.at(i)) && r.joint(i) == jointNone; i++ {
	}
	return i
}

// cased returns the characters from first to last in the case of the source, which addresses need.
func (r *reading) cased(first, last int) string {
	var b strings.Builder
	for i := first; i <= last; i++ {
		c := r.text.Runes[i]
		if r.text.Steps[i]&fold.StepCase != 0 {
			c = unicode.ToUpper(c)
		}
		b.WriteRune(c)
	}
	return b.String()
}

// digitOf returns the ASCII digit that c shows, or 0 if it shows none. Chinese numerals count,
// plain or financial.
func digitOf(c rune) byte {
	if isDigit(c) {
		return byte(c)
	}
	if c < '〇' || c > '龠' {
		return 0
	}
	switch c {
	case '〇', '零':
		return '0'
	case '一', '壹', '幺':
		return '1'
	case '二', '贰':
		return '2'
	case '三', '叁':
		return '3'
	case '四', '肆':
		return '4'
	case '五', '伍':
		return '5'
	case '六', '陆':
		return '6'
	case '七', '柒':
		return '7'
	case '八', '捌':
		return '8'
	case '九', '玖':
		return '9'
	}
	return 0
}
