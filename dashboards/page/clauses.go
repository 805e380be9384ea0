package page

import (
	"slices"
	"strings"

	"github.com/qianshao/qianshao/index"
)

// Clauses returns the parts of a query that are joined by AND at its top level, each as a query in
// canonical form. Joined by spaces they are the query again.
func Clauses(query index.Node) []string {
	if _, several := query.(index.And); !several && query != nil {
		return []string{query.String()}
	}
	nodes := clauses(query)
	parts := make([]string, len(nodes))
	for i, node := range nodes {
		parts[i] = clauseText(node)
	}
	return parts
}

func clauses(query index.Node) []index.Node {
	switch n := query.(type) {
	case nil:
		return nil
	case index.And:
		return n.Nodes
	}
	return []index.Node{query}
}

func clauseText(n index.Node) string {
	if _, isOr := n.(index.Or); isOr {
		return "(" + n.String() + ")"
	}
	return n.String()
}

// Chip is a clause of a query in the reader's language, and the query without it.
type Chip struct{ Text, Without string }

// Chips returns the clauses of a query.
func (v *Layout) Chips(query index.Node) (chips []Chip) {
	for _, n := range clauses(query) {
		chip := Chip{n.String(), WithoutClause(query, clauseText(n))}
		if !v.IsEnglish() {
			chip.Text = index.InChinese(n)
		}
		chips = append(chips, chip)
	}
	return chips
}

// WithClause returns the query narrowed by another clause. If the query is an OR at its top level,
// it is put in parentheses, so that the clause applies to all of it.
func WithClause(query index.Node, clause string) string {
	switch n := query.(type) {
	case nil:
		return clause
	case index.And:
		return strings.Join(append(Clauses(n), clause), " ")
	}
	return clauseText(query) + " " + clause
}

// WithoutClause returns the query without one clause.
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
