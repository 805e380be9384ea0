package bleveindex

import (
	"sync/atomic"

	"github.com/blevesearch/bleve/v2/document"
	bleveapi "github.com/blevesearch/bleve_index_api"

	"github.com/qianshao/qianshao/index"
)

// textField is a text split into index.Tokens. Bleve's own field would create an object for each token
// before counting them, which took a third of the time of indexing.
type textField struct {
	name   string
	text   string
	fold   func(string) string
	failed *atomic.Bool // fold has panicked

	frequencies bleveapi.TokenFrequencies
}

var _ document.Field = (*textField)(nil)

const textOptions = bleveapi.IndexField | bleveapi.IncludeTermVectors

// Analyze splits the text. Nothing uses the byte offsets of tokens. It runs in a goroutine of bleve's,
// where a panic of fold over a hostile page would end the process.
func (f *textField) Analyze() {
	defer func() {
		if recover() != nil {
			f.failed.Store(true)
		}
	}()
	f.cut()
}

// cut counts the tokens first, so that the positions of all of them are in one piece of memory.
//
// In bleve a location is one position as five numbers, and each costs time, memory and disk space. Here a
// token has one location, whose array positions are all its positions.
func (f *textField) cut() {
	const guess = 4 // bytes per token
	type token struct {
		term     *bleveapi.TokenFreq
		position uint64
	}
	tokens := make([]token, 0, len(f.text)/guess)
	frequencies := make(bleveapi.TokenFrequencies, cap(tokens)/guess)
	var terms []bleveapi.TokenFreq
	index.Tokens(f.text, f.fold, func(t string, position int) {
		term := frequencies[t]
		if term == nil {
			if len(terms) == 0 {
				terms = make([]bleveapi.TokenFreq, 64)
			}
			term, terms = &terms[0], terms[1:]
			frequencies[t] = term
		}
		term.SetFrequency(term.Frequency() + 1)
		tokens = append(tokens, token{term, uint64(position)})
	})
	n := len(frequencies)
	places, locations, pointers := make([]uint64, len(tokens)), make([]bleveapi.TokenLocation, n), make([]*bleveapi.TokenLocation, n)
	for _, t := range tokens {
		if t.term.Locations == nil {
			n := t.term.Frequency()
			locations[0].ArrayPositions, places = places[:0:n], places[n:]
			pointers[0] = &locations[0]
			t.term.Locations = pointers[:1]
			t.term.SetFrequency(1) // the number of its locations
			locations, pointers = locations[1:], pointers[1:]
		}
		list := &t.term.Locations[0].ArrayPositions
		*list = append(*list, t.position)
	}
	f.frequencies = frequencies
}

// Name and the rest implement document.Field.
func (f *textField) Name() string                                        { return f.name }
func (f *textField) ArrayPositions() []uint64                            { return nil }
func (f *textField) Options() bleveapi.FieldIndexingOptions              { return textOptions }
func (f *textField) Value() []byte                                       { return nil } // it is not stored
func (f *textField) NumPlainTextBytes() uint64                           { return uint64(len(f.text)) }
func (f *textField) Size() int                                           { return len(f.text) }
func (f *textField) EncodedFieldType() byte                              { return 't' }
func (f *textField) AnalyzedLength() int                                 { return 0 } // it is not used for ranking
func (f *textField) AnalyzedTokenFrequencies() bleveapi.TokenFrequencies { return f.frequencies }
