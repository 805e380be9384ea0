package index

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of a query. They are far above what a person types, and bound what a
// hostile one can cost.
const (
	MaxQueryLength = 2000 // characters
	MaxDepth       = 20   // parentheses and negations inside of each other
	MaxClauses     = 100  // words, phrases and field comparisons
)

// Parse reads a query. The error is a *SyntaxError. An empty query is nil,
// which finds everything. now is what today and 7d count from.
//
//	query  = or
//	or     = and { "OR" and }
//	and    = unary { [ "AND" ] unary }             side by side means AND
//	unary  = ( "NOT" | "-" ) unary | "(" or ")" | phrase | field | word
//	field  = name ":" [ ">" | ">=" | "<" | "<=" | "=" ] ( value | phrase )
//	phrase = `"` text `"`                          \" and \\ stand for " and \
//
// Operators are upper case. A word ends at a space, a parenthesis, a quote or
// a colon, a value at a space, a parenthesis or a quote. Outside of phrases the
// full-width forms ：（）“”＂－＞＜＝≥≤ and the ideographic space are read as what
// they look like, because that is what a Chinese keyboard gives.
//
// Words and phrases search the page's title and text (see Tokens), and the plain
// form of disguised evidence. Values are checked: a category must be on the closed
// list, a level have its name, score lie between 0 and 100, hidden be true or
// false. seen and new take 2026-11-01 (the whole day in UTC), an RFC 3339 time,
// today, yesterday, 7d (that day a week ago) and 12h (that moment).
func Parse(query string, now time.Time) (Node, error) {
	if utf8.RuneCountInString(query) > MaxQueryLength {
		return nil, &SyntaxError{Query: query, Column: MaxQueryLength + 1,
			Message: fmt.Sprintf("the query is longer than %d characters: shorten it", MaxQueryLength)}
	}
	p := &parser{text: []rune(query), now: now}
	p.skipSpace()
	if p.atEnd() {
		return nil, nil
	}
	n, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if !p.atEnd() { // or stops at a parenthesis that it did not open
		return nil, p.errorf(p.pos, "this parenthesis closes nothing")
	}
	return n, nil
}

type parser struct {
	text    []rune
	pos     int
	clauses int
	now     time.Time
}

func (p *parser) errorf(pos int, format string, args ...any) error {
	return &SyntaxError{Query: string(p.text), Column: pos + 1, Message: fmt.Sprintf(format, args...)}
}

func (p *parser) atEnd() bool { return p.pos >= len(p.text) }

// peek returns the rune at pos, as its ASCII twin if it has one; 0 at the end.
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
	end := p.pos + len(word)
	if end > len(p.text) || string(p.text[p.pos:end]) != word {
		return false
	}
	if end < len(p.text) && !endsValue(p.text[end]) {
		return false // a longer word, or a field of this name
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
		if !p.keyword("OR") {
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
		if p.keyword("AND") {
			continue
		}
		start := p.pos
		if p.atEnd() || p.peek() == ')' {
			break
		}
		if p.keyword("OR") {
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
		return nil, p.errorf(start, "more than %d parentheses or negations inside of each other", MaxDepth)
	}
	switch {
	case p.atEnd():
		return nil, p.errorf(start, "something to search for is missing here")
	case p.peek() == ')':
		return nil, p.errorf(start, "something to search for is missing before this parenthesis")
	case p.keyword("AND"), p.keyword("OR"):
		return nil, p.errorf(start, "%s needs something to search for on both sides; to search for the word itself, put it in quotes", string(p.text[start:p.pos]))
	case p.keyword("NOT"):
		return p.not(depth)
	case p.peek() == '-':
		p.pos++
		if p.atEnd() || unicode.IsSpace(p.text[p.pos]) {
			return nil, p.errorf(start, "this minus stands alone: write -x to leave out x")
		}
		return p.not(depth)
	case p.peek() == '(':
		return p.group(depth)
	}
	if p.clauses++; p.clauses > MaxClauses {
		return nil, p.errorf(start, "more than %d words and comparisons: split the query", MaxClauses)
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
		return nil, p.errorf(start, "this parenthesis is not closed")
	}
	p.pos++
	return n, nil
}

// quoted reads a phrase in quotes. One that begins with an ASCII quote ends
// with one, so that it may contain Chinese quotes; one that begins with a
// Chinese quote ends at any.
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
	return "", p.errorf(start, "this quote is not closed")
}

// phrase rejects a text in which there is nothing to find.
func (p *parser) phrase(start int, text string) (Node, error) {
	if !isSearchable(text) {
		return nil, p.errorf(start, "%s has neither letter nor digit to search for", quote(text))
	}
	return Phrase{text}, nil
}

func isSearchable(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { k := kindOf(r); return k == kindLetter || k == kindSingle })
}

func (p *parser) wordOrField() (Node, error) {
	start := p.pos
	word := p.read(endsWord)
	if p.peek() == ':' {
		p.pos++
		return p.field(start, FieldName(strings.ToLower(word)))
	}
	return p.phrase(start, word)
}

// read returns the text before the first rune for which end is true, with
// full-width forms as their ASCII twins.
func (p *parser) read(end func(rune) bool) string {
	var b strings.Builder
	for ; !p.atEnd() && !end(p.text[p.pos]); p.pos++ {
		b.WriteRune(ascii(p.text[p.pos]))
	}
	return b.String()
}

// endsWord says whether a bare word ends before r.
func endsWord(r rune) bool { return endsValue(r) || ascii(r) == ':' }

// endsValue says whether a value, in which a colon may stand, ends before r.
func endsValue(r rune) bool {
	switch ascii(r) {
	case '(', ')', '"':
		return true
	}
	return unicode.IsSpace(r)
}

func isKeyword(word string) bool { return word == "AND" || word == "OR" || word == "NOT" }

// ascii returns the ASCII twin of the full-width forms that have a meaning in
// a query. ≥ and ≤ stand for themselves: see parser.op.
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
