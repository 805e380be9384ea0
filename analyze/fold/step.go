package fold

import "math/bits"

// Step is a set of transforms that lead from a text to the term that it matches. Fold does those of
// the first group. Package match finds those of the second in a folded text.
type Step uint32

const (
	StepNFKC        Step = 1 << iota // compatibility form: ﬁ, ㎏, Ⅷ, é
	StepCase                         // upper case
	StepWidth                        // full-width or half-width form: Ａ, ｱ
	StepInvisible                    // zero-width, bidi control, variation selector, tag, soft hyphen, filler
	StepCombining                    // combining mark dropped: 棋̶
	StepTraditional                  // traditional → simplified: 註 → 注
	StepSeparator                    // space, punctuation or symbol dropped between two characters
	StepStyled                       // mathematical, superscript or small-capital letter: 𝐁, ᴋ
	StepEnclosed                     // circled, squared, parenthesised: ⓠ, 🅰, ①, 🈲
	StepEmoji                        // emoji dropped between two characters, or read as the character it stands for

	StepLookAlike // another character of similar shape: 碦 → 客
	StepHomophone // another character with the same sound: 菠菜 → 博彩
	StepPinyin    // sound written in Latin letters: qipai → 棋牌
	StepInitials  // initial letters of the sounds: bjl → 百家乐
	StepSplit     // one character written as its two halves: 木奉 → 棒
	StepLeet      // digit for letter or letter for digit: V1P → VIP
	StepNumeral   // financial or Arabic numeral instead of the plain one: 壹, 1 → 一

	stepCount = iota
)

// stepNames are the names used in a finding's evidence, by bit.
var stepNames = [stepCount]string{
	"nfkc", "case", "width", "invisible", "combining", "traditional", "separator", "styled", "enclosed", "emoji",
	"look-alike", "homophone", "pinyin", "initials", "split", "leet", "numeral",
}

// Names returns the names of the steps in s in a fixed order, or nil if there are none.
func (s Step) Names() []string {
	if s == 0 {
		return nil
	}
	names := make([]string, 0, bits.OnesCount32(uint32(s)))
	for i, name := range stepNames {
		if s&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Break says how much two characters are separated, in a reader's eyes, by what was dropped between
// them: from not at all to the end of a sentence.
type Break uint8

const (
	BreakNone     Break = iota // invisible or combining only: the reader sees one word
	BreakSpace                 // space or tab
	BreakSymbol                // · * - _ | . and other signs, emoji, half characters
	BreakQuote                 // brackets and quotation marks
	BreakClause                // comma, colon, semicolon, line break
	BreakSentence              // full stop, exclamation or question mark
)

// Gap is what was dropped in front of a character.
type Gap struct {
	Steps Step
	Width uint8 // characters dropped, at most 255
	Break Break // the strongest break among them
}
