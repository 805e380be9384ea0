package opensearchindex

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// maxTerms is how many values the cluster accepts in one clause.
const maxTerms = 1 << 16

// clause translates a query tree. Values are only ever passed as values, never in a syntax that the cluster
// would interpret.
func (x *Index) clause(n index.Node) (object, error) {
	switch n := n.(type) {
	case nil:
		return object{"match_all": object{}}, nil
	case index.And:
		list, err := x.clauses(n.Nodes)
		return all(list...), err
	case index.Or:
		list, err := x.clauses(n.Nodes)
		return either(list...), err
	case index.Not:
		c, err := x.clause(n.Node)
		return not(c), err
	case index.Phrase:
		return x.phrase("text", n.Text), nil
	case index.Field:
		return x.field(n)
	}
	return nil, fmt.Errorf("unknown node %T in the query", n)
}

func (x *Index) clauses(nodes []index.Node) (list []object, err error) {
	for _, n := range nodes {
		c, err := x.clause(n)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// Nothing is ranked, so all clauses are filters.
func all(list ...object) object { return object{"bool": object{"filter": list}} }

func either(list ...object) object {
	return object{"bool": object{"should": list, "minimum_should_match": 1}}
}

func not(c object) object { return object{"bool": object{"must_not": []object{c}}} }

// phrase finds the text's tokens at the same distances; nothing if folding removed all of them.
func (x *Index) phrase(field, text string) object {
	return object{"match_phrase": object{field: object{"query": encode(strings.ReplaceAll(text, "\n", " "), x.fold)}}}
}

// anyOf finds the documents with one of the values in the field; impossible values are left out.
func anyOf(field string, values ...string) object {
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !utf8.ValidString(v) })
	if len(values) <= maxTerms {
		return terms(field, values)
	}
	var list []object
	for part := range slices.Chunk(values, maxTerms) {
		list = append(list, terms(field, part))
	}
	return either(list...)
}

func terms(field string, values []string) object {
	if values == nil {
		values = []string{} // JSON's null would be an error there
	}
	return object{"terms": object{field: values}}
}

func (x *Index) field(f index.Field) (object, error) {
	if f.Name.IsIndicator() {
		return anyOf("indicator", f.IndicatorKeys()...), nil
	}
	switch v := f.Value.(type) {
	case index.Text:
		return x.text(f.Name, string(v)), nil
	case index.Flag:
		return object{"term": object{string(f.Name): bool(v)}}, nil
	case index.Rank:
		return anyOf("level", index.Levels(f.Op, qianshao.Level(v))...), nil
	case index.Number:
		return object{"range": object{"score": bounds(f.Op, int64(v), int64(v)+1)}}, nil
	case index.Period:
		return period(string(f.Name), f.Op, v), nil
	case index.Age:
		op, first := v.FirstSeen(f.Op)
		return period("new", op, first), nil
	}
	return nil, fmt.Errorf("unknown value %T of field %s in the query", f.Value, f.Name)
}

func (x *Index) text(name index.FieldName, v string) object {
	switch name {
	case index.FieldTitle:
		return x.phrase("title", v)
	case index.FieldURL:
		return object{"prefix": object{"url": v}}
	case index.FieldHost:
		if parent, ok := strings.CutPrefix(v, "*."); ok {
			return anyOf("subdomain_of", parent)
		}
	}
	return anyOf(string(name), v)
}

func period(field string, op index.Op, p index.Period) object {
	from, until := p.Bounds(op)
	limits := object{}
	if from > math.MinInt64 {
		limits["gte"] = from
	}
	if until < math.MaxInt64 {
		limits["lt"] = until
	}
	return object{"range": object{field: limits}}
}

// bounds compares a number with the range from from to before until.
func bounds(op index.Op, from, until int64) object {
	switch op {
	case index.Less:
		return object{"lt": from}
	case index.LessEqual:
		return object{"lt": until}
	case index.Greater:
		return object{"gte": until}
	case index.GreaterEqual:
		return object{"gte": from}
	}
	return object{"gte": from, "lt": until}
}

// asked is the query of a request, restricted to what the reader sees.
func (x *Index) asked(req *index.Request) (object, error) {
	query, err := x.clause(req.Query)
	if err != nil {
		return nil, err
	}
	list := []object{query}
	if !req.Sight.All {
		list = append(list, anyOf("authorisation", req.Sight.Authorisations...))
	}
	if req.IDs != nil {
		list = append(list, anyOf("id", req.IDs...))
	}
	return all(list...), nil
}

// firstField is the first field that an order compares, before the newest and the least id.
func firstField(order index.Sort) string {
	switch order {
	case index.SortNew:
		return "new"
	case index.SortScore:
		return "score"
	}
	return "seen"
}

// sorting is an order, or the same one reversed.
func sorting(order index.Sort, backward bool) []object {
	down, up := "desc", "asc"
	if backward {
		down, up = up, down
	}
	return []object{{firstField(order): down}, {"seen": down}, {"id": up}}
}

// inFront finds the documents before a place in an order, and optionally at it.
func inFront(order index.Sort, p *index.Place, withPlace bool) object {
	first := firstField(order)
	same := func(field string, v int64) object { return object{"term": object{field: v}} }
	above := func(field string, v int64) object { return object{"range": object{field: object{"gt": v}}} }
	before := "lt"
	if withPlace {
		before = "lte"
	}
	return either(
		above(first, p.First),
		all(same(first, p.First), above("seen", p.Seen)),
		all(same(first, p.First), same("seen", p.Seen), object{"range": object{"id": object{before: p.ID}}}),
	)
}
