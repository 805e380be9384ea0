package index

import "fmt"

// Mistake says what is wrong with a query. It is stable: programs may test for it.
type Mistake string

// The mistakes, with what Args holds.
const (
	TooLong          Mistake = "too_long"           // the most characters
	TooDeep          Mistake = "too_deep"           // the most parentheses
	TooMany          Mistake = "too_many"           // the most clauses
	ClosesNothing    Mistake = "closes_nothing"     //
	OpenParenthesis  Mistake = "open_parenthesis"   //
	OpenQuote        Mistake = "open_quote"         //
	Missing          Mistake = "missing"            //
	MissingBefore    Mistake = "missing_before"     //
	LoneOperator     Mistake = "lone_operator"      // the operator
	LoneMinus        Mistake = "lone_minus"         //
	NoWord           Mistake = "no_word"            // the text in quotes
	UnknownField     Mistake = "unknown_field"      // the name, what is possible
	NoOrder          Mistake = "no_order"           // the field
	NeedsValue       Mistake = "needs_value"        // the field, what is possible
	NoParentheses    Mistake = "no_parentheses"     // the field
	EmptyValue       Mistake = "empty_value"        // the field
	BadValue         Mistake = "bad_value"          // the field, the value, what is possible
	BadScore         Mistake = "bad_score"          // the most points, the value
	BadYear          Mistake = "bad_year"           // the field, the first year, the last year
	HostEmpty        Mistake = "host_empty"         //
	HostStar         Mistake = "host_star"          //
	HostPort         Mistake = "host_port"          //
	HostPath         Mistake = "host_path"          //
	BadHost          Mistake = "bad_host"           // the value
	RangeBackwards   Mistake = "range_backwards"    // the range
	ComparisonOfMany Mistake = "comparison_of_many" // the comparison
	BadIndicator     Mistake = "bad_indicator"      // the field, the value
)

// text returns the mistake's message in both languages; verbs are numbered
// where the languages order them differently.
func (m Mistake) text() bilingual {
	switch m {
	case TooLong:
		return bilingual{"the query is longer than %d characters: shorten it", "检索式超过 %d 个字符，请缩短"}
	case TooDeep:
		return bilingual{"more than %d parentheses or negations inside of each other", "括号或“非”嵌套超过 %d 层"}
	case TooMany:
		return bilingual{"more than %d words and comparisons: split the query", "词语和条件超过 %d 个，请拆成几次检索"}
	case ClosesNothing:
		return bilingual{"this parenthesis closes nothing", "这个右括号没有对应的左括号"}
	case OpenParenthesis:
		return bilingual{"this parenthesis is not closed", "这个括号没有闭合"}
	case OpenQuote:
		return bilingual{"this quote is not closed", "这个引号没有闭合"}
	case Missing:
		return bilingual{"something to search for is missing here", "这里缺少要检索的内容"}
	case MissingBefore:
		return bilingual{"something to search for is missing before this parenthesis", "这个括号之前缺少要检索的内容"}
	case LoneOperator:
		return bilingual{"%s needs something to search for on both sides; to search for the word itself, put it in quotes",
			"%s 两边都要有检索内容；若要检索这个词本身，请加引号"}
	case LoneMinus:
		return bilingual{"this minus stands alone: write -x to leave out x", "减号后面没有内容：写 -x 表示排除 x"}
	case NoWord:
		return bilingual{"%s has neither letter nor digit to search for", "%s 里没有可检索的文字或数字"}
	case UnknownField:
		return bilingual{"unknown field %q%s; to search for a text with a colon, put it in quotes",
			"没有“%s”这个字段%s；若要检索带冒号的文字，请加引号"}
	case NoOrder:
		return bilingual{"%[1]s has no order: write %[1]s:value", "“%[1]s”不分大小，请写 %[1]s:值"}
	case NeedsValue:
		return bilingual{"%s needs a value here, directly behind the colon%s", "“%s”的冒号后面缺少值%s"}
	case NoParentheses:
		return bilingual{"no parentheses behind a colon: write (%[1]s:a OR %[1]s:b)", "冒号后面不能用括号，请写 %[1]s:甲,乙"}
	}
	return m.textOfValue()
}

func (m Mistake) textOfValue() bilingual {
	switch m {
	case EmptyValue:
		return bilingual{"%s needs a value", "“%s”缺少值"}
	case BadValue:
		return bilingual{"%s has no value %q%s", "“%s”没有“%s”这个值%s"}
	case BadScore:
		return bilingual{"score is a whole number from 0 to %d, not %q", "得分是 0 到 %d 的整数，不能是“%s”"}
	case BadYear:
		return bilingual{"%s takes years from %d to %d", "“%s”的年份须在 %d 到 %d 之间"}
	case HostEmpty:
		return bilingual{"host needs a value: example.cn, or *.example.cn for its subdomains", "主机缺少值：写 example.cn，或用 *.example.cn 表示它的子域名"}
	case HostStar:
		return bilingual{"a * stands only in front of a host's name: *.example.cn", "星号只能写在主机名最前面：*.example.cn"}
	case HostPort:
		return bilingual{"a host is written without its port; use url: to search for one", "主机名不带端口；要按端口检索请用“网址:”"}
	case HostPath:
		return bilingual{"a host is written without scheme and path; use url: to search for those", "主机名不带协议和路径；要按它们检索请用“网址:”"}
	case BadHost:
		return bilingual{"%q is no host's name", "“%s”不是主机名"}
	case RangeBackwards:
		return bilingual{"the range %s runs backwards: write its lower end first", "范围 %s 前后颠倒，请把小的写在前面"}
	case ComparisonOfMany:
		return bilingual{"a list or a range takes no %s in front of it", "列表或范围前面不能再写 %s"}
	case BadIndicator:
		return bilingual{"%s has no such value: %q", "“%s”不会是“%s”"}
	}
	return bilingual{string(m), string(m)}
}

// english writes the message in English. Texts of the query itself are quoted
// in it, so that what is invisible in them shows.
func (m Mistake) english(args []any) string {
	out := make([]any, len(args))
	for i, arg := range args {
		if b, ok := arg.(bilingual); ok {
			arg = b.en
		}
		out[i] = arg
	}
	return fmt.Sprintf(m.text().en, out...)
}

func (m Mistake) chinese(args []any) string {
	out := make([]any, len(args))
	for i, arg := range args {
		switch a := arg.(type) {
		case bilingual:
			arg = a.zh
		case FieldName:
			arg = ValueName{string(a), a.Chinese()}.label()
		}
		out[i] = arg
	}
	return fmt.Sprintf(m.text().zh, out...)
}

// mistake is one that a value has, wherever the value stands.
type mistake struct {
	kind Mistake
	args []any
}

func wrong(kind Mistake, args ...any) *mistake { return &mistake{kind, args} }
