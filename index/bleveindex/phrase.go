package bleveindex

import (
	"context"
	"errors"

	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/searcher"
	bleveapi "github.com/blevesearch/bleve_index_api"
)

// phraseQuery finds documents that have tokens at the given distances.
//
// bleve's own phrase searcher compares every place of one token with every
// place of the next. With a token a character, a page of 300,000 times the same
// one would take it 10^11 steps; this one merges sorted lists.
type phraseQuery struct {
	field     string
	tokens    []string
	positions []int // of each token, from 0, ascending
}

// Searcher implements query.Query.
func (q *phraseQuery) Searcher(ctx context.Context, r bleveapi.IndexReader, _ mapping.IndexMapping, options search.SearcherOptions) (search.Searcher, error) {
	s := &phraseSearcher{ctx: ctx, query: q, readers: map[string]*placeReader{}}
	if err := s.open(ctx, r, options); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *phraseSearcher) open(ctx context.Context, r bleveapi.IndexReader, options search.SearcherOptions) error {
	options.IncludeTermVectors = false // for the candidates; scorch then intersects bitmaps
	var terms []search.Searcher
	for _, token := range s.query.tokens {
		if s.readers[token] != nil {
			continue
		}
		tr, err := r.TermFieldReader(ctx, []byte(token), s.query.field, false, false, true)
		if err != nil {
			return errors.Join(err, closeAll(terms))
		}
		s.readers[token] = &placeReader{reader: tr}
		ts, err := searcher.NewTermSearcher(ctx, r, token, s.query.field, 1, options)
		if err != nil {
			return errors.Join(err, closeAll(terms))
		}
		terms = append(terms, ts)
	}
	var err error
	if s.candidates, err = searcher.NewConjunctionSearcher(ctx, r, terms, options); err != nil {
		return errors.Join(err, closeAll(terms))
	}
	return nil
}

func closeAll(list []search.Searcher) error {
	var errs []error
	for _, s := range list {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// phraseSearcher yields those of the documents with all tokens that have them
// in the right places.
type phraseSearcher struct {
	ctx        context.Context // of this one search
	query      *phraseQuery
	candidates search.Searcher
	readers    map[string]*placeReader
	starts     []uint64 // places where the phrase may begin; reused
}

// placeReader reads a token's places in a document.
type placeReader struct {
	reader bleveapi.TermFieldReader
	doc    *bleveapi.TermFieldDoc
	places []uint64
}

// load reads the token's places in the document id, in ascending order.
// Documents mostly come in ascending order, but bleve's searchers of nested
// AND, OR and NOT step back at times; the reader then begins anew.
func (p *placeReader) load(id bleveapi.IndexInternalID) error {
	if p.doc == nil || !p.doc.ID.Equals(id) {
		doc, err := p.reader.Advance(id, p.doc)
		if err != nil {
			return err
		}
		p.doc = doc
	}
	p.places = p.places[:0]
	if p.doc == nil || !p.doc.ID.Equals(id) {
		return errors.New("a token's postings end before its document")
	}
	for _, v := range p.doc.Vectors {
		p.places = append(p.places, v.Pos)
	}
	return nil
}

// holds says whether the document has the phrase.
func (s *phraseSearcher) holds(id bleveapi.IndexInternalID) (bool, error) {
	if err := s.ctx.Err(); err != nil {
		return false, err
	}
	for _, r := range s.readers {
		if err := r.load(id); err != nil {
			return false, err
		}
	}
	s.starts = append(s.starts[:0], s.readers[s.query.tokens[0]].places...)
	for i, token := range s.query.tokens[1:] {
		s.starts = keep(s.starts, s.readers[token].places, uint64(s.query.positions[i+1]))
		if len(s.starts) == 0 {
			return false, nil
		}
	}
	return true, nil
}

// keep returns, in the same array, the starts for which start+offset is one of
// places. Both lists ascend.
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

func (s *phraseSearcher) Next(ctx *search.SearchContext) (*search.DocumentMatch, error) {
	return s.first(ctx, s.candidates.Next)
}

func (s *phraseSearcher) Advance(ctx *search.SearchContext, id bleveapi.IndexInternalID) (*search.DocumentMatch, error) {
	return s.first(ctx, func(ctx *search.SearchContext) (*search.DocumentMatch, error) {
		return s.candidates.Advance(ctx, id)
	})
}

// first returns the candidate that get gives, or the next after it with the phrase.
func (s *phraseSearcher) first(ctx *search.SearchContext, get func(*search.SearchContext) (*search.DocumentMatch, error)) (*search.DocumentMatch, error) {
	match, err := get(ctx)
	for match != nil && err == nil {
		ok, err := s.holds(match.IndexInternalID)
		if err != nil {
			return nil, err
		}
		if ok {
			return match, nil
		}
		ctx.DocumentMatchPool.Put(match)
		match, err = s.candidates.Next(ctx)
		if err != nil {
			return nil, err
		}
	}
	return nil, err
}

func (s *phraseSearcher) Close() error {
	var errs []error
	if s.candidates != nil {
		errs = append(errs, s.candidates.Close())
	}
	for _, r := range s.readers {
		errs = append(errs, r.reader.Close())
	}
	return errors.Join(errs...)
}

func (s *phraseSearcher) Weight() float64            { return s.candidates.Weight() }
func (s *phraseSearcher) SetQueryNorm(q float64)     { s.candidates.SetQueryNorm(q) }
func (s *phraseSearcher) Count() uint64              { return s.candidates.Count() }
func (s *phraseSearcher) Min() int                   { return 0 }
func (s *phraseSearcher) Size() int                  { return s.candidates.Size() }
func (s *phraseSearcher) DocumentMatchPoolSize() int { return s.candidates.DocumentMatchPoolSize() + 1 }
