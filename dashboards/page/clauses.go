package page

import (
	"slices"
	"strings"

	"github.com/qianshao/qianshao/index"
)

// Clauses returns the parts of a query that AND joins at its top, each as a
// query by itself in canonical form. Joined by spaces they are the query again.
func Clauses(query index.Node) []string {
	switch n := query.(type) {
	case nil:
		return nil
	case index.And:
		parts := make([]string, len(n.Nodes))
		for i, node := range n.Nodes {
			parts[i] = clauseText(node)
		}
		return parts
	}
	return []string{query.String()}
}

func clauseText(n index.Node) string {
	if _, isOr := n.(index.Or); isOr {
		return "(" + n.String() + ")"
	}
	return n.String()
}

// WithClause returns the query narrowed by one more clause. A query that is an OR at
// its top comes into parentheses, so that the clause narrows all of it.
func WithClause(query index.Node, clause string) string {
	switch n := query.(type) {
	case nil:
		return clause
	case index.And:
		return strings.Join(append(Clauses(n), clause), " ")
	}
	return clauseText(query) + " " + clause
}

// WithoutClause returns the query with one clause taken out.
func WithoutClause(query index.Node, clause string) string {
	n, ok := query.(index.And)
	if !ok {
		return ""
	}
	rest := slices.DeleteFunc(slices.Clone(n.Nodes), func(node index.Node) bool { return clauseText(node) == clause })
	if len(rest) == 1 {
		return rest[0].String()
	}
	return strings.Join(Clauses(index.And{Nodes: rest}), " ")
}
