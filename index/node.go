package index

// Node is one node of a parsed query: And, Or, Not, or a leaf. See Parse.
type Node interface{ node() }
