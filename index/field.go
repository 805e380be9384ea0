package index

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// field reads the part after a field's colon.
func (p *parser) field(start int, word string) (Node, error) {
	name, ok := fieldOf(word)
	if !ok {
		word = strings.ToLower(word)
		return nil, p.errorf(start, UnknownField, word, suggestField(word))
	}
	missing := p.pos
	p.skipSpace()
	opAt := p.pos
	op := p.op()
	if op != Equal && !name.Ordered() {
		return nil, p.errorf(opAt, NoOrder, name)
	}
	if p.pos > opAt {
		missing = p.pos
		p.skipSpace()
	}
	if !p.valueFollows() {
		return nil, p.errorf(missing, NeedsValue, name, possible(name))
	}
	at := p.pos
	switch p.peek() {
	case '(':
		return nil, p.errorf(at, NoParentheses, name)
	case '"':
		raw, err := p.quoted()
		if err != nil {
			return nil, err
		}
		return p.comparison(at, name, op, raw)
	}
	if !name.takesList() {
		return p.comparison(at, name, op, p.read(endsValue))
	}
	return p.list(name, op)
}

// valueFollows says whether a value can begin here.
func (p *parser) valueFollows() bool {
	if p.atEnd() || p.peek() == ')' {
		return false
	}
	at := p.pos
	operator := p.keyword("AND") || p.keyword("OR") || p.keyword("NOT")
	p.pos = at
	return !operator
}

// list reads one value, several separated by commas, or a range.
func (p *parser) list(name FieldName, op Op) (Node, error) {
	start := p.pos
	var nodes []Node
	for {
		at := p.pos
		raw := p.read(func(r rune) bool { return endsValue(r) || isComma(r) })
		n, err := p.item(at, name, op, raw)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(nodes, func(have Node) bool { return have.String() == n.String() }) {
			nodes = append(nodes, n)
		}
		if p.atEnd() || !isComma(p.text[p.pos]) {
			break
		}
		p.pos++
		p.skipSpace()
		if p.fieldFollows() {
			break
		}
		if op != Equal {
			return nil, p.errorf(start, ComparisonOfMany, op.String())
		}
		if p.clauses++; p.clauses > MaxClauses {
			return nil, p.errorf(p.pos, TooMany, MaxClauses)
		}
		if !p.valueFollows() {
			return nil, p.errorf(p.pos, NeedsValue, name, possible(name))
		}
	}
	if len(nodes) == 1 {
		return nodes[0], nil
	}
	return Or{nodes}, nil
}

// fieldFollows says whether a field begins here. People separate clauses by commas, too: 类别:赌博，级别:紧急.
func (p *parser) fieldFollows() bool {
	at := p.pos
	defer func() { p.pos = at }()
	word := p.read(endsWord)
	_, ok := fieldOf(word)
	return ok && p.peek() == ':'
}

// item reads a value without quotes, or a range of them.
func (p *parser) item(at int, name FieldName, op Op, raw string) (Node, error) {
	low, high, isRange := strings.Cut(raw, rangeSign)
	if !isRange || !name.Ordered() {
		return p.comparison(at, name, op, raw)
	}
	if op != Equal {
		return nil, p.errorf(at, ComparisonOfMany, op.String())
	}
	switch {
	case low == "" && high == "":
		return nil, p.errorf(at, NeedsValue, name, possible(name))
	case low == "":
		return p.comparison(at, name, LessEqual, high)
	case high == "":
		return p.comparison(at, name, GreaterEqual, low)
	}
	from, _, bad := parseValue(name, low, p.now)
	if bad != nil {
		return nil, p.errorf(at, bad.kind, bad.args...)
	}
	to, _, bad := parseValue(name, high, p.now)
	if bad != nil {
		return nil, p.errorf(at+len([]rune(low+rangeSign)), bad.kind, bad.args...)
	}
	n, ok := between(name, from, to)
	if !ok {
		return nil, p.errorf(at, RangeBackwards, raw)
	}
	return n, nil
}

// between returns the meaning of a range; ok is false if it runs backwards.
func between(name FieldName, from, to Value) (n Node, ok bool) {
	switch from := from.(type) {
	case Period:
		until := to.(Period).Until
		return Field{name, Equal, Period{from.From, until}}, from.From.Before(until)
	case Number:
		ok = from <= to.(Number)
	case Rank:
		ok = from <= to.(Rank)
	case Age:
		ok = from.length() <= to.(Age).length()
	}
	if from == to {
		return Field{name, Equal, from}, ok
	}
	return And{[]Node{Field{name, GreaterEqual, from}, Field{name, LessEqual, to}}}, ok
}

// comparison checks a value at a position.
func (p *parser) comparison(at int, name FieldName, op Op, raw string) (Node, error) {
	v, since, bad := parseValue(name, raw, p.now)
	if bad != nil {
		return nil, p.errorf(at, bad.kind, bad.args...)
	}
	if since && op == Equal {
		op = GreaterEqual
		if name == FieldAge { // first seen within these days
			op = LessEqual
		}
	}
	if period, ok := v.(Period); ok && op != Equal {
		v = period.end(op)
	}
	if text, ok := v.(Text); ok {
		v = p.own(name, text)
	}
	return Field{name, op, v}, nil
}

// own replaces "me" by the asking account, and a campaign's former id by its present one.
func (p *parser) own(name FieldName, v Text) Text {
	switch {
	case (name == FieldAssignee || name == FieldDecidedBy) && p.me != "" && slices.Contains(me(), string(v)):
		return Text(p.me)
	case name == FieldCampaign && p.today != nil:
		return Text(p.today(string(v)))
	}
	return v
}

func (p *parser) op() Op {
	first := p.peek()
	switch first {
	case '≥':
		p.pos++
		return GreaterEqual
	case '≤':
		p.pos++
		return LessEqual
	case '=':
		p.pos++
		return Equal
	case '>', '<':
		p.pos++
	default:
		return Equal
	}
	or := p.peek() == '='
	if or {
		p.pos++
	}
	switch {
	case first == '>' && or:
		return GreaterEqual
	case first == '>':
		return Greater
	case or:
		return LessEqual
	}
	return Less
}

// parseValue returns the field's typed value, or what is wrong with it. since is as in parsePeriod.
func parseValue(name FieldName, raw string, now time.Time) (v Value, since bool, bad *mistake) {
	switch name {
	case FieldCategory, FieldState, FieldVerdict:
		v, bad = oneOf(name, raw)
	case FieldLevel:
		v, bad = parseLevel(raw)
	case FieldHidden, FieldParked:
		v, bad = oneOf(name, raw)
		v = Flag(v == Text("true"))
	case FieldScore:
		n, err := strconv.Atoi(raw)
		if err != nil || n < 0 || n > qianshao.MaxScore {
			return nil, false, wrong(BadScore, qianshao.MaxScore, raw)
		}
		v = Number(n)
	case FieldSeen, FieldNew:
		var p Period
		p, since, bad = parsePeriod(name, raw, now)
		v = p
	case FieldAge:
		return parseAge(raw, now)
	case FieldHost:
		v, bad = parseHost(raw)
	default:
		v, bad = parseText(name, raw)
	}
	return v, since, bad
}

func parseText(name FieldName, raw string) (Value, *mistake) {
	switch {
	case name == FieldURL:
		raw = strings.TrimRight(refang(raw), "*") // any URL value is a prefix anyway
	case name == FieldRule, name == FieldCampaign, name == FieldDecidedBy:
		raw = strings.ToLower(raw)
	case name == FieldAssignee:
		if raw = strings.ToLower(raw); slices.Contains(nobody(), raw) {
			raw = Nobody
		}
	case name == FieldTitle && !isSearchable(raw):
		return nil, wrong(NoWord, quote(raw))
	case name.IsIndicator():
		key := indicatorValue(name, raw)
		if key == "" || indicatorValue(name, key) != key {
			return nil, wrong(BadIndicator, name, raw)
		}
		raw = key
	}
	if raw == "" {
		return nil, wrong(EmptyValue, name)
	}
	return Text(raw), nil
}

func parseLevel(raw string) (Value, *mistake) {
	if strings.ToLower(raw) == qianshao.LevelNone.String() || raw == "无" {
		return Rank(qianshao.LevelNone), nil
	}
	v, bad := oneOf(FieldLevel, raw)
	if bad != nil {
		return nil, bad
	}
	l, err := qianshao.ParseLevel(v.String())
	if err != nil {
		return nil, wrong(BadValue, FieldLevel, raw, possible(FieldLevel))
	}
	return Rank(l), nil
}

func oneOf(name FieldName, raw string) (Value, *mistake) {
	if v, ok := valueOf(name, raw); ok {
		return Text(v), nil
	}
	raw = strings.ToLower(raw)
	return nil, wrong(BadValue, name, raw, suggestValue(name, raw))
}

// possible lists a field's values if there are few.
func possible(name FieldName) locales.Message {
	switch name {
	case FieldSeen, FieldNew:
		return locales.M("query.possible.day")
	case FieldAge:
		return locales.M("query.possible.age")
	}
	if values := name.Values(); len(values) > 0 {
		return locales.M("query.possible", choices(values))
	}
	return locales.Message{}
}

// parseHost returns a host in lower case and ASCII, possibly with "*." before it.
func parseHost(raw string) (Value, *mistake) {
	name, bad := hostValue(raw)
	if bad != nil {
		return nil, bad
	}
	// A value that changes when it is parsed again (0::0.., a name of dots that IDNA maps) has no canonical
	// form.
	if again, bad := hostValue(name); bad != nil || again != name {
		return nil, wrong(BadHost, raw)
	}
	return Text(name), nil
}

func hostValue(raw string) (string, *mistake) {
	name, sub := strings.CutPrefix(refang(raw), "*.")
	name = strings.TrimSuffix(strings.Trim(strings.ToLower(name), "[]"), ".")
	switch {
	case name == "":
		return "", wrong(HostEmpty)
	case strings.Contains(name, "*"):
		return "", wrong(HostStar)
	case strings.Count(name, ":") == 1:
		return "", wrong(HostPort)
	case strings.Contains(name, "/"):
		return "", wrong(HostPath)
	}
	name, ok := asciiHost(name)
	if !ok {
		return "", wrong(BadHost, raw)
	}
	if sub {
		name = "*." + name
	}
	return name, nil
}

// asciiHost returns a host's name in ASCII; one that already is ASCII stays as it is.
func asciiHost(name string) (string, bool) {
	if !strings.ContainsFunc(name, func(r rune) bool { return r > 0x7f }) {
		return name, true
	}
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))
	encoded, err := profile.ToASCII(name)
	return encoded, err == nil && encoded != ""
}
