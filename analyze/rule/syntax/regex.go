package syntax

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
)

const (
	maxRegex = 1000 // bytes; RE2 takes time by text × program
	// maxInstructions bounds an expression's program: a{1000} is a thousand
	// instructions in seven characters.
	maxInstructions = 5000
)

// CheckRegex says what is wrong with a regular expression of a block, or "".
func CheckRegex(expression string) string {
	if len(expression) > maxRegex {
		return fmt.Sprintf("longer than %d bytes; split it", maxRegex)
	}
	tree, err := syntax.Parse(expression, syntax.Perl) // regexp.Compile fails for no other reason
	if err != nil {
		return fmt.Sprintf("does not compile: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if matchesEmpty(tree) {
		return "can match the empty text, so it fires everywhere; demand some character"
	}
	tree = tree.Simplify()
	if instructionBound(tree) > maxInstructions { // cheaper than the program itself
		if prog, err := syntax.Compile(tree); err != nil || len(prog.Inst) > maxInstructions {
			return fmt.Sprintf("too large once its repetitions are written out (more than %d instructions); lower the counts", maxInstructions)
		}
	}
	return ""
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
