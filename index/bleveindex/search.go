package bleveindex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// allValues asks bleve for all values of a facet, where the newest are wanted
// and bleve would give the most frequent ones.
const allValues = 1 << 20

// Search returns one page of hits in the order that req names, with facets over all.
func (x *Index) Search(ctx context.Context, req index.Request) (index.Results, error) {
	if req.Offset < 0 || req.Limit < 0 || req.Limit > index.MaxWindow || req.Offset > index.MaxWindow-req.Limit {
		return index.Results{}, fmt.Errorf("searching: %w: offset %d and limit %d reach beyond %d: narrow the query",
			index.ErrWindow, req.Offset, req.Limit, index.MaxWindow)
	}
	if !req.Sort.Valid() {
		return index.Results{}, fmt.Errorf("searching: there is no order %q", req.Sort)
	}
	q, err := x.query(req.Query)
	if err != nil {
		return index.Results{}, fmt.Errorf("searching: %w", err)
	}
	if !req.Sight.All {
		q = query.NewConjunctionQuery([]query.Query{q, anyOf(fieldAuthorisation, req.Sight.Authorisations)})
	}
	start := time.Now()
	r := bleve.NewSearchRequestOptions(q, req.Limit, req.Offset, false)
	r.Score = bleve.ScoreNone
	r.SortBy(order(req.Sort))
	r.Fields = []string{fieldHit}
	for _, name := range []string{fieldCategory, fieldLevel, fieldState, fieldHost, fieldRule} {
		r.AddFacet(name, bleve.NewFacetRequest(name, index.FacetSize))
	}
	r.AddFacet(fieldDay, bleve.NewFacetRequest(fieldDay, allValues))
	var found *bleve.SearchResult
	err = guard("searching", func() (err error) {
		found, err = x.bleve.SearchInContext(ctx, r)
		return err
	})
	if err != nil {
		return index.Results{}, fmt.Errorf("searching: %w", err)
	}
	res, err := results(found)
	marker := index.NewMarker(req.Query, x.fold)
	for i := range res.Hits {
		res.Hits[i].Snippet = marker.Snippet(res.Hits[i].Title, res.Hits[i].Evidence)
	}
	res.Took = time.Since(start)
	return res, err
}

// order returns the fields to sort by, "-" for descending.
func order(s index.Sort) []string {
	latest := []string{"-" + fieldSeen, "_id"}
	switch s {
	case index.SortNew:
		return append([]string{"-" + fieldNew}, latest...)
	case index.SortScore:
		return append([]string{"-" + fieldScore}, latest...)
	}
	return latest
}

func results(found *bleve.SearchResult) (index.Results, error) {
	res := index.Results{Total: int(found.Total), Hits: make([]index.Hit, 0, len(found.Hits)), Facets: map[string][]index.FacetCount{}}
	for _, match := range found.Hits {
		text, _ := match.Fields[fieldHit].(string)
		var hit index.Hit
		if err := json.Unmarshal([]byte(text), &hit); err != nil {
			return index.Results{}, fmt.Errorf("searching: %w: the stored hit of %q: %w; %s", ErrCorrupt, match.ID, err, remedy)
		}
		res.Hits = append(res.Hits, hit)
	}
	for name, facet := range found.Facets {
		counts := []index.FacetCount{}
		for _, term := range facet.Terms.Terms() {
			counts = append(counts, index.FacetCount{Value: term.Term, Count: term.Count})
		}
		if name == fieldDay {
			slices.SortFunc(counts, func(a, b index.FacetCount) int { return strings.Compare(b.Value, a.Value) })
			counts = counts[:min(len(counts), index.FacetDays)]
		}
		res.Facets[name] = counts
	}
	return res, nil
}

// query translates a tree into bleve's queries.
func (x *Index) query(n index.Node) (query.Query, error) {
	switch n := n.(type) {
	case nil:
		return query.NewMatchAllQuery(), nil
	case index.And:
		return x.and(n.Nodes)
	case index.Or:
		qs, err := x.queries(n.Nodes)
		return query.NewDisjunctionQuery(qs), err
	case index.Not:
		return x.and([]index.Node{n})
	case index.Phrase:
		return x.phrase(fieldText, n.Text), nil
	case index.Field:
		return x.field(n)
	}
	return nil, fmt.Errorf("unknown node %T in the query", n)
}

func (x *Index) queries(nodes []index.Node) ([]query.Query, error) {
	qs := make([]query.Query, 0, len(nodes))
	for _, n := range nodes {
		q, err := x.query(n)
		if err != nil {
			return nil, err
		}
		qs = append(qs, q)
	}
	return qs, nil
}

// and subtracts the negated nodes from what the others find, or from everything.
func (x *Index) and(nodes []index.Node) (query.Query, error) {
	var with, without []index.Node
	for _, n := range nodes {
		if not, ok := n.(index.Not); ok {
			without = append(without, not.Node)
		} else {
			with = append(with, n)
		}
	}
	must, err := x.queries(with)
	if err != nil {
		return nil, err
	}
	if len(must) == 0 {
		must = []query.Query{query.NewMatchAllQuery()}
	}
	if len(without) == 0 {
		return query.NewConjunctionQuery(must), nil
	}
	mustNot, err := x.queries(without)
	return query.NewBooleanQuery(must, nil, mustNot), err
}

func (x *Index) phrase(field, text string) query.Query {
	tokens, positions := index.PhraseTokens(text, x.fold)
	switch len(tokens) {
	case 0: // folding left nothing
		return query.NewMatchNoneQuery()
	case 1:
		return term(field, tokens[0])
	}
	return &phraseQuery{field: field, tokens: tokens, positions: positions}
}

func term(field, value string) query.Query {
	q := query.NewTermQuery(value)
	q.SetField(field)
	return q
}

func (x *Index) field(f index.Field) (query.Query, error) {
	if f.Name.IsIndicator() {
		return anyOf(fieldIndicator, f.IndicatorKeys()), nil
	}
	switch v := f.Value.(type) {
	case index.Text:
		return x.text(f.Name, string(v))
	case index.Flag:
		return term(fieldHidden, v.String()), nil
	case index.Rank:
		return ranks(f.Op, qianshao.Level(v)), nil
	case index.Number:
		return scores(f.Op, int(v)), nil
	case index.Period:
		return period(string(f.Name), f.Op, v), nil
	}
	return nil, fmt.Errorf("unknown value %T of field %s in the query", f.Value, f.Name)
}

func (x *Index) text(name index.FieldName, v string) (query.Query, error) {
	switch name {
	case index.FieldTitle:
		return x.phrase(fieldTitle, v), nil
	case index.FieldURL:
		q := query.NewPrefixQuery(v)
		q.SetField(fieldURL)
		return q, nil
	case index.FieldHost:
		if parent, ok := strings.CutPrefix(v, "*."); ok {
			return term(fieldSubdomainOf, parent), nil
		}
	}
	return term(string(name), v), nil
}

// ranks finds the levels that compare to level as op says: at most six terms.
func ranks(op index.Op, level qianshao.Level) query.Query {
	var names []string
	for l := qianshao.LevelNone; l <= qianshao.LevelCritical; l++ {
		if op.Holds(int(l) - int(level)) {
			names = append(names, l.String())
		}
	}
	return anyOf(fieldLevel, names)
}

// anyOf finds the documents in which the field has one of the values.
func anyOf(field string, values []string) query.Query {
	if len(values) == 0 {
		return query.NewMatchNoneQuery()
	}
	qs := make([]query.Query, 0, len(values))
	for _, v := range values {
		qs = append(qs, term(field, v))
	}
	return query.NewDisjunctionQuery(qs)
}

func scores(op index.Op, score int) query.Query {
	yes, key := true, scoreKey(score)
	var q *query.TermRangeQuery
	switch op {
	case index.Less:
		q = query.NewTermRangeInclusiveQuery("", key, &yes, new(bool))
	case index.LessEqual:
		q = query.NewTermRangeInclusiveQuery("", key, &yes, &yes)
	case index.Greater:
		q = query.NewTermRangeInclusiveQuery(key, "", new(bool), &yes)
	case index.GreaterEqual:
		q = query.NewTermRangeInclusiveQuery(key, "", &yes, &yes)
	default:
		return term(fieldScore, key)
	}
	q.SetField(fieldScore)
	return q
}

// period compares times; from is inclusive and until exclusive throughout.
func period(field string, op index.Op, p index.Period) query.Query {
	from, until := float64(p.From.UnixMilli()), float64(p.Until.UnixMilli())
	yes, no := true, false
	var lower, upper *float64
	switch op {
	case index.Equal:
		lower, upper = &from, &until
	case index.Less:
		upper = &from
	case index.LessEqual:
		upper = &until
	case index.Greater:
		lower = &until
	case index.GreaterEqual:
		lower = &from
	}
	q := query.NewNumericRangeInclusiveQuery(lower, upper, &yes, &no)
	q.SetField(field)
	return q
}

// ids returns all ids in ascending order; a million take 32 MB.
func (x *Index) ids(ctx context.Context) (ids []string, err error) {
	reader, err := x.raw.Reader()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	all, err := reader.DocIDReaderAll()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, all.Close()) }()
	for {
		internal, err := all.Next()
		if err != nil {
			return nil, err
		}
		if internal == nil {
			break
		}
		id, err := reader.ExternalID(internal)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
		if len(ids)%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	slices.Sort(ids)
	return ids, nil
}

var _ search.Searcher = (*phraseSearcher)(nil)
