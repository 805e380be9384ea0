package syntax

import (
	"errors"
	"regexp/syntax"
	"slices"

	"github.com/qianshao/qianshao/locales"
)

const (
	maxRegex = 1000 // bytes; RE2 takes time in proportion to the text times the program
	// maxInstructions bounds an expression's program: the seven characters of a{1000} are a
	// thousand instructions.
	maxInstructions = 5000
)

// CheckRegex says what is wrong with a regular expression of a block. It returns the zero Message if
// nothing is wrong.
func CheckRegex(expression string) locales.Message {
	if len(expression) > maxRegex {
		return locales.M("rule.regex.long", maxRegex)
	}
	tree, err := syntax.Parse(expression, syntax.Perl) // regexp.Compile fails for no other reason
	if err != nil {
		return locales.M("rule.regex.compile", whyNot(err))
	}
	if matchesEmpty(tree) {
		return locales.M("rule.regex.empty")
	}
	tree = tree.Simplify()
	if instructionBound(tree) > maxInstructions { // cheaper than compiling the program
		if prog, err := syntax.Compile(tree); err != nil || len(prog.Inst) > maxInstructions {
			return locales.M("rule.regex.large", maxInstructions)
		}
	}
	return locales.Message{}
}

// regexMistakes are the keys of the messages for an author's possible mistakes.
var regexMistakes = map[syntax.ErrorCode]string{
	syntax.ErrInvalidCharClass:      "rule.regex.char_class",
	syntax.ErrInvalidCharRange:      "rule.regex.char_range",
	syntax.ErrInvalidEscape:         "rule.regex.escape",
	syntax.ErrInvalidNamedCapture:   "rule.regex.capture",
	syntax.ErrInvalidPerlOp:         "rule.regex.perl",
	syntax.ErrInvalidRepeatOp:       "rule.regex.repeat",
	syntax.ErrInvalidRepeatSize:     "rule.regex.repeat_count",
	syntax.ErrMissingRepeatArgument: "rule.regex.nothing_repeated",
	syntax.ErrMissingBracket:        "rule.regex.bracket",
	syntax.ErrMissingParen:          "rule.regex.open_paren",
	syntax.ErrUnexpectedParen:       "rule.regex.close_paren",
	syntax.ErrTrailingBackslash:     "rule.regex.backslash",
	syntax.ErrNestingDepth:          "rule.regex.deep",
	syntax.ErrLarge:                 "rule.regex.too_large",
}

// whyNot says why an expression does not compile, and at which part.
func whyNot(err error) any {
	if at := (*syntax.Error)(nil); errors.As(err, &at) && regexMistakes[at.Code] != "" {
		return locales.M("rule.regex.at", locales.M(regexMistakes[at.Code]), at.Expr)
	}
	return err
}

// instructionBound returns an upper bound of the length of a simplified expression's program.
func instructionBound(re *syntax.Regexp) int {
	n := 3 + len(re.Rune)
	for _, sub := range re.Sub {
		n += instructionBound(sub)
	}
	return n
}

// matchesEmpty says whether re can match without consuming a character.
func matchesEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpNoMatch:
		return false
	case syntax.OpPlus, syntax.OpCapture:
		return matchesEmpty(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || matchesEmpty(re.Sub[0])
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, matchesEmpty)
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !matchesEmpty(sub) })
	}
	return true
}
