package syntax

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/qianshao/qianshao/internal/strictyaml"
	"github.com/qianshao/qianshao/locales"
)

// Grade says how strongly a term points to a crime, in the judgement of its author. It does not
// depend on how often ordinary sites use the term, which is counted separately.
type Grade uint8

// The grades, the weakest first. The zero value means that no grade was given.
const (
	// Flavour is a word that ordinary people use as well: 返利, 真人, 加微信.
	Flavour Grade = 1 + iota
	// Telling is a word of the trade that proves little by itself: 盘口, 包赢.
	Telling
	// Specific is a word that hardly anybody but offenders writes: 首存送彩金.
	Specific
)

var gradeNames = map[string]Grade{
	"specific": Specific, "telling": Telling, "flavour": Flavour,
	"专指": Specific, "可疑": Telling, "沾边": Flavour,
}

// GradeNames are the names used in rules and lists, the strongest grade first.
func GradeNames() []string { return []string{"specific", "telling", "flavour"} }

func (g Grade) String() string {
	switch g {
	case Specific:
		return "specific"
	case Telling:
		return "telling"
	case Flavour:
		return "flavour"
	}
	return "ungraded"
}

// gradeOf reads the name of a grade. The message says what is wrong with it, if anything.
func gradeOf(name string) (g Grade, message locales.Message) {
	g, ok := gradeNames[name]
	if !ok {
		return g, locales.M("rule.block.grade", name, locales.List(GradeNames()), DidYouMean(name, GradeNames()))
	}
	return g, message
}

// Grading gives the terms of a list grades by weight. A nil Grading gives none.
type Grading []gradeFrom

// gradeFrom gives a grade to terms of at least a weight.
type gradeFrom struct {
	grade Grade
	least int32
}

// Of returns the grade of a term of that weight: the highest grade that the weight reaches, or
// Flavour if it reaches none. For a nil Grading it returns 0.
func (g Grading) Of(weight int32) Grade {
	if g == nil {
		return 0
	}
	best := Flavour
	for _, from := range g {
		if weight >= from.least {
			best = max(best, from.grade)
		}
	}
	return best
}

// gradingOf reads a line of a list such as "[specific]", which grades all terms below it, or
// "[specific 5, telling 3]", which grades them by weight; terms of less weight are flavour. ok is
// false for any other line. The message says what is wrong, if anything.
func gradingOf(line string) (g Grading, message locales.Message, ok bool) {
	if !strings.HasPrefix(line, "[") && !strings.HasPrefix(line, "【") && !strings.HasPrefix(line, "［") {
		return nil, message, false // true of nearly all of the 100,000 lines of a long list
	}
	line = strings.NewReplacer("【", "[", "】", "]", "［", "[", "］", "]", "，", ",", "、", ",").Replace(line)
	inner, opens := strings.CutPrefix(line, "[")
	inner, closes := strings.CutSuffix(inner, "]")
	if !opens || !closes {
		return nil, message, false
	}
	for part := range strings.SplitSeq(inner, ",") {
		name, weight, weighted := strings.Cut(strings.TrimSpace(strings.ReplaceAll(part, "\u3000", " ")), " ")
		if at := strings.IndexFunc(name, unicode.IsDigit); at > 0 { // 专指3
			name, weight, weighted = name[:at], name[at:]+weight, true
		}
		from := gradeFrom{least: 1}
		if from.grade, message = gradeOf(name); message.Key != "" {
			return nil, message, true
		}
		if weighted {
			n, err := strconv.Atoi(strings.TrimSpace(weight))
			if err != nil || n < 1 || n > maxWeight {
				return nil, locales.M("rule.weight.grade", weight, maxWeight, strictyaml.HalfWidth(weight)), true
			}
			from.least = int32(n)
		}
		g = append(g, from)
	}
	return g, message, true
}
