package bleveindex

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// clause is a part of a query, translated once for all segments.
type clause struct {
	// cost sorts the clauses of an And, cheapest first.
	cost cost
	// match returns those of the documents within that match. It must not change the bitmaps that it is
	// given.
	match func(ctx context.Context, p *part, within *roaring.Bitmap) (*roaring.Bitmap, error)
}

// cost is what a clause has to read.
type cost int

const (
	readsTerms  cost = iota // lists of documents
	readsColumn             // a value of each document
	readsPlaces             // positions of tokens in each document
)

// clause translates a query tree.
func (x *Index) clause(n index.Node) (clause, error) {
	switch n := n.(type) {
	case nil:
		return everything(), nil
	case index.And:
		list, err := x.clauses(n.Nodes)
		return all(list), err
	case index.Or:
		list, err := x.clauses(n.Nodes)
		return either(list), err
	case index.Not:
		c, err := x.clause(n.Node)
		return not(c), err
	case index.Phrase:
		return x.phrase(fieldText, n.Text), nil
	case index.Field:
		return x.field(n)
	}
	return clause{}, fmt.Errorf("unknown node %T in the query", n)
}

func (x *Index) clauses(nodes []index.Node) (list []clause, err error) {
	for _, n := range nodes {
		c, err := x.clause(n)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func everything() clause {
	return clause{match: func(_ context.Context, _ *part, within *roaring.Bitmap) (*roaring.Bitmap, error) { return within, nil }}
}

// all narrows the documents down clause by clause.
func all(list []clause) clause {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b clause) int { return int(a.cost - b.cost) })
	return clause{cost: dearest(list), match: func(ctx context.Context, p *part, within *roaring.Bitmap) (_ *roaring.Bitmap, err error) {
		for _, c := range list {
			if within.IsEmpty() {
				break
			}
			if within, err = c.match(ctx, p, within); err != nil {
				return nil, err
			}
		}
		return within, nil
	}}
}

// either searches, with each clause, only documents that no earlier clause has matched.
func either(list []clause) clause {
	return clause{cost: dearest(list), match: func(ctx context.Context, p *part, within *roaring.Bitmap) (*roaring.Bitmap, error) {
		rest := within
		for _, c := range list {
			found, err := c.match(ctx, p, rest)
			if err != nil {
				return nil, err
			}
			rest = roaring.AndNot(rest, found)
		}
		return roaring.AndNot(within, rest), nil
	}}
}

func not(c clause) clause {
	return clause{cost: c.cost, match: func(ctx context.Context, p *part, within *roaring.Bitmap) (*roaring.Bitmap, error) {
		found, err := c.match(ctx, p, within)
		if err != nil {
			return nil, err
		}
		return roaring.AndNot(within, found), nil
	}}
}

func dearest(list []clause) (most cost) {
	for _, c := range list {
		most = max(most, c.cost)
	}
	return most
}

// anyOf finds the documents in which the field has one of the values.
func anyOf(field string, values ...string) clause {
	return clause{match: func(_ context.Context, p *part, within *roaring.Bitmap) (*roaring.Bitmap, error) {
		found := roaring.New()
		for _, v := range values {
			docs, err := p.withTerm(field, v)
			if err != nil {
				return nil, err
			}
			if len(values) == 1 {
				return roaring.And(within, docs), nil
			}
			found.Or(docs)
		}
		return roaring.And(within, found), nil
	}}
}

func prefix(field, value string) clause {
	return clause{cost: readsColumn, match: func(_ context.Context, p *part, within *roaring.Bitmap) (*roaring.Bitmap, error) {
		docs, err := p.withPrefix(field, value)
		if err != nil {
			return nil, err
		}
		return roaring.And(within, docs), nil
	}}
}

func (x *Index) field(f index.Field) (clause, error) {
	if f.Name.IsIndicator() {
		return anyOf(fieldIndicator, f.IndicatorKeys()...), nil
	}
	switch v := f.Value.(type) {
	case index.Text:
		return x.text(f.Name, string(v)), nil
	case index.Flag:
		return anyOf(string(f.Name), v.String()), nil
	case index.Rank:
		return anyOf(fieldLevel, index.Levels(f.Op, qianshao.Level(v))...), nil
	case index.Number:
		return scores(f.Op, int(v)), nil
	case index.Period:
		return period(string(f.Name), f.Op, v), nil
	case index.Age:
		op, first := v.FirstSeen(f.Op)
		return period(fieldNew, op, first), nil
	}
	return clause{}, fmt.Errorf("unknown value %T of field %s in the query", f.Value, f.Name)
}

func (x *Index) text(name index.FieldName, v string) clause {
	switch name {
	case index.FieldTitle:
		return x.phrase(fieldTitle, v)
	case index.FieldURL:
		return prefix(fieldURL, v)
	case index.FieldVerdict:
		if v == string(qianshao.AnswerNone) {
			return not(anyOf(fieldVerdict, decided()...))
		}
	case index.FieldHost:
		if parent, ok := strings.CutPrefix(v, "*."); ok {
			return anyOf(fieldSubdomainOf, parent)
		}
	}
	return anyOf(string(name), v)
}

// decided are the verdicts that documents have as terms.
func decided() (list []string) {
	for _, a := range qianshao.Answers() {
		if a != qianshao.AnswerNone {
			list = append(list, string(a))
		}
	}
	return list
}

// scores finds the scores for which op holds: at most 101 terms.
func scores(op index.Op, score int) clause {
	var keys []string
	for n := 0; n <= qianshao.MaxScore; n++ {
		if op.Holds(n - score) {
			keys = append(keys, scoreKey(n))
		}
	}
	return anyOf(fieldScore, keys...)
}

// period compares times; in all cases from is inclusive and until exclusive.
func period(field string, op index.Op, p index.Period) clause {
	from, until := p.Bounds(op)
	return clause{cost: readsColumn, match: func(_ context.Context, p *part, within *roaring.Bitmap) (*roaring.Bitmap, error) {
		times, err := p.times(field)
		if err != nil {
			return nil, err
		}
		docs := within.ToArray()
		docs = slices.DeleteFunc(docs, func(doc uint32) bool { return times[doc] < from || times[doc] >= until })
		return roaring.BitmapOf(docs...), nil
	}}
}
