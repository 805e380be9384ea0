package review

import (
	"context"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/index"
)

// maxHits bounds the findings whose campaigns are looked up if the index has to be asked: the
// counters know neither words nor hosts. If there are more hits, only those with the highest scores
// are used, and the page says so.
const maxHits = 1000

// narrow restricts a list to a query. It returns how many findings the index has for the query, or
// 0 if the index was not needed.
func (v *Review) narrow(ctx context.Context, query index.Node, q *campaign.Query) (hits int, err error) {
	if counted(query, q) {
		return 0, nil
	}
	results, err := v.opts.Index.Search(ctx, index.Request{Query: query, Sight: q.Sight, Sort: index.SortScore, Limit: maxHits, NoFacets: true})
	q.Findings = make([]string, 0, len(results.Hits))
	for i := range results.Hits {
		q.Findings = append(q.Findings, results.Hits[i].ID)
	}
	return results.Total, err
}

// counted puts those parts of a query into q that the counters know, and says whether that is all
// of it.
func counted(query index.Node, q *campaign.Query) bool {
	nodes := []index.Node{query}
	switch n := query.(type) {
	case nil:
		return true
	case index.And:
		nodes = n.Nodes
	}
	all := true
	for _, node := range nodes {
		f, ok := node.(index.Field)
		all = ok && countedField(f, q) && all
	}
	return all
}

func countedField(f index.Field, q *campaign.Query) bool {
	text, _ := f.Value.(index.Text)
	rank, _ := f.Value.(index.Rank)
	switch {
	case f.Name == index.FieldCategory && f.Op == index.Equal && (q.Category == "" || string(q.Category) == string(text)):
		q.Category = qianshao.Category(text)
	case f.Name == index.FieldAuthorisation && f.Op == index.Equal && (q.Authorisation == "" || q.Authorisation == string(text)):
		q.Authorisation = string(text)
	case f.Name == index.FieldLevel && (f.Op == index.GreaterEqual || f.Op == index.Equal && qianshao.Level(rank) == qianshao.LevelCritical):
		q.Level = max(q.Level, qianshao.Level(rank))
	default:
		return false
	}
	return true
}
