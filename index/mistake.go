package index

import "github.com/qianshao/qianshao/locales"

// Mistake is what is wrong with a query. It is stable: programs may test for it.
type Mistake string

// The mistakes, with the contents of Args.
const (
	TooLong          Mistake = "too_long"           // the maximum number of characters
	TooDeep          Mistake = "too_deep"           // the maximum number of parentheses
	TooMany          Mistake = "too_many"           // the maximum number of clauses
	ClosesNothing    Mistake = "closes_nothing"     //
	OpenParenthesis  Mistake = "open_parenthesis"   //
	OpenQuote        Mistake = "open_quote"         //
	Missing          Mistake = "missing"            //
	MissingBefore    Mistake = "missing_before"     //
	LoneOperator     Mistake = "lone_operator"      // the operator
	LoneMinus        Mistake = "lone_minus"         //
	NoWord           Mistake = "no_word"            // the text in quotes
	UnknownField     Mistake = "unknown_field"      // the name, the possible names
	NoOrder          Mistake = "no_order"           // the field
	NeedsValue       Mistake = "needs_value"        // the field, the possible values
	NoParentheses    Mistake = "no_parentheses"     // the field
	EmptyValue       Mistake = "empty_value"        // the field
	BadValue         Mistake = "bad_value"          // the field, the value, the possible values
	BadScore         Mistake = "bad_score"          // the maximum score, the value
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

// message returns the message of the mistake. Texts from the query are quoted in it, so that invisible
// characters show.
func (m Mistake) message(args []any) locales.Message {
	return locales.Message{Key: "query.mistake." + string(m), Args: args}
}

// mistake is a mistake in a value, wherever the value is.
type mistake struct {
	kind Mistake
	args []any
}

func wrong(kind Mistake, args ...any) *mistake { return &mistake{kind, args} }
