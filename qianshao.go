// Package qianshao holds the vocabulary of the early-warning system: what an
// authorisation, a page, a document, a finding and an assessment are, field by
// field. It imports only the standard library, and every other package may import it.
//
// The way of a page through these types:
//
//	Authorisation → Page → Document → Assessment{Findings{Evidence}}
package qianshao
