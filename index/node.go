package index

import (
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
)

// Node is one node of a parsed query: And, Or, Not, Phrase or Field. See
// Parse. String returns the node as a query in canonical form, which parses to
// the same tree.
type Node interface {
	String() string
	node()
}

// And matches if all its nodes match; it has at least two, none of them an And.
type And struct{ Nodes []Node }

// Or matches if one of its nodes does; it has at least two, none of them an Or.
type Or struct{ Nodes []Node }

// Not matches if its node does not.
type Not struct{ Node Node }

// Phrase matches if the page's title or text contains Text, as Tokens defines it. A bare word is a phrase
// of one word.
type Phrase struct{ Text string }

// Field matches if Op holds between a field of the finding and Value.
type Field struct {
	Name  FieldName
	Op    Op
	Value Value
}

func (And) node()    {}
func (Or) node()     {}
func (Not) node()    {}
func (Phrase) node() {}
func (Field) node()  {}

// inner returns the nodes that a node joins or negates.
func inner(n Node) []Node {
	switch n := n.(type) {
	case And:
		return n.Nodes
	case Or:
		return n.Nodes
	case Not:
		return []Node{n.Node}
	}
	return nil
}

// ValuesOf returns the values that a query compares a field with, in their order in the query.
func ValuesOf(n Node, name FieldName) (values []string) {
	if field, ok := n.(Field); ok && field.Name == name {
		return []string{field.Value.String()}
	}
	for _, m := range inner(n) {
		values = append(values, ValuesOf(m, name)...)
	}
	return values
}

// FieldName is the field that a Field compares.
type FieldName string

// The fields, each with the type of its Value.
const (
	FieldCategory      FieldName = "category"      // Text: one of qianshao.Categories
	FieldLevel         FieldName = "level"         // Rank; ordered
	FieldHost          FieldName = "host"          // Text: a host, or "*.example.cn" for all its subdomains but not itself
	FieldRule          FieldName = "rule"          // Text: the rule's id
	FieldURL           FieldName = "url"           // Text: a prefix of the page's URL
	FieldAuthorisation FieldName = "authorisation" // Text: its id
	FieldHidden        FieldName = "hidden"        // Flag
	FieldScore         FieldName = "score"         // Number, 0 to qianshao.MaxScore; ordered
	FieldSeen          FieldName = "seen"          // Period of FindingRecord.LastSeen; ordered
	FieldNew           FieldName = "new"           // Period of FindingRecord.FirstSeen; ordered
	FieldTitle         FieldName = "title"         // Text: a phrase in the page's title
	FieldState         FieldName = "state"         // Text: one of qianshao.States
	FieldVerdict       FieldName = "verdict"       // Text: one of qianshao.Answers
	FieldAssignee      FieldName = "assignee"      // Text: an account, or Nobody
	FieldDecidedBy     FieldName = "decided_by"    // Text: an account
	FieldCampaign      FieldName = "campaign"      // Text: the id of any campaign of the finding
	FieldParked        FieldName = "parked"        // Flag
	FieldAge           FieldName = "age"           // Age: the time since FindingRecord.FirstSeen; ordered
	// FieldIndicator is Text: the value of an indicator of any kind, as typed. Each kind is also a field,
	// except url, which is the page's: Text, its value in the normalised form.
	FieldIndicator  = FieldName("indicator")
	FieldQQ         = FieldName(qianshao.IndicatorQQ)
	FieldWeChat     = FieldName(qianshao.IndicatorWeChat)
	FieldTelegram   = FieldName(qianshao.IndicatorTelegram)
	FieldBatChat    = FieldName(qianshao.IndicatorBatChat)
	FieldPhone      = FieldName(qianshao.IndicatorPhone)
	FieldDomain     = FieldName(qianshao.IndicatorDomain)
	FieldQRCode     = FieldName(qianshao.IndicatorQRCode)
	FieldTron       = FieldName(qianshao.IndicatorTron)
	FieldBitcoin    = FieldName(qianshao.IndicatorBitcoin)
	FieldEthereum   = FieldName(qianshao.IndicatorEthereum)
	FieldBankCard   = FieldName(qianshao.IndicatorBankCard)
	FieldICP        = FieldName(qianshao.IndicatorICP)
	FieldStatistics = FieldName(qianshao.IndicatorStatistics)
)

// Nobody is the assignee, in a query, of findings that are nobody's task.
const Nobody = "none"

// FieldNames returns all fields, for help and completion.
func FieldNames() []FieldName {
	return []FieldName{
		FieldCategory, FieldLevel, FieldHost, FieldRule, FieldURL, FieldAuthorisation,
		FieldHidden, FieldScore, FieldSeen, FieldNew, FieldAge, FieldTitle, FieldState,
		FieldVerdict, FieldAssignee, FieldDecidedBy, FieldCampaign, FieldParked,
		FieldIndicator, FieldQQ, FieldWeChat, FieldTelegram, FieldBatChat, FieldPhone, FieldDomain, FieldQRCode,
		FieldTron, FieldBitcoin, FieldEthereum, FieldBankCard, FieldICP, FieldStatistics,
	}
}

// IsIndicator says whether the field compares indicators.
func (f FieldName) IsIndicator() bool {
	return f == FieldIndicator || f != FieldURL && qianshao.IndicatorKind(f).Valid()
}

// takesList says whether commas separate several values. URLs and titles may contain commas themselves, and
// so may an operator's name for an authorisation.
func (f FieldName) takesList() bool {
	switch f {
	case FieldURL, FieldTitle, FieldAuthorisation, FieldIndicator, FieldQRCode:
		return false
	}
	return true
}

// Ordered says whether the field takes >, >=, < and <=.
func (f FieldName) Ordered() bool {
	switch f {
	case FieldLevel, FieldScore, FieldSeen, FieldNew, FieldAge:
		return true
	}
	return false
}

// Op is a comparison.
type Op uint8

// The comparisons. With a Period p, Equal holds from p.From until p.Until,
// Less before p.From, LessEqual before p.Until, Greater from p.Until on and
// GreaterEqual from p.From on.
const (
	Equal Op = iota
	Less
	LessEqual
	Greater
	GreaterEqual
)

// String returns the operator in its form after the colon.
func (o Op) String() string {
	return [...]string{"", "<", "<=", ">", ">="}[o]
}

// Value is the value that a field is compared with: Text, Rank, Number, Flag, Period or Age.
type Value interface {
	// String returns the value in the query language, without quotes.
	String() string
	value()
}

// The types of values.
type (
	Text   string
	Rank   qianshao.Level
	Number int
	Flag   bool
	// Period is the time From ≤ t < Until: whole days of From's zone, or milliseconds. Periods are equal if
	// their instants are.
	Period struct{ From, Until time.Time }
)

func (Text) value()   {}
func (Rank) value()   {}
func (Number) value() {}
func (Flag) value()   {}
func (Period) value() {}
func (Age) value()    {}

func (v Text) String() string   { return string(v) }
func (v Rank) String() string   { return qianshao.Level(v).String() }
func (v Number) String() string { return strconv.Itoa(int(v)) }
func (v Flag) String() string   { return strconv.FormatBool(bool(v)) }

func (n And) String() string { return join(n.Nodes, " AND ") }
func (n Or) String() string  { return join(n.Nodes, " OR ") }
func (n Not) String() string { return "-" + operand(n.Node) }

func (n Phrase) String() string {
	if isBare(n.Text) {
		return n.Text
	}
	return quote(n.Text)
}

func (n Field) String() string {
	v := n.Value.String()
	if !isBareValue(v) || n.Name.takesList() && strings.ContainsFunc(v, isComma) {
		v = quote(v)
	}
	return string(n.Name) + ":" + n.Op.String() + v
}

func join(nodes []Node, by string) string {
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		parts[i] = operand(n)
	}
	return strings.Join(parts, by)
}

// operand writes a node, in parentheses if it has several parts.
func operand(n Node) string {
	switch n.(type) {
	case And, Or:
		return "(" + n.String() + ")"
	}
	return n.String()
}

// quote writes text so that the parser reads the same text; see parser.quoted.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// isBare says whether the parser reads text as one bare word.
func isBare(text string) bool {
	if text == "" || text[0] == '-' || isKeyword(text) || isPasted(text) {
		return false
	}
	for _, r := range text {
		if endsWord(r) || ascii(r) != r {
			return false
		}
	}
	return true
}

// isBareValue says whether the parser reads text as one value after a colon.
func isBareValue(text string) bool {
	if text == "" || strings.IndexAny(text, "<>=≥≤") == 0 {
		return false
	}
	for _, r := range text {
		if endsValue(r) || ascii(r) != r {
			return false
		}
	}
	return true
}

// Holds says whether the operator holds for a comparison's result: negative,
// zero or positive, as cmp.Compare returns it.
func (o Op) Holds(compared int) bool {
	switch o {
	case Less:
		return compared < 0
	case LessEqual:
		return compared <= 0
	case Greater:
		return compared > 0
	case GreaterEqual:
		return compared >= 0
	}
	return compared == 0
}
