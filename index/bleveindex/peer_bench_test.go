package bleveindex

import (
	"sync/atomic"
	"testing"

	bleveapi "github.com/blevesearch/bleve_index_api"

	"github.com/qianshao/qianshao"
)

// peer is the same index in the form that bleve's own phrase search reads: a location for each position of
// a token.
type peer struct{ *Index }

func (p peer) put(b testing.TB, records ...qianshao.FindingRecord) {
	b.Helper()
	batch := p.bleve.NewBatch()
	for i := range records {
		doc := must(p.document(&records[i], new(atomic.Bool)))(b)
		for j, f := range doc.Fields {
			if text, ok := f.(*textField); ok {
				doc.Fields[j] = &located{text}
			}
		}
		if err := batch.IndexAdvanced(doc); err != nil {
			b.Fatal(err)
		}
	}
	if err := p.bleve.Batch(batch); err != nil {
		b.Fatal(err)
	}
}

type located struct{ *textField }

func (f *located) Analyze() {
	f.textField.Analyze()
	for _, token := range f.frequencies {
		places := token.Locations[0].ArrayPositions
		token.Locations = nil
		for _, at := range places {
			token.Locations = append(token.Locations, &bleveapi.TokenLocation{Position: int(at) + 1})
		}
		token.SetFrequency(len(places))
	}
}
