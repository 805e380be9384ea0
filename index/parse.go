package index

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of a query. They are far above what people type, and bound the cost of a hostile query.
const (
	MaxQueryLength = 2000 // characters
	MaxDepth       = 20   // nested parentheses and negations
	MaxClauses     = 100  // words, phrases and field comparisons
)

// Parse reads a query with a Parser that has only the time: days are those of DefaultZone, whatever the
// location of now.
func Parse(query string, now time.Time) (Node, error) { return Parser{Now: now}.Parse(query) }

// Parser reads queries.
type Parser struct {
	// Now is the time from which today and 7d count.
	Now time.Time
	// Zone is the zone in which days begin and end, the same as the index's; nil
	// is DefaultZone.
	Zone *time.Location
	// Canonical writes a pasted URL as the index writes the URLs of pages. Nil makes the host lower case
	// and ASCII and escapes the rest.
	Canonical func(url string) (string, error)
	// Me is the account that "me" stands for in assignee and decided_by; if empty, "me" is an ordinary
	// name.
	Me string
	// Today returns the present id of a campaign for a present or former one; nil leaves ids as they are.
	Today func(campaign string) string
}

// Parse reads a query. The error is a *SyntaxError. An empty query is nil,
// which finds everything.
//
//	query  = or
//	or     = and { "OR" and }
//	and    = unary { [ "AND" ] unary }             side by side means AND
//	unary  = ( "NOT" | "-" ) unary | "(" or ")" | phrase | field | pasted | word
//	field  = name ":" ( [ comparison ] value | phrase | list | range )
//	comparison = ">" | ">=" | "<" | "<=" | "="
//	list   = value "," value { "," value }         one of them; also ， and 、
//	range  = [ value ] ".." [ value ]              from and to, both included
//	phrase = `"` text `"`                          \" and \\ stand for " and \
//
// Operators are upper case; Suggest offers what operators in lower case or Chinese probably
// mean. A word ends at a space, a parenthesis, a quote or a colon, a value at a space, a
// parenthesis or a quote. Spaces after the colon are ignored. Outside phrases the full-width
// forms ：（）“”＂－＞＜＝≥≤ and the ideographic space are read as their ASCII equivalents,
// because a Chinese keyboard produces them. Fields and values have Chinese names, too: see
// FieldName.Chinese and FieldName.Values.
//
// Words and phrases search the page's title and text (see Tokens), and the plain form of
// disguised evidence. A word that is a URL, a host's name, a @handle or a long number also
// finds the findings of that address or indicator: see parser.pasted. In quotes it is only text.
//
// Values are checked: a category must be on the closed list, a level must be one of the names,
// score must be between 0 and 100, hidden must be true or false. seen and new accept
// 2026-11-01 (the whole day), 2026/11/1, 2026年11月1日, an RFC 3339 time, today,
// yesterday, 本周, 7d (that day a week ago), 12h (that moment), 7天 (since that day).
// A list becomes the equivalent OR and a range the equivalent AND; a range of days is one Period.
func (s Parser) Parse(query string) (Node, error) { return s.parse(&parser{text: []rune(query)}) }

func (s Parser) parse(p *parser) (Node, error) {
	zone := s.Zone
	if zone == nil {
		zone = DefaultZone()
	}
	p.now, p.canonical, p.me, p.today = s.Now.In(zone), s.Canonical, s.Me, s.Today
	if len(p.text) > MaxQueryLength {
		return nil, p.errorf(MaxQueryLength, TooLong, MaxQueryLength)
	}
	p.skipSpace()
	if p.atEnd() {
		return nil, nil
	}
	n, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if !p.atEnd() { // it stopped at a parenthesis that it did not open
		return nil, p.errorf(p.pos, ClosesNothing)
	}
	return n, p.checkSize(n)
}

// checkSize applies the limits of a query to the tree: lists, relative dates and precedence make its
// canonical form longer and deeper than what was typed, and links contain that form.
func (p *parser) checkSize(n Node) error {
	leaves, depth := size(n)
	switch {
	case leaves > MaxClauses:
		return p.errorf(0, TooMany, MaxClauses)
	case depth > MaxDepth:
		return p.errorf(0, TooDeep, MaxDepth)
	case utf8.RuneCountInString(n.String()) > MaxQueryLength:
		return p.errorf(0, TooLong, MaxQueryLength)
	}
	return nil
}

// size counts a tree's words and comparisons, and the nested parentheses and negations of its canonical
// form.
func size(n Node) (leaves, depth int) {
	parts := inner(n)
	if parts == nil {
		return 1, 0
	}
	for _, m := range parts {
		l, d := size(m)
		switch m.(type) {
		case And, Or:
			d++
		}
		leaves, depth = leaves+l, max(depth, d)
	}
	if _, ok := n.(Not); ok {
		depth++
	}
	return leaves, depth
}

type parser struct {
	text      []rune
	pos       int
	clauses   int
	now       time.Time
	canonical func(string) (string, error)
	me        string
	today     func(string) string
	// loose also reads lower-case and Chinese operators, and records them in loosened: see Suggest.
	loose    bool
	loosened []string
}

func (p *parser) errorf(pos int, kind Mistake, args ...any) error {
	return &SyntaxError{Query: string(p.text), Column: pos + 1, Mistake: kind, Args: args}
}

func (p *parser) atEnd() bool { return p.pos >= len(p.text) }

// peek returns the rune at pos, or its ASCII equivalent; 0 at the end.
func (p *parser) peek() rune {
	if p.atEnd() {
		return 0
	}
	return ascii(p.text[p.pos])
}

func (p *parser) skipSpace() {
	for !p.atEnd() && unicode.IsSpace(p.text[p.pos]) {
		p.pos++
	}
}

// keyword consumes one of AND, OR, NOT if it comes next as a word.
func (p *parser) keyword(word string) bool {
	end := p.pos + utf8.RuneCountInString(word)
	if end > len(p.text) || string(p.text[p.pos:end]) != word {
		return false
	}
	if end < len(p.text) && !endsValue(p.text[end]) {
		return false // part of a longer word, or a field of this name
	}
	p.pos = end
	return true
}

func (p *parser) or(depth int) (Node, error) {
	var nodes []Node
	for {
		n, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		if inner, ok := n.(Or); ok {
			nodes = append(nodes, inner.Nodes...)
		} else {
			nodes = append(nodes, n)
		}
		if !p.keyword("OR") && !p.looseKeyword("or", "或", "或者") {
			break
		}
	}
	if len(nodes) == 1 {
		return nodes[0], nil
	}
	return Or{nodes}, nil
}

func (p *parser) and(depth int) (Node, error) {
	var nodes []Node
	for {
		n, err := p.unary(depth)
		if err != nil {
			return nil, err
		}
		if inner, ok := n.(And); ok {
			nodes = append(nodes, inner.Nodes...)
		} else {
			nodes = append(nodes, n)
		}
		p.skipSpace()
		if p.keyword("AND") || p.looseKeyword("and", "且", "并且") {
			continue
		}
		start := p.pos
		if p.atEnd() || p.peek() == ')' {
			break
		}
		if p.keyword("OR") || p.looseKeyword("or", "或", "或者") {
			p.pos = start
			break
		}
	}
	if len(nodes) == 1 {
		return nodes[0], nil
	}
	return And{nodes}, nil
}

func (p *parser) unary(depth int) (Node, error) {
	p.skipSpace()
	start := p.pos
	if depth > MaxDepth {
		return nil, p.errorf(start, TooDeep, MaxDepth)
	}
	switch {
	case p.atEnd():
		return nil, p.errorf(start, Missing)
	case p.peek() == ')':
		return nil, p.errorf(start, MissingBefore)
	case p.keyword("AND"), p.keyword("OR"):
		return nil, p.errorf(start, LoneOperator, string(p.text[start:p.pos]))
	case p.keyword("NOT"), p.looseKeyword("not", "非"):
		return p.not(depth)
	case p.peek() == '-':
		p.pos++
		if p.atEnd() || unicode.IsSpace(p.text[p.pos]) {
			return nil, p.errorf(start, LoneMinus)
		}
		return p.not(depth)
	case p.peek() == '(':
		return p.group(depth)
	}
	if p.clauses++; p.clauses > MaxClauses {
		return nil, p.errorf(start, TooMany, MaxClauses)
	}
	if p.peek() == '"' {
		text, err := p.quoted()
		if err != nil {
			return nil, err
		}
		return p.phrase(start, text)
	}
	return p.wordOrField()
}

func (p *parser) not(depth int) (Node, error) {
	n, err := p.unary(depth + 1)
	if err != nil {
		return nil, err
	}
	return Not{n}, nil
}

func (p *parser) group(depth int) (Node, error) {
	start := p.pos
	p.pos++
	n, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.peek() != ')' {
		return nil, p.errorf(start, OpenParenthesis)
	}
	p.pos++
	return n, nil
}

// quoted reads a phrase in quotes. One that begins with an ASCII quote ends with one, so that it may
// contain Chinese quotes; one that begins with a Chinese quote ends at any quote.
func (p *parser) quoted() (string, error) {
	start := p.pos
	plain := p.text[p.pos] == '"'
	var b strings.Builder
	for p.pos++; !p.atEnd(); p.pos++ {
		r := p.text[p.pos]
		switch {
		case r == '"', !plain && ascii(r) == '"':
			p.pos++
			return b.String(), nil
		case r == '\\' && p.pos+1 < len(p.text) && (p.text[p.pos+1] == '"' || p.text[p.pos+1] == '\\'):
			p.pos++
			r = p.text[p.pos]
		}
		b.WriteRune(r)
	}
	return "", p.errorf(start, OpenQuote)
}

// phrase rejects a text with nothing to search for.
func (p *parser) phrase(start int, text string) (Node, error) {
	if !isSearchable(text) {
		return nil, p.errorf(start, NoWord, quote(text))
	}
	return Phrase{text}, nil
}

func isSearchable(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { k := kindOf(r); return k == kindLetter || k == kindSingle })
}

func (p *parser) wordOrField() (Node, error) {
	if n := p.pastedURL(); n != nil {
		return n, nil
	}
	if n := p.grouped(); n != nil {
		return n, nil
	}
	start := p.pos
	word := p.read(endsWord)
	if p.peek() == ':' {
		p.pos++
		return p.field(start, word)
	}
	if n := p.pasted(word); n != nil {
		return n, nil
	}
	return p.phrase(start, word)
}

// read returns the text before the first rune for which end is true, with full-width forms replaced by
// their ASCII equivalents.
func (p *parser) read(end func(rune) bool) string {
	var b strings.Builder
	for ; !p.atEnd() && !end(p.text[p.pos]); p.pos++ {
		b.WriteRune(ascii(p.text[p.pos]))
	}
	return b.String()
}

// endsWord says whether a bare word ends before r.
func endsWord(r rune) bool { return endsValue(r) || ascii(r) == ':' }

// endsValue says whether a value, which may contain a colon, ends before r.
func endsValue(r rune) bool {
	switch ascii(r) {
	case '(', ')', '"':
		return true
	}
	return unicode.IsSpace(r)
}

// isComma says whether r separates the values of a list.
func isComma(r rune) bool { return r == ',' || r == '，' || r == '、' }

func isKeyword(word string) bool { return word == "AND" || word == "OR" || word == "NOT" }

// ascii returns the ASCII equivalent of full-width forms that have a meaning in a query. ≥ and ≤ stay as
// they are: see parser.op.
func ascii(r rune) rune {
	switch r {
	case '：':
		return ':'
	case '（':
		return '('
	case '）':
		return ')'
	case '“', '”', '„', '＂':
		return '"'
	case '－':
		return '-'
	case '＞':
		return '>'
	case '＜':
		return '<'
	case '＝':
		return '='
	}
	return r
}
