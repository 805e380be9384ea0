package bleveindex

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	segmentapi "github.com/blevesearch/scorch_segment_api/v2"

	"github.com/qianshao/qianshao/index"
)

// phrase finds documents with the text's tokens at the same distances.
//
// Bleve's own phrase searcher compares every position of one token with every position of the next. With
// one token per character, a page with the same character 300,000 times would take it 10^11 steps; this one
// merges sorted lists.
func (x *Index) phrase(field, text string) clause {
	tokens, positions := index.PhraseTokens(text, x.fold)
	if len(tokens) < 2 { // no token if folding removed everything
		return anyOf(field, tokens...)
	}
	return clause{cost: readsPlaces, match: func(ctx context.Context, p *part, within *roaring.Bitmap) (*roaring.Bitmap, error) {
		words, candidates, err := p.words(field, tokens, positions, within)
		if err != nil {
			return nil, err
		}
		found := roaring.New()
		for docs := candidates.Iterator(); docs.HasNext(); {
			doc := docs.Next()
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			ok, err := words.standIn(doc)
			if err != nil {
				return nil, err
			}
			if ok {
				found.Add(doc)
			}
		}
		return found, nil
	}}
}

// words are the tokens of a phrase, rarest first, so that most documents are decided by the positions of a
// few.
type words struct {
	list   []word
	starts []uint64 // positions where the phrase may begin; reused
}

// word is a token of a phrase: its position in the phrase, and its positions in documents.
type word struct {
	offset uint64
	places *placeReader // shared by all words that are the same token
}

// words looks up a phrase's tokens in a segment, and returns those of the documents within that have all of
// them.
func (p *part) words(field string, tokens []string, positions []int, within *roaring.Bitmap) (*words, *roaring.Bitmap, error) {
	dict, err := p.dictionary(field)
	if err != nil {
		return nil, nil, err
	}
	w, readers := &words{}, map[string]*placeReader{}
	for i, token := range tokens {
		r := readers[token]
		if r == nil {
			list, err := dict.PostingsList([]byte(token), nil, nil)
			if err != nil {
				return nil, nil, err
			}
			docs, err := docsOf(list)
			if err != nil {
				return nil, nil, err
			}
			if within = roaring.And(within, docs); within.IsEmpty() {
				return w, within, nil
			}
			r = &placeReader{count: list.Count(), list: list}
			readers[token] = r
		}
		w.list = append(w.list, word{uint64(positions[i]), r})
	}
	slices.SortStableFunc(w.list, func(a, b word) int { return cmp.Compare(a.places.count, b.places.count) })
	return w, within, nil
}

// standIn says whether the document, which has all words, has them in the right positions. Documents come
// in ascending order.
func (w *words) standIn(doc uint32) (bool, error) {
	w.starts = w.starts[:0]
	for i, word := range w.list {
		places, err := word.places.in(doc)
		if err != nil {
			return false, err
		}
		if i == 0 {
			for _, at := range places {
				if at >= word.offset {
					w.starts = append(w.starts, at-word.offset)
				}
			}
		} else {
			w.starts = keep(w.starts, places, word.offset)
		}
		if len(w.starts) == 0 {
			return false, nil
		}
	}
	return true, nil
}

// placeReader reads a token's positions in a document.
type placeReader struct {
	count    uint64 // of the documents that have the token
	list     segmentapi.PostingsList
	postings segmentapi.PostingsIterator
	doc      uint32   // the document of places
	places   []uint64 // valid until postings advances
}

// in reads the token's positions in a document, in ascending order.
func (r *placeReader) in(doc uint32) ([]uint64, error) {
	switch {
	case r.postings == nil:
		r.postings = r.list.Iterator(false, false, true, nil)
	case r.doc == doc:
		return r.places, nil
	}
	posting, err := r.postings.Advance(uint64(doc))
	if err != nil {
		return nil, err
	}
	if posting == nil || posting.Number() != uint64(doc) {
		return nil, errors.New("a token's postings end before its document")
	}
	list := posting.Locations()
	if len(list) != 1 {
		return nil, fmt.Errorf("a token has %d lists of places in a document", len(list))
	}
	r.doc, r.places = doc, list[0].ArrayPositions()
	return r.places, nil
}

// keep filters starts in place: it keeps those for which start+offset is in places. Both lists are
// ascending.
func keep(starts, places []uint64, offset uint64) []uint64 {
	kept, j := starts[:0], 0
	for _, start := range starts {
		for j < len(places) && places[j] < start+offset {
			j++
		}
		if j == len(places) {
			break
		}
		if places[j] == start+offset {
			kept = append(kept, start)
		}
	}
	return kept
}
