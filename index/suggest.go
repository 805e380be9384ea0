package index

import (
	"slices"

	"github.com/qianshao/qianshao/locales"
)

// Suggestion is another reading of a query, offered to the person who typed it.
type Suggestion struct {
	// Query is in canonical form.
	Query string `json:"query"`
	// English and Chinese say why.
	English string `json:"english"`
	Chinese string `json:"chinese"`
}

// Suggest returns what a query probably means: with or, and, not, 或, 且 and 非 between words as operators.
// Parse reads them as words, so that a search for "rock and roll" finds it. ok is false if there is nothing
// to suggest.
func (s Parser) Suggest(query string) (offer Suggestion, ok bool) {
	read, err := s.Parse(query)
	if err != nil || read == nil {
		return Suggestion{}, false
	}
	p := &parser{text: []rune(query), loose: true}
	meant, err := s.parse(p)
	if err != nil || len(p.loosened) == 0 || meant.String() == read.String() {
		return Suggestion{}, false
	}
	slices.Sort(p.loosened)
	why := locales.M("query.operators", locales.List(slices.Compact(p.loosened)))
	return Suggestion{Query: meant.String(), English: why.In(locales.English), Chinese: why.In(locales.Chinese)}, true
}

// looseKeyword consumes one of the words if it is a separate word before something to search for, and the
// parser reads loosely.
func (p *parser) looseKeyword(words ...string) bool {
	if !p.loose {
		return false
	}
	start := p.pos
	for _, word := range words {
		if p.keyword(word) && p.operandFollows() {
			p.loosened = append(p.loosened, word)
			return true
		}
		p.pos = start
	}
	return false
}

func (p *parser) operandFollows() bool {
	at := p.pos
	defer func() { p.pos = at }()
	p.skipSpace()
	return !p.atEnd() && p.peek() != ')' && !p.keyword("AND") && !p.keyword("OR")
}
